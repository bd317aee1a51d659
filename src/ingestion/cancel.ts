import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Job, Jobs } from "../jobs/jobs.ts";
import { stepContext } from "../jobs/step-context.ts";
import { Problem } from "../problems.ts";
import { atMost } from "./at-most.ts";
import { ingestJobOf, partsOf, readPayload } from "./ingest-records.ts";
import { type Ingestion, type IngestJob, isOver } from "./ingestion.ts";
import type { Uploads } from "./uploads.ts";

export interface CancelDeps {
  readonly jobs: Pick<Jobs, "get" | "below" | "cancel">;
  readonly uploads: Pick<Uploads, "discard">;
  readonly clock: Clock;
  readonly wait: Ingestion["wait"];
}

/** Milliseconds that whoever ends a job waits for it to stop, wherever it runs. */
const STOP_MS = 10_000;
const STEP_MS = 10_000;
const PAGE = 100;
const AT_ONCE = 4;

/** Ends jobs as `Ingestion.cancel` says. */
export function createCancel({ jobs, uploads, clock, wait }: CancelDeps): Ingestion["cancel"] {
  async function end(jobId: string, context: CallContext): Promise<IngestJob> {
    const known = await jobs.get(jobId, context);
    // Before anything is asked of it: a job of another kind, such as one that deletes what is kept of a user, is not to be ended from here.
    if (known && !ingestJobOf(known)) throw noSuchJob();
    // What is not seen is left to this to say: while the shared store is away nobody knows whether it is there.
    const job = await jobs.cancel(jobId, context);
    if (!job || !ingestJobOf(job)) throw noSuchJob();
    const last = await wait(jobId, STOP_MS, context);
    if (last.state === "cancelled") await discard(job, context);
    return last;
  }

  /** Nobody will read it; what cannot be removed now is swept another day. */
  async function discard({ jobId, payload }: Job, context: CallContext): Promise<void> {
    const known = readPayload(payload);
    const parts = known ? partsOf(known) : 0;
    if (parts > 0) await uploads.discard(jobId, parts, context);
  }

  /** Ends the jobs of the pages that are not over; returns whether any has been ended, now or before. */
  async function endPages(jobId: string, context: CallContext): Promise<boolean> {
    let after: string | undefined;
    let any = false;
    do {
      const page = { limit: PAGE, ...(after !== undefined && { after }) };
      const { items, next } = await jobs.below(jobId, page, context);
      const ended = await atMost(AT_ONCE, items, async (job) => {
        const known = ingestJobOf(job);
        return known && (isOver(known) ? known : end(job.jobId, context));
      });
      any ||= ended.some((job) => job?.state === "cancelled");
      after = next ?? undefined;
    } while (after !== undefined);
    return any;
  }

  return async (jobId, context) => {
    const step = stepContext(context, { clock, ms: STEP_MS });
    const last = await end(jobId, step);
    if (!isOver(last)) return last;
    const anyPage = await endPages(jobId, step);
    if (last.state === "cancelled" || anyPage) return last;
    throw new Problem("job_over", `The job is ${last.state} already: there is nothing left to end.`, {
      field: "job_id",
    });
  };
}

export function noSuchJob(): Problem {
  return new Problem("not_found", "job_id names no job that reads documents", { field: "job_id" });
}
