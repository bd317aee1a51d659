import type { KnowledgeUses, TrimState } from "../conversations/knowledge-uses.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { pause, stepContext } from "../jobs/step-context.ts";

const KIND = "trim_uses";
const DAY_MS = 86_400_000;
/** Turns are found by what the knowledge base was to them for so long, */
const KEPT_MS = 90 * DAY_MS;
/** and so many of them: with a question that was not answered, and for each document with a reply that cites it. */
const MOST = { unanswered: 10_000, cited: 1_000 } as const;
const PAUSE_MS = 200;

/**
 * Once a day, in one process of all, forgets by which rows old turns were found, and those of too many turns; the turns stay. Broken off, it begins
 * anew: what was done is quickly gone through.
 */
export function trimUsesDaily(deps: {
  /** Over a store that does not answer from an old copy (`sharedOnly`), where one is shared. */
  readonly uses: Pick<KnowledgeUses, "trim">;
  readonly jobs: Pick<Jobs, "handle" | "repeat">;
  readonly clock: Clock;
}): void {
  const { uses, jobs, clock } = deps;
  jobs.handle(KIND, async ({ context }) => {
    const before = new Date(clock.wall().getTime() - KEPT_MS);
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
