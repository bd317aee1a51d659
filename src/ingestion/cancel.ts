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

interface Marked {
  readonly job: Job;
  /** The same as it was read when it had its mark. */
  readonly marked: IngestJob;
}

/** Milliseconds that whoever ends a job waits for it to stop, wherever it runs. */
const STOP_MS = 10_000;
const STEP_MS = 10_000;
const PAGE = 100;
const AT_ONCE = 4;

/** Ends jobs as `Ingestion.cancel` says. */
export function createCancel({ jobs, uploads, clock, wait }: CancelDeps): Ingestion["cancel"] {
  /** The job with the mark that it is to end: one that waited is over. */
  async function mark(jobId: string, context: CallContext): Promise<Marked> {
    const known = await jobs.get(jobId, context);
    // Before anything is asked of it: a job of another kind, such as one that deletes what is kept of a user, is not to be ended from here.
    if (known && !ingestJobOf(known)) throw noSuchJob();
    // What is not seen is left to this to say: while the shared store is away nobody knows whether it is there.
    const job = await jobs.cancel(jobId, context);
    const marked = job && ingestJobOf(job);
    if (!marked) throw noSuchJob();
    if (marked.state === "cancelled") await discard(job, context);
    return { job, marked };
  }

  /** The job once it has stopped, or as it is when the time is over. */
  async function stop({ job, marked }: Marked, endsAt: number, context: CallContext): Promise<IngestJob> {
    if (isOver(marked)) return marked;
    const last = await wait(job.jobId, endsAt - clock.now(), context);
    if (last.state === "cancelled") await discard(job, context);
    return last;
  }

  /** Nobody will read it; what cannot be removed now is swept another day. */
  async function discard({ jobId, payload }: Job, context: CallContext): Promise<void> {
    const known = readPayload(payload);
    const parts = known ? partsOf(known) : 0;
    if (parts > 0) await uploads.discard(jobId, parts, context);
  }

  /** The pages, with the mark those that were not over. All are marked before any is waited for, lest others begin meanwhile. */
  async function markPages(jobId: string, context: CallContext): Promise<readonly Marked[]> {
    const pages: Marked[] = [];
    let after: string | undefined;
    do {
      const page = { limit: PAGE, ...(after !== undefined && { after }) };
      const { items, next } = await jobs.below(jobId, page, context);
      const found = await atMost(AT_ONCE, items, async (job) => {
        const known = ingestJobOf(job);
        return known && (isOver(known) ? { job, marked: known } : mark(job.jobId, context));
      });
      pages.push(...found.filter((each) => each !== undefined));
      after = next ?? undefined;
    } while (after !== undefined);
    return pages;
  }

  return async (jobId, context) => {
    const step = stepContext(context, { clock, ms: STEP_MS });
    const endsAt = clock.now() + STOP_MS;
    const job = await stop(await mark(jobId, step), endsAt, step);
    if (!isOver(job)) return { job, stopped: false };
    const marked = await markPages(jobId, step);
    const pages = await Promise.all(marked.map((page) => stop(page, endsAt, step)));
    const stopped = pages.every(isOver);
    const ended = [job, ...pages].some(({ state }) => state === "cancelled");
    if (ended || !stopped) return { job, stopped };
    throw new Problem("job_over", `The job is ${job.state} already: there is nothing left to end.`, {
      field: "job_id",
    });
  };
}

export function noSuchJob(): Problem {
  return new Problem("not_found", "job_id names no job that reads documents", { field: "job_id" });
}
