import { setImmediate as othersFirst } from "node:timers/promises";
import { createDecompress } from "./decompress.ts";
import { refusal, tooLarge } from "./refusal.ts";
import { createSitemapXml, type SitemapEntry } from "./sitemap-xml.ts";

/** The most bytes of a sitemap, unpacked. */
const MOST_BYTES = 10_000_000;
/** So many are read in one go; then others have their turn. */
const PIECE_BYTES = 16 * 1_024;
const LONGEST_URL = 4_096;

/** What a sitemap lists: http and https addresses of its own host, each once, without a fragment, in its order. */
export interface Sitemap {
  readonly pages: readonly string[];
  /** Other sitemaps, of an index. They may list pages; what is an index again among them is not to be followed. */
  readonly sitemaps: readonly string[];
  /** Entries that were left out: of another host, or no http or https address. */
  readonly skipped: number;
  /** There are more than `limit`; the rest has not been read. */
  readonly cut: boolean;
}

/**
 * Reads sitemap.xml, an index of sitemaps, or a text with one address a line; each may be packed with gzip.
 * @param bytes as fetched.
 * @param baseUrl where it was fetched from.
 * @param limit most pages and sitemaps together, 1 or more.
 * @throws {Problem} `url_refused` for what is no sitemap, for one with a document type, which sitemaps have not and bombs are made
 * of, and for one that is larger than 10 MB when it is unpacked.
 */
export async function readSitemap(bytes: Uint8Array, baseUrl: string, limit: number): Promise<Sitemap> {
  const plain = await unpacked(bytes);
  const encoding = encodingOf(plain);
  const isMarkup = new TextDecoder(encoding).decode(plain.subarray(0, 256)).trimStart().startsWith("<");
  const list = createList(new URL(baseUrl).hostname, limit);
  const reader = isMarkup ? createSitemapXml(list.take) : createSitemapText(list.take);
  const decoder = new TextDecoder(encoding);
  for (let at = 0; at < plain.length && !list.isCut(); at += PIECE_BYTES) {
    reader.write(decoder.decode(plain.subarray(at, at + PIECE_BYTES), { stream: true }));
    await othersFirst();
  }
  if (!list.isCut()) reader.end();
  const sitemap = list.read();
  // Any text is a list of addresses, and so is an error page without tags.
  if (!isMarkup && sitemap.pages.length === 0) throw refusal("is no sitemap");
  return sitemap;
}

/** Collects what is of that host. */
function createList(host: string, limit: number) {
  const pages = new Set<string>();
  const sitemaps = new Set<string>();
  let skipped = 0;
  let cut = false;
  return {
    take: ({ kind, url: text }: SitemapEntry) => {
      const url = urlOn(host, text);
      const list = kind === "page" ? pages : sitemaps;
      if (url === undefined) skipped += 1;
      else if (pages.size + sitemaps.size < limit) list.add(url);
      else if (!list.has(url)) cut = true;
    },
    isCut: () => cut,
    read: (): Sitemap => ({ pages: [...pages], sitemaps: [...sitemaps], skipped, cut }),
  };
}

/** One address a line. */
function createSitemapText(take: (entry: SitemapEntry) => void) {
  let rest = "";
  const takeLine = (line: string) => {
    if (line.trim() !== "") take({ kind: "page", url: line.trim() });
  };
  return {
    write(piece: string) {
      const lines = (rest + piece).split(/\r\n|\r|\n/);
      rest = (lines.pop() ?? "").slice(0, LONGEST_URL + 1);
      for (const line of lines) takeLine(line);
    },
    end: () => takeLine(rest),
  };
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > MOST_BYTES) throw tooLarge(MOST_BYTES);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return createDecompress(isPacked ? "gzip" : "identity", MOST_BYTES)(bytes);
}

/** Sitemaps are UTF-8; those that Windows has saved may begin with the mark of UTF-16. */
function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

/** Undefined for what is no address of that host; a page of it may be at another port, or be http where the sitemap is https. */
function urlOn(host: string, text: string): string | undefined {
  if (text.length > LONGEST_URL || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  if (!isWeb || url.hostname !== host || url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  return url.href;
}
