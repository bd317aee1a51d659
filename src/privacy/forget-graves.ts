import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import type { Store } from "../fallbacks/store/port.ts";
import { pause } from "../jobs/step-context.ts";

export interface GravesDeps {
  /** Every port that has graves: the one of this machine and the shared one. */
  readonly stores: readonly Pick<Store, "name" | "forgetGraves">[];
  /** Asked first: false when copies on this machine may still need the graves. Then nothing is forgotten before the next day. */
  readonly takeOver?: () => Promise<boolean>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears how many were forgotten, when there were any. */
  readonly info: (fields: object, message: string) => void;
  /** Hears that a port failed. The next day tries again. */
  readonly report: (error: unknown, fields: object) => void;
}

const DAY_MS = 86_400_000;
const KEPT_MS = 30 * DAY_MS;
const FIRST_MS = 600_000;
const AT_ONCE = 500;
const PAUSE_MS = 200;
const STEP_MS = 10_000;
/** How far the wall clock may move against the time that went by before it is not believed. */
const JUMP_MS = 3_600_000;

/**
 * Once a day forgets what was deleted more than 30 days ago: until then no older copy of it can come back. Each process does so for
 * its own stores, for nobody else can; doing it twice does no harm. When the wall clock was set since the last look, that look forgets
 * nothing. Returns how to stop.
 */
export function forgetGravesDaily(deps: GravesDeps): () => void {
  const { stores, takeOver = async () => true, clock, random, info, report } = deps;
  const stopping = new AbortController();
  const moment = () => ({ wall: clock.wall().getTime(), now: clock.now() });
  let last = moment();
  let cancel = () => {};

  async function sweep(store: GravesDeps["stores"][number], before: number): Promise<void> {
    let forgotten = 0;
    try {
      for (let count = AT_ONCE; count === AT_ONCE && !stopping.signal.aborted; ) {
        const { signal } = stopping;
        const context = createContext({ clock, requestId: "graves", deadlineMs: STEP_MS, signal });
        count = await store.forgetGraves(before, AT_ONCE, context);
        forgotten += count;
        await pause(clock, PAUSE_MS, signal);
      }
    } catch (error) {
      if (!stopping.signal.aborted) report(error, { doing: "forgetting what was deleted", store: store.name });
    }
    if (forgotten > 0) info({ store: store.name, records: forgotten }, "forgot what was deleted 30 days ago");
  }

  async function look(): Promise<void> {
    const here = moment();
    const drift = here.wall - last.wall - (here.now - last.now);
    last = here;
    if (Math.abs(drift) < JUMP_MS && (await takeOver())) {
      for (const store of stores) await sweep(store, here.wall - KEPT_MS);
    }
    lookIn(DAY_MS);
  }

  function lookIn(ms: number): void {
    // Not all processes at the same moment.
    const wait = ms * (0.9 + random() / 5);
    if (!stopping.signal.aborted) cancel = clock.after(wait, () => void look(), { background: true });
  }

  lookIn(FIRST_MS);
  return () => {
    stopping.abort();
    cancel();
  };
}
