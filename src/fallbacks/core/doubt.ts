import type { Clock } from "./clock.ts";

/** Whether others who say that a port is away are to be believed. */
export interface Doubt {
  readonly strong: boolean;
  /** It was opened by what others said, and then it was well. */
  contradicted(): void;
  /** It has failed here too. */
  ownFailure(): void;
}

/** As often in a row, each within `ROW_MS` of the one before, they may be wrong. */
const FORGIVEN = 2;
const ROW_MS = 60_000;
const DOUBTED_MS = 600_000;

/**
 * A process that has lost its way to a port would take the port from all others again and again. Who has found twice in a row that
 * such a word was wrong, or that the outage was over at once, goes by its own calls for ten minutes, or until one of them fails too.
 */
export function createDoubt(clock: Clock): Doubt {
  let count = 0;
  let at = Number.NEGATIVE_INFINITY;
  return {
    get strong() {
      return count >= FORGIVEN && clock.now() - at < DOUBTED_MS;
    },
    contradicted() {
      count = clock.now() - at <= ROW_MS ? count + 1 : 1;
      at = clock.now();
    },
    ownFailure() {
      count = 0;
    },
  };
}
