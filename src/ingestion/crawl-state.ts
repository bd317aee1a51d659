import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import type { CallContext } from "../fallbacks/core/context.ts";
import { CRAWL_PARTS } from "./ingest-records.ts";
import type { Skipped } from "./ingestion.ts";
import type { Uploads } from "./uploads.ts";

const stateSchema = z.object({
  /** Where the start page was at last. */
  base: z.string(),
  /** Addresses with their depth, each once, in the order in which they are looked at. */
  known: z.array(z.tuple([z.string(), z.int()])),
  /** How many of these have been looked at. */
  next: z.int(),
  /** Places in `known` of addresses that others led to: they are not looked at again. */
  reached: z.array(z.int()),
  /** Places in `known` of the pages that have a job. */
  added: z.array(z.int()),
  skipped: z.array(z.object({ url: z.string(), detail: z.string() })),
  requests: z.int(),
});
/** How far a crawl is. */
export type CrawlState = z.output<typeof stateSchema>;

/** An address that may be a page. */
export interface Place {
  readonly url: string;
  /** Links away from the start. */
  readonly depth: number;
}

/** What a crawl knows, while it goes on. */
export interface Frontier {
  readonly added: readonly string[];
  readonly skipped: readonly Skipped[];
  /** For pages, robots.txt left out. */
  readonly requests: number;
  /** Addresses that are left to look at. */
  readonly left: number;
  /** The next one to look at, none twice. */
  take(): Place | undefined;
  /**
   * An address that has not been met before comes last. When there are too many it is forgotten: the furthest are.
   * Returns whether it is a page already, or is going to be looked at.
   */
  discover(url: string, depth: number): boolean;
  /** One more request is made. */
  request(): void;
  /** A request for a page of that depth led there. False: it is a page already, or others led there before, or there are too many addresses, and so it is skipped. */
  reach(url: string, depth: number): boolean;
  /** @param url one that was taken or reached. */
  add(url: string): void;
  /** Each address once. Of more than 50 the first are kept, and of 100,000 bytes with their reasons. */
  skip(url: string, detail: string): void;
  /** For whoever goes on. */
  state(): CrawlState;
}

/**
 * Of all addresses together, each of which stands in a state once; what is skipped has bounds of its own. A character of an address takes
 * six or seven bits when it is packed, so that all is less than a part of an upload holds.
 */
const MOST_CHARACTERS = 250_000;
const MOST_SKIPPED = 50;
const MOST_SKIPPED_BYTES = 100_000;
const FORGOTTEN = "The crawl has met too many addresses to take up one more.";

/** Before anything has been looked at. */
export function stateAt(base: string): CrawlState {
  return { base, known: [[base, 0]], next: 0, reached: [], added: [], skipped: [], requests: 0 };
}

/** @param from a state that was saved, or the start alone. */
export function createFrontier(from: CrawlState): Frontier {
  const known = [...from.known];
  const places = new Map(known.map(([url], at) => [url, at]));
  const reached = new Set(from.reached);
  const added = from.added.flatMap((at) => known[at]?.[0] ?? []);
  const addedAt = new Set(from.added);
  const skipped = [...from.skipped];
  let { next, requests } = from;
  let characters = known.reduce((sum, [url]) => sum + url.length, 0);
  let skippedBytes = skipped.reduce((sum, entry) => sum + bytesOf(entry), 0);

  /** Where the address is among those known; undefined when there is no room for it. */
  function placeOf(url: string, depth: number): number | undefined {
    const at = places.get(url);
    if (at !== undefined || characters + url.length > MOST_CHARACTERS) return at;
    characters += url.length;
    places.set(url, known.length);
    return known.push([url, depth]) - 1;
  }

  function skip(url: string, detail: string): void {
    if (skipped.some((entry) => entry.url === url)) return;
    const bytes = bytesOf({ url, detail });
    if (skipped.length >= MOST_SKIPPED || skippedBytes + bytes > MOST_SKIPPED_BYTES) return;
    skippedBytes += bytes;
    skipped.push({ url, detail });
  }

  return {
    added,
    skipped,
    get requests() {
      return requests;
    },
    get left() {
      return known.length - next - [...reached].filter((at) => at >= next).length;
    },
    take() {
      for (;;) {
        const place = known[next];
        if (!place) return undefined;
        next += 1;
        const [url, depth] = place;
        if (!reached.has(next - 1)) return { url, depth };
      }
    },
    discover(url, depth) {
      const at = placeOf(url, depth);
      return at !== undefined && (addedAt.has(at) || (at >= next && !reached.has(at)));
    },
    reach(url, depth) {
      const at = placeOf(url, depth);
      if (at === undefined) skip(url, FORGOTTEN);
      // What has been looked at and was set aside for another address may turn out to be what is there.
      if (at === undefined || addedAt.has(at) || reached.has(at)) return false;
      reached.add(at);
      return true;
    },
    request() {
      requests += 1;
    },
    add(url) {
      const at = places.get(url);
      if (at === undefined) throw new Error("a page that was neither taken nor reached is added");
      addedAt.add(at);
      added.push(url);
    },
    skip,
    state: () => ({ base: from.base, known, next, reached: [...reached], added: [...addedAt], skipped, requests }),
  };
}

const bytesOf = ({ url, detail }: Skipped) => Buffer.byteLength(url) + Buffer.byteLength(detail);

/** Undefined when nothing is kept, or what an earlier version has written: then it begins anew, and no page becomes two documents. */
export async function readCrawlState(
  jobId: string,
  uploads: Pick<Uploads, "read">,
  context: CallContext,
): Promise<CrawlState | undefined> {
  const bytes = await uploads.read(jobId, CRAWL_PARTS, context);
  if (!bytes) return undefined;
  return stateSchema.safeParse(JSON.parse(gunzipSync(bytes).toString())).data;
}

export async function saveCrawlState(
  jobId: string,
  state: CrawlState,
  uploads: Pick<Uploads, "replace">,
  context: CallContext,
): Promise<void> {
  // It is written behind each page, and much of it is the same address again: that takes a few milliseconds at most.
  await uploads.replace(jobId, gzipSync(JSON.stringify(state), { level: 1 }), context);
}
