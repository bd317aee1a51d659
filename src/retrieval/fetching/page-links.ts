import { USER_AGENT } from "./ask.ts";
import type { Fetched } from "./fetcher.ts";
import { readTags } from "./html-tags.ts";
import { type Directives, readDirectives } from "./robots-directives.ts";

/** What a page says of others, and of how it is to be treated. */
export interface PageLinks extends Directives {
  /** http and https addresses without a fragment, each once, in their order; those marked `nofollow` are left out. */
  readonly links: readonly string[];
  /** The address under which the page wants to be known; absent where it names none. */
  readonly canonical?: string;
}

/** Characters of a page in which links are looked for. */
const MOST_CHARACTERS = 2_000_000;
/** Characters of an address that is followed. */
export const LONGEST_LINK = 2_000;
const MOST_LINKS = 5_000;
const wanted: ReadonlySet<string> = new Set(["a", "area", "base", "link", "meta"]);
const pages: ReadonlySet<string> = new Set(["text/html", "application/xhtml+xml"]);

/** Of what is no HTML there are no links, but its headers count too. */
export async function readPageLinks({ url, mediaType, charset, bytes, robotsTags = [] }: Fetched): Promise<PageLinks> {
  if (!pages.has(mediaType)) return { links: [], ...readDirectives(robotsTags, USER_AGENT) };
  const links = new Set<string>();
  const said = [...robotsTags];
  let base: string | undefined;
  let canonical: string | undefined;
  await readTags(textOf(bytes, charset).slice(0, MOST_CHARACTERS), wanted, (tag, attributes) => {
    const href = attributes.get("href");
    const words = (attributes.get("rel") ?? "").toLowerCase().split(/\s+/);
    if (tag === "meta") {
      const name = attributes.get("name")?.trim().toLowerCase();
      if (name === "robots" || name === USER_AGENT) said.push(attributes.get("content") ?? "");
    } else if (href === undefined) return;
    else if (tag === "base") base ??= addressOf(href, url);
    else if (tag === "link") {
      if (words.includes("canonical")) canonical ??= addressOf(href, base ?? url);
    } else if (!words.includes("nofollow") && links.size < MOST_LINKS) {
      const link = addressOf(href, base ?? url);
      if (link !== undefined) links.add(link);
    }
  });
  return { links: [...links], ...(canonical !== undefined && { canonical }), ...readDirectives(said, USER_AGENT) };
}

/** Undefined for what is no address of a page. */
function addressOf(href: string, base: string): string | undefined {
  const text = href.trim();
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  return url.href.length > LONGEST_LINK ? undefined : url.href;
}

/** Addresses are hardly ever written in anything but ASCII: a charset that nobody knows does not matter. */
function textOf(bytes: Uint8Array, charset: string | undefined): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder().decode(bytes);
    throw error;
  }
}
