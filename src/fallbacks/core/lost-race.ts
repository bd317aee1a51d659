import type { Clock, Random } from "./clock.ts";
import type { CallContext } from "./context.ts";
import { within } from "./deadline.ts";

/** After `n` races in a row, n > 1, a writer waits between a half and all of this times 2^(n-2) ms. */
const LOST_MS = 10;
const MOST_MS = 150;

/** Waits before the next try of a write that somebody else was faster with. */
export interface LostRace {
  /**
   * Not at all after the first race of a row: whoever was faster has mostly done what it had to. Then 5 to 10 ms, twice as long after each
   * further one up to 75 to 150, so that those who lost together do not meet again. Ends with the deadline at the latest.
   * @param lost races in a row, 0 or more
   * @throws {LayerError} `aborted` when nobody waits any more.
   */
  after(lost: number, context: CallContext): Promise<void>;
  /** @param ms at most so long; ends and throws as `after` does. */
  pause(ms: number, context: CallContext): Promise<void>;
}

export function createLostRace({ clock, random }: { readonly clock: Clock; readonly random: Random }): LostRace {
  async function pause(ms: number, context: CallContext): Promise<void> {
    const wait = Math.min(context.deadline.remaining(), ms);
    await within({ clock, signal: context.signal, ms: Number.POSITIVE_INFINITY }, async () => {
      await new Promise<void>((resolve) => void clock.after(wait, resolve));
    });
  }
  return {
    pause,
    async after(lost, context) {
      if (lost > 1) await pause(Math.min(MOST_MS, LOST_MS * 2 ** (lost - 2)) * (0.5 + random() / 2), context);
    },
  };
}
