import { createHash } from "node:crypto";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { Problem } from "../problems.ts";
import type { DocumentFacts, Knowledge, Reservation } from "../retrieval/knowledge.ts";
import { type FetchedPage, INGEST } from "./ingest-records.ts";

/** A page of a sitemap or a crawl, with the id of its job. */
export interface Child {
  readonly url: string;
  readonly jobId: string;
  /** What has been fetched already, and kept as the upload of that job: nobody is asked for it again. */
  readonly fetched?: FetchedPage;
}

/** The same for the same page of the same job, and as hard to guess as that of the job. */
export function childOf(jobId: string, url: string): string {
  return `${jobId}.${createHash("sha256").update(url).digest("hex").slice(0, 24)}`;
}

/** The job that made this one, or undefined. */
export function parentOf(jobId: string): string | undefined {
  const at = jobId.indexOf(".");
  return at < 0 ? undefined : jobId.slice(0, at);
}

/** Adds the job of a page, unless it is there. */
export async function addChild(
  { url, jobId, fetched }: Child,
  facts: Partial<DocumentFacts>,
  { jobs, knowledge }: { readonly jobs: Pick<Jobs, "add" | "get">; readonly knowledge: Pick<Knowledge, "reserve"> },
  context: CallContext,
): Promise<void> {
  if (await jobs.get(jobId, context)) return;
  const reservation = await reservationOf(url, knowledge, context);
  await jobs.add(
    {
      kind: INGEST,
      jobId,
      payload: {
        kind: "page",
        url,
        ...(fetched && { fetched: { ...fetched } }),
        ...(reservation && { reservation: { ...reservation } }),
        ...facts,
      },
    },
    context,
  );
}

/** A page that cannot be a document fails for itself, when it is read. */
async function reservationOf(
  url: string,
  knowledge: Pick<Knowledge, "reserve">,
  context: CallContext,
): Promise<Reservation | undefined> {
  try {
    return await knowledge.reserve(url, context);
  } catch (error) {
    if (error instanceof Problem && error.code === "invalid_request") return undefined;
    throw error;
  }
}
