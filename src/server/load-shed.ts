import type { Clock } from "../fallbacks/core/clock.ts";
import { Problem } from "../problems.ts";

/** Refuses new turns while this process has more to do than it can: those that run go on, and nobody waits to be refused. */
export interface LoadShed {
  /**
   * Takes a place for a turn, whoever's it is, and returns the function that gives it back, once.
   * @throws {Problem} `overloaded`, to be asked again after a second.
   */
  enter(): () => void;
  /** Looks at the event loop no more. The limit on turns stays. */
  close(): void;
}

export interface LoadShedOptions {
  /** One that shows how late this process really is; its timer does not keep the process alive. */
  readonly clock: Clock;
  /**
   * Milliseconds, above 0, by which a timer may fire late before new turns are refused. Default 3 000: loading a vendor's
   * package on a busy machine holds the event loop up for most of a second, and that is no overload.
   */
  readonly maxLagMs?: number;
  /** Turns that run at once in this process, at least 1. */
  readonly maxInFlight: number;
}

const LOOK_EVERY_MS = 250;
/** How long turns are refused after the event loop was late: what has piled up meanwhile is worked off first. */
const REFUSE_MS = 1_000;
const RETRY_AFTER_S = 1;

export function createLoadShed({ clock, maxLagMs = 3_000, maxInFlight }: LoadShedOptions): LoadShed {
  let running = 0;
  let due = 0;
  let refuseUntil = Number.NEGATIVE_INFINITY;
  let cancel = () => {};

  /** Also at each turn: after a standstill connections that are open already are read before any timer runs. */
  function look(): void {
    const now = clock.now();
    if (now - due > maxLagMs) refuseUntil = now + REFUSE_MS;
  }

  function watch(): void {
    due = clock.now() + LOOK_EVERY_MS;
    cancel = clock.after(
      LOOK_EVERY_MS,
      () => {
        look();
        watch();
      },
      { background: true },
    );
  }

  watch();
  return {
    enter() {
      look();
      if (clock.now() < refuseUntil) {
        throw overloaded(`The server stood still for more than ${maxLagMs} ms and takes no new turns for a moment.`);
      }
      if (running >= maxInFlight) {
        throw overloaded(`${maxInFlight} turns are running, which is as many as this server takes.`);
      }
      running += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        running -= 1;
      };
    },
    close() {
      cancel();
      due = Number.POSITIVE_INFINITY;
    },
  };
}

function overloaded(detail: string): Problem {
  return new Problem("overloaded", detail, { retryAfterS: RETRY_AFTER_S });
}
