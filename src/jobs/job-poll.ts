import type { Clock, Random } from "../fallbacks/core/clock.ts";

/** Looks again and again, one look at a time. */
export interface Poll {
  /** Looks at once, or once more as soon as the look that is under way has ended. */
  wake(): void;
  /** No look begins afterwards; resolves when the last one has ended. */
  close(): Promise<void>;
}

export interface PollOptions {
  /** Milliseconds between two looks, give or take a quarter. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** False: there is nothing to look for, and no look. */
  readonly isNeeded: () => boolean;
  readonly look: () => Promise<void>;
  /** Hears of the first look that fails, until one does not. */
  readonly report: (error: unknown, fields: object) => void;
}

export function createPoll({ everyMs, clock, random, isNeeded, look, report }: PollOptions): Poll {
  let looking: Promise<void> | undefined;
  let again = false;
  let failing = false;
  let closed = false;
  let cancelTimer = () => {};

  function wake(): void {
    if (closed || !isNeeded()) return;
    if (looking) {
      again = true;
      return;
    }
    cancelTimer();
    looking = look()
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          if (!failing && !closed) report(error, { doing: "looking for jobs" });
          failing = true;
        },
      )
      .finally(() => {
        looking = undefined;
        const soon = again && !failing;
        again = false;
        if (soon) wake();
        else if (!closed) cancelTimer = clock.after(everyMs * (0.75 + random() / 2), wake, { background: true });
      });
  }

  return {
    wake,
    async close() {
      closed = true;
      cancelTimer();
      await looking;
    },
  };
}
