import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Json } from "../fallbacks/store/port.ts";
import type { Job, JobRun, Jobs } from "../jobs/jobs.ts";
import { stepContext } from "../jobs/step-context.ts";
import type { Uploads } from "./uploads.ts";

const SWEEP = "ingest_sweep";
const EVERY_MS = 6 * 3_600_000;
/** Milliseconds after the start: it need not stand in the way of the first questions. */
const FIRST_MS = 600_000;
/** Whoever dies between receiving a file and adding its job has told nobody that it is kept; a day is more than any request takes. */
const ORPHAN_MS = 86_400_000;

/**
 * Removes, four times a day, what was uploaded for a job that is over or never was.
 * @param find must not go by an old copy of the store, which may lack a job or hold one that has begun again since: it throws then.
 */
export function sweepUploads({
  jobs,
  find,
  uploads,
  clock,
}: {
  readonly jobs: Pick<Jobs, "handle" | "repeat">;
  readonly find: (jobId: string, context: CallContext) => Promise<Pick<Job, "state"> | undefined>;
  readonly uploads: Pick<Uploads, "next" | "remove">;
  readonly clock: Clock;
}): void {
  async function sweep({ context }: JobRun): Promise<Json> {
    let after: string | undefined;
    let removed = 0;
    for (;;) {
      context.signal.throwIfAborted();
      const step = stepContext(context);
      const upload = await uploads.next(after, step);
      if (!upload) return { removed };
      after = upload.uploadId;
      const job = await find(upload.uploadId, step);
      const needed = job
        ? job.state === "waiting" || job.state === "running"
        : clock.wall().getTime() - upload.at < ORPHAN_MS;
      if (needed) continue;
      await uploads.remove(upload.uploadId, upload.parts, step);
      removed += 1;
    }
  }
  jobs.handle(SWEEP, sweep);
  clock.after(FIRST_MS, () => jobs.repeat({ kind: SWEEP, payload: null, everyMs: EVERY_MS }), { background: true });
}
