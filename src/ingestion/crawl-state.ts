import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import type { CallContext } from "../fallbacks/core/context.ts";
import { CRAWL_PARTS } from "./ingest-records.ts";
import type { Skipped } from "./ingestion.ts";
import type { Uploads } from "./uploads.ts";

const stateSchema = z.object({
  /** Where the start page was at last. */
  base: z.string(),
  /** Addresses with their depth, in the order in which they are looked at. */
  known: z.array(z.tuple([z.string(), z.int()])),
  /** How many of these have been looked at. */
  next: z.int(),
  /** Addresses that others led to: they are not looked at again. */
  reached: z.array(z.string()),
  /** Addresses of the pages that have a job. */
  added: z.array(z.string()),
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
  /** An address that has not been met before comes last. When there are too many it is forgotten: the furthest are. */
  discover(url: string, depth: number): void;
  /** One more request is made. */
  request(): void;
  /** A request led there. False: it has been there before. */
  reach(url: string): boolean;
  add(url: string): void;
  /** Of more than 50 the first are kept. */
  skip(url: string, detail: string): void;
  /** For whoever goes on. */
  state(): CrawlState;
}

/** Of all addresses together. Packed they are less than a part holds, whatever they are. */
const MOST_CHARACTERS = 250_000;
const MOST_SKIPPED = 50;

/** Before anything has been looked at. */
export function stateAt(base: string): CrawlState {
  return { base, known: [[base, 0]], next: 0, reached: [], added: [], skipped: [], requests: 0 };
}

/** @param from a state that was saved, or the start alone. */
export function createFrontier(from: CrawlState): Frontier {
  const known = [...from.known];
  const met = new Set(known.map(([url]) => url));
  const looked = new Set(known.slice(0, from.next).map(([url]) => url));
  const reached = new Set(from.reached);
  const added = [...from.added];
  const skipped = [...from.skipped];
  let { next, requests } = from;
  let characters = known.reduce((sum, [url]) => sum + url.length, 0);

  return {
    added,
    skipped,
    get requests() {
      return requests;
    },
    get left() {
      return known.length - next;
    },
    take() {
      for (;;) {
        const place = known[next];
        if (!place) return undefined;
        next += 1;
        const [url, depth] = place;
        looked.add(url);
        if (!reached.has(url)) return { url, depth };
      }
    },
    discover(url, depth) {
      if (met.has(url) || reached.has(url) || characters + url.length > MOST_CHARACTERS) return;
      characters += url.length;
      met.add(url);
      known.push([url, depth]);
    },
    reach(url) {
      if (looked.has(url) || reached.has(url)) return false;
      reached.add(url);
      return true;
    },
    request() {
      requests += 1;
    },
    add: (url) => void added.push(url),
    skip(url, detail) {
      if (skipped.length < MOST_SKIPPED) skipped.push({ url, detail });
    },
    state: () => ({ base: from.base, known, next, reached: [...reached], added, skipped, requests }),
  };
}

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
