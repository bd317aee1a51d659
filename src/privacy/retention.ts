import { z } from "zod";
import type { Conversations } from "../conversations/conversations.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Json } from "../fallbacks/store/port.ts";
import type { JobRun, Jobs } from "../jobs/jobs.ts";
import { createRegularRuns, type RegularRunsDeps } from "../jobs/regular-runs.ts";
import { pause, stepContext } from "../jobs/step-context.ts";

export interface RetentionDeps extends RegularRunsDeps {
  /** Both over a store that does not answer from an old copy (`sharedOnly`), where one is shared. */
  readonly conversations: Pick<Conversations, "removeOlder">;
  readonly jobs: Pick<Jobs, "handle" | "repeat">;
  /** Sessions that nobody has touched for so many days are deleted, 1 to 3 650. Null: only what is left of deletions that were broken off. */
  readonly days: number | null;
  /** Hears what was done, and once a day at most that nothing was and why. */
  readonly report: (fields: object, message: string) => void;
  /** Sessions that are looked at in one step, 1 to 500. Default 100. */
  readonly atOnce?: number;
  /** Milliseconds between two steps, so that turns are not held up. Default 200. */
  readonly pauseMs?: number;
}

const KIND = "retention";
const DAY_MS = 86_400_000;
const LAST = "retention/last";

const progressSchema = z.object({
  before: z.string(),
  after: z.string().nullable(),
  sessions: z.number(),
  turns: z.number(),
  /** Sessions that cannot be read. Absent in records of older versions. */
  unreadable: z.number().default(0),
});
type Progress = z.infer<typeof progressSchema>;

/**
 * Once a day, in one process of all, deletes sessions with their turns, and what is left of deletions that were broken off; tickets and
 * hand-offs stay. Of a clock that is set forward by a
 * year nothing must be deleted that cannot be brought back: the first run, and the first one after a gap of three days (or a step
 * back), only notes the time. The next one acts.
 */
export function runRetention(deps: RetentionDeps): void {
  const { conversations, jobs, clock, days, report, atOnce = 100, pauseMs = 200 } = deps;
  const runs = createRegularRuns(deps, LAST);

  /** What this run is to do; undefined: nothing. */
  async function begin({ context, progress }: JobRun): Promise<Progress | undefined> {
    const regular = days === null || (await runs.isRegular(stepContext(context)));
    const before = days === null ? 0 : clock.wall().getTime() - days * DAY_MS;
    const first = { before: new Date(before).toISOString(), after: null, sessions: 0, turns: 0, unreadable: 0 };
    // Kept before the time is noted: an attempt that fails in between must not find itself irregular.
    if (regular) await progress(first);
    await runs.note(stepContext(context));
    if (regular) return first;
    report({ days }, "retention: nothing is deleted today, as there was no run in the last three days");
    return undefined;
  }

  async function step(done: Progress, context: CallContext): Promise<Progress> {
    const page = { limit: atOnce, ...(done.after !== null && { after: done.after }) };
    const { next, ...more } = await conversations.removeOlder(new Date(done.before), page, context);
    return {
      ...done,
      after: next,
      sessions: done.sessions + more.sessions,
      turns: done.turns + more.turns,
      unreadable: done.unreadable + more.unreadable,
    };
  }

  async function run(run: JobRun): Promise<Json> {
    const { job, context } = run;
    let done = progressSchema.safeParse(job.progress).data ?? (await begin(run));
    if (!done) return { sessions: 0, turns: 0 };
    for (;;) {
      context.signal.throwIfAborted();
      done = await step(done, stepContext(context));
      if (done.after === null) break;
      await run.progress(done);
      await pause(clock, pauseMs, context.signal);
    }
    const { before, sessions, turns, unreadable } = done;
    if (unreadable > 0) report({ unreadable }, "retention: sessions that cannot be read were not deleted");
    if (days !== null || turns > 0) {
      report({ days, before, sessions, turns }, "retention: sessions that nobody touched any more were deleted");
    }
    return { sessions, turns };
  }

  jobs.handle(KIND, run);
  jobs.repeat({ kind: KIND, payload: null, everyMs: DAY_MS });
}
