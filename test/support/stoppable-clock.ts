import { type Clock, systemClock } from "../../src/fallbacks/core/clock.ts";

export interface StoppableClock extends Clock {
  /** From now on no timer runs: nothing happens but what somebody asks for. */
  stop(): void;
  /** Runs what has become due meanwhile. */
  go(): void;
}

/** The system's clock, whose timers can be held back. */
export function createStoppableClock(): StoppableClock {
  const due = new Set<() => void>();
  let stopped = false;
  return {
    now: () => systemClock.now(),
    wall: () => systemClock.wall(),
    after(ms, run, options) {
      const runOnce = () => run();
      const cancel = systemClock.after(ms, () => void (stopped ? due.add(runOnce) : runOnce()), options);
      return () => {
        cancel();
        due.delete(runOnce);
      };
    },
    stop() {
      stopped = true;
    },
    go() {
      stopped = false;
      for (const run of due) {
        due.delete(run);
        run();
      }
    },
  };
}
