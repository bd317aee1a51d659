import type { Clock } from "../core/clock.ts";

/** Entries of the outbox that the remote store has failed to take, by key. */
export interface Stuck {
  failed(key: string): void;
  forget(key: string): void;
  /** It has failed so often that others may pass it. */
  has(key: string): boolean;
  /** It is time to try again. */
  isDue(key: string): boolean;
}

/** Failures after which others may pass. */
const FAILURES = 5;
/** Wait in ms from then on; it doubles with each further failure. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export function createStuck(clock: Clock): Stuck {
  const failures = new Map<string, { readonly count: number; readonly dueAt: number }>();
  return {
    failed(key) {
      const count = (failures.get(key)?.count ?? 0) + 1;
      // Up to here it may have been the store that was away: then it is tried as soon as the store is back.
      const waitMs = count <= FAILURES ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - FAILURES - 1));
      failures.set(key, { count, dueAt: clock.now() + waitMs });
    },
    forget: (key) => void failures.delete(key),
    has: (key) => (failures.get(key)?.count ?? 0) >= FAILURES,
    isDue: (key) => clock.now() >= (failures.get(key)?.dueAt ?? 0),
  };
}
