import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { ProblemCode } from "../problems.ts";
import type { DocumentFacts, DocumentInfo, ReadingState } from "../retrieval/knowledge.ts";

/** A file that an owner has sent. */
export interface NewFile extends Partial<DocumentFacts> {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** An address that an owner has named. */
export interface NewPage extends Partial<DocumentFacts> {
  readonly url: string;
  /** `sitemap`: the pages that it lists, each a document; `crawl`: the page, and those that its links lead to. Default `page`. */
  readonly kind?: "page" | "sitemap" | "crawl";
  /** Of a sitemap or a crawl: how many at most, 1 to 1,000. Default 200. */
  readonly limit?: number;
  /** Of a crawl: how many links away from the page at most, 0 to 10. Default 3. */
  readonly depth?: number;
  /** Of a crawl: where a link may lead, to what is in the directory of the page or below it, or to all of its site. Default `directory`. */
  readonly within?: CrawlBounds;
}

/** A site is what has the same protocol, host and port. */
export type CrawlBounds = "directory" | "site";

/** Something that was found and is not read, and why: a sitemap of an index, or a page of a crawl. */
export interface Skipped {
  readonly url: string;
  readonly detail: string;
}

export type IngestState = "received" | ReadingState | "failed" | "cancelled";

export interface IngestJob {
  readonly jobId: string;
  readonly kind: "file" | "page" | "sitemap" | "crawl";
  /** Of the document to be, or the address. */
  readonly name: string;
  readonly state: IngestState;
  /**
   * Passages, once the document is parsed; of a sitemap: pages; of a crawl: pages that have been found so far, and those that have a job in
   * the end. Both are `live` when each of their pages has a job.
   */
  readonly total: number | null;
  /** Of these, how many are done. */
  readonly done: number;
  /** Once it is live; null for a sitemap and a crawl. */
  readonly document: DocumentInfo | null;
  /** Of a sitemap or a crawl: the jobs of its pages, as they are made. */
  readonly children: readonly string[];
  /** What is not read while the rest is, at most 50: sitemaps of an index, pages of a crawl. */
  readonly skipped: readonly Skipped[];
  /** Why it failed. */
  readonly failure: { readonly code: ProblemCode; readonly detail: string } | null;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** How often its state has been saved, 0 or more: of two looks at a job the one with more is the later, whatever the clocks say. */
  readonly saves: number;
}

/** Whether the job has ended, well or not. */
export function isOver({ state }: Pick<IngestJob, "state">): boolean {
  return state === "live" || state === "failed" || state === "cancelled";
}

/** What has become of a job that was to end. */
export interface EndedJob {
  readonly job: IngestJob;
  /** False while it, or one of its pages, has yet to stop. */
  readonly stopped: boolean;
}

/** Reads what owners bring, in the background: kept when it is acknowledged, and done once, whatever dies meanwhile. */
export interface Ingestion {
  /** The file is durable when this returns. @throws {Problem} `invalid_request`, `unsupported_media_type`, `payload_too_large`, `store_unavailable`. */
  file(file: NewFile, context: CallContext): Promise<IngestJob>;
  /** @throws {Problem} `invalid_request` for an address that cannot be one; `store_unavailable`. */
  page(page: NewPage, context: CallContext): Promise<IngestJob>;
  /** @throws {Problem} `not_found`. */
  job(jobId: string, context: CallContext): Promise<IngestJob>;
  /**
   * Ends a job, and the jobs of its pages: what is live stays, what waits never starts, what is being read stops at its next step. Returns when all of
   * that has happened, or after ten seconds with how it is then; asking again does no harm.
   * @throws {Problem} `not_found`; `job_over` for one that has ended otherwise, unless it was that of pages that had not; `store_unavailable`.
   */
  cancel(jobId: string, context: CallContext): Promise<EndedJob>;
  /** Newest first; `limit` 1 to 200. */
  jobs(page: { readonly after?: string; readonly limit: number }, context: CallContext): Promise<Page<IngestJob>>;
  /**
   * Resolves when the job is over, or when so many ms have passed, with the job as it is then.
   * @throws {Problem} `not_found`.
   * @throws {LayerError} `aborted` when the caller goes away.
   */
  wait(jobId: string, ms: number, context: CallContext): Promise<IngestJob>;
  /**
   * Hears how the job is, soon and at every change from then on, in whichever process, until it is over; of a job that is not there nothing
   * is heard. Returns what ends it.
   */
  watch(jobId: string, hear: (job: IngestJob) => void): () => void;
}
