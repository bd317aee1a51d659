import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem, problemTable } from "../problems.ts";
import type { Fetched, Fetcher } from "../retrieval/fetching/fetcher.ts";
import { readSitemap } from "../retrieval/fetching/sitemap.ts";
import type { NewDocument } from "../retrieval/knowledge.ts";
import type { Skipped } from "./ingestion.ts";

/** What is read of the pages that somebody names. */
export const pageTypes: ReadonlySet<string> = new Set([
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
  "application/epub+zip",
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
  return contentOf(await fetcher.fetch(url, pageTypes, context));
}

interface FetchedContent extends Pick<Fetched, "mediaType" | "bytes"> {
  readonly charset?: string | undefined;
}

/** What of a page becomes a document. */
export function contentOf(page: FetchedContent): Pick<NewDocument, "content" | "mediaType"> {
  return { mediaType: page.mediaType, content: textOf(page) ?? page.bytes };
}

/** What a sitemap lists. */
export interface FoundPages {
  readonly pages: readonly string[];
  /** Of an index: the sitemaps that cannot be read. */
  readonly skipped: readonly Skipped[];
}

/**
 * The pages that a sitemap lists, or those that it lists sitemaps of, each once, at most `limit`. One sitemap of an index that cannot be
 * read does not keep the pages of the others away.
 * @throws {Problem} `url_refused`; `document_unreadable` when there is no page, with the reason of the first sitemap that was skipped.
 */
export async function pagesOf(
  { url, limit }: { readonly url: string; readonly limit: number },
  fetcher: Pick<Fetcher, "fetch">,
  context: CallContext,
): Promise<FoundPages> {
  async function read(address: string) {
    const fetched = await fetcher.fetch(address, sitemapTypes, context);
    return readSitemap(fetched.bytes, fetched.url, Math.max(limit, MOST_SITEMAPS));
  }

  const { pages, sitemaps } = await read(url);
  const all = new Set(pages);
  const skipped: Skipped[] = [];
  for (const address of sitemaps.slice(0, MOST_SITEMAPS)) {
    if (all.size >= limit) break;
    try {
      for (const page of (await read(address)).pages) all.add(page);
    } catch (error) {
      // What is away is waited for by the whole job.
      if (!(error instanceof Problem) || problemTable[error.code].status >= 500) throw error;
      skipped.push({ url: address, detail: error.message });
    }
  }
  if (all.size === 0) throw nothingIn(url, skipped);
  return { pages: [...all].slice(0, limit), skipped };
}

function nothingIn(url: string, [first]: readonly Skipped[]): Problem {
  const why = first ? `: of those that it lists, ${first.url} is not read. ${first.detail}` : ".";
  return new Problem("document_unreadable", `${url} lists no pages${why}`);
}

/** What the server says of a text's charset goes before what the text says. Undefined: let the reader find out. */
function textOf({ mediaType, charset, bytes }: FetchedContent): string | undefined {
  if (charset === undefined || !/^text\/|[/+](?:xml|json)$/.test(mediaType)) return undefined;
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    // A charset that nobody knows says nothing.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
