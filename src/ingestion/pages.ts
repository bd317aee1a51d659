import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import type { Fetched, Fetcher } from "../retrieval/fetching/fetcher.ts";
import { readSitemap } from "../retrieval/fetching/sitemap.ts";
import type { NewDocument } from "../retrieval/knowledge.ts";

/** What is read of the pages that somebody names. */
const pageTypes: ReadonlySet<string> = new Set([
  "text/html",
  "application/xhtml+xml",
  "text/plain",
  "text/markdown",
  "text/x-markdown",
  "text/csv",
  "text/tab-separated-values",
  "application/json",
  "application/pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
]);

/** A sitemap is XML, or text with an address on each line, packed or not (https://www.sitemaps.org/protocol.html). */
const sitemapTypes: ReadonlySet<string> = new Set([
  "application/xml",
  "text/xml",
  "text/plain",
  "application/gzip",
  "application/x-gzip",
]);

/** Of an index. */
const MOST_SITEMAPS = 50;

/** @throws {Problem} `url_refused`. */
export async function fetchPage(
  url: string,
  fetcher: Pick<Fetcher, "fetch">,
  context: CallContext,
): Promise<Pick<NewDocument, "content" | "mediaType">> {
  const fetched = await fetcher.fetch(url, pageTypes, context);
  return { mediaType: fetched.mediaType, content: textOf(fetched) ?? fetched.bytes };
}

/**
 * The pages that a sitemap lists, or those that it lists sitemaps of, each once, at most `limit`.
 * @throws {Problem} `url_refused`, also for one of the sitemaps of an index; `document_unreadable` when there is no page.
 */
export async function pagesOf(
  { url, limit }: { readonly url: string; readonly limit: number },
  fetcher: Pick<Fetcher, "fetch">,
  context: CallContext,
): Promise<readonly string[]> {
  async function read(address: string) {
    const fetched = await fetcher.fetch(address, sitemapTypes, context);
    return readSitemap(fetched.bytes, fetched.url, Math.max(limit, MOST_SITEMAPS));
  }

  const { pages, sitemaps } = await read(url);
  const all = new Set(pages);
  for (const address of sitemaps.slice(0, MOST_SITEMAPS)) {
    if (all.size >= limit) break;
    for (const page of (await read(address)).pages) all.add(page);
  }
  if (all.size === 0) throw new Problem("document_unreadable", `${url} lists no pages.`);
  return [...all].slice(0, limit);
}

/** What the server says of a text's charset goes before what the text says. Undefined: let the reader find out. */
function textOf({ mediaType, charset, bytes }: Fetched): string | undefined {
  if (charset === undefined || !/^text\/|[/+](?:xml|json)$/.test(mediaType)) return undefined;
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    // A charset that nobody knows says nothing.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
