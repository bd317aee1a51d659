import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { Mending } from "./mending.ts";
import type { Mends } from "./mends.ts";
import type { Mutex } from "./mutex.ts";
import type { Outbox } from "./outbox.ts";
import type { Replay } from "./replay.ts";

/**
 * Sends what waits until the remote store has all of it, also while others go on saving. They are not held up for as many pages
 * as should do; what is left then is sent in stretches during which they wait. Each may last twice as long as the one before
 * it, so that the end comes however fast they save and however slow the uniting of what conflicts.
 */
export interface CatchUp {
  /** `done`: nothing waits any more, and nobody may save before `onDone` has been called. Each step has a new context. */
  run(context: () => CallContext): Promise<"done" | "away">;
}

/** Pages that may be sent before those who save have to wait, and for how many entries there is one more. */
const FIRST_PAGES = 5;
const ENTRIES_PER_PAGE = 100;
const FIRST_HOLD_MS = 100;
const LONGEST_HOLD_MS = 3_000;

export function createCatchUp(options: {
  readonly outbox: Outbox;
  readonly mends: Mends;
  readonly mending: Mending;
  readonly replay: Replay;
  readonly mutex: Mutex;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called while the mutex is held. */
  readonly onDone: () => void;
}): CatchUp {
  const { outbox, mends, mending, replay, mutex, clock, signal, onDone } = options;

  /** False: the remote store is away. */
  async function mendSome(context: CallContext): Promise<boolean> {
    const places = mends.some();
    const { value } = await mending.mend(places, { raise: true, also: mends.erasures(places) }, context);
    if (value) mends.erased(places);
    return value;
  }

  /** One page, or some of the mending when nothing waits; `done` when there is neither. Nobody saves in the meantime. */
  async function advance(context: () => CallContext): Promise<"more" | "done" | "away"> {
    const page = await replay.page(context);
    if (page !== "empty") return page === "away" ? page : "more";
    // More may be there than the replay knows of, after a write that failed half-way.
    if (!(await outbox.isEmpty(context()))) return "more";
    if (mends.some().length > 0) return (await mendSome(context())) ? "more" : "away";
    onDone();
    return "done";
  }

  async function stretch(holdMs: number, context: () => CallContext): Promise<"more" | "done" | "away"> {
    const until = clock.now() + holdMs;
    let step = await advance(context);
    while (step === "more" && clock.now() < until && !signal.aborted) step = await advance(context);
    return step;
  }

  return {
    async run(context) {
      let pages = FIRST_PAGES + Math.ceil(outbox.backlog().operations / ENTRIES_PER_PAGE);
      let holdMs = FIRST_HOLD_MS;
      for (;;) {
        if (signal.aborted) return "away";
        // First without the mutex: nobody is to wait for a remote store that turns out to be away.
        if ((await replay.page(context)) === "away") return "away";
        pages -= 1;
        if (pages > 0 && outbox.backlog().operations > 0) continue;
        const hold = holdMs;
        const step = await mutex.run(context(), () => stretch(hold, context));
        if (step !== "more") return step;
        holdMs = Math.min(LONGEST_HOLD_MS, 2 * holdMs);
      }
    },
  };
}
