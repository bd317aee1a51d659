import { z } from "zod";
import type { KnowledgeUses, TrimState } from "../conversations/knowledge-uses.ts";
import type { JobRun, Jobs } from "../jobs/jobs.ts";
import { createRegularRuns, type RegularRunsDeps } from "../jobs/regular-runs.ts";
import { pause, stepContext } from "../jobs/step-context.ts";

const KIND = "trim_uses";
const DAY_MS = 86_400_000;
/** Turns are found by what the knowledge base was to them for so long, */
const KEPT_MS = 90 * DAY_MS;
/** and so many of them: with a question that was not answered, and for each document with a reply that cites it. */
const MOST = { unanswered: 10_000, cited: 1_000 } as const;
const PAUSE_MS = 200;

const LAST = "trim_uses/last";

const progressSchema = z.object({ before: z.string() });

export interface TrimUsesDeps extends RegularRunsDeps {
  /** Over a store that does not answer from an old copy (`sharedOnly`), where one is shared. */
  readonly uses: Pick<KnowledgeUses, "trim">;
  readonly jobs: Pick<Jobs, "handle" | "repeat">;
}

/**
 * Once a day, in one process of all, forgets by which rows old turns were found, and those of too many turns; the turns stay. No row goes for its
 * age in the first run, nor in the first one after a gap of three days or a step back: a clock may have been set wrong, and nothing
 * brings rows back. Broken off, it begins anew: what was done is quickly gone through.
 */
export function trimUsesDaily(deps: TrimUsesDeps): void {
  const { uses, jobs, clock } = deps;
  const runs = createRegularRuns(deps, LAST);

  async function begin({ context, progress }: JobRun): Promise<{ readonly before: string }> {
    const regular = await runs.isRegular(stepContext(context));
    const first = { before: new Date(regular ? clock.wall().getTime() - KEPT_MS : 0).toISOString() };
    // Kept before the time is noted: an attempt that fails in between must not find itself irregular.
    await progress(first);
    await runs.note(stepContext(context));
    return first;
  }

  jobs.handle(KIND, async (run) => {
    const { job, context } = run;
    const before = new Date((progressSchema.safeParse(job.progress).data ?? (await begin(run))).before);
    let rows = 0;
    for (let from: TrimState | null = null; ; ) {
      context.signal.throwIfAborted();
      const step = await uses.trim({ before, most: MOST }, from, stepContext(context));
      rows += step.removed;
      from = step.next;
      if (from === null) return { rows };
      await pause(clock, PAUSE_MS, context.signal);
    }
  });
  jobs.repeat({ kind: KIND, payload: null, everyMs: DAY_MS });
}
