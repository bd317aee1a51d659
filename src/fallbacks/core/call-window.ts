const BUCKETS = 6;
const FIELDS = 3;
// A copy of it takes no more room than it needs, which a list that was filled one by one does.
const emptyRing: readonly number[] = Array.from({ length: BUCKETS * FIELDS }, () => 0);

/**
 * How many calls ended within the last minute or so, and how: plain numbers that are written over, so that counting
 * allocates nothing. It forgets in steps of a sixth of its span, so it looks back between five sixths of it and all of it.
 */
export interface CallWindow {
  readonly bucketMs: number;
  /** A ring of buckets with three numbers each: calls, failures, slow calls. */
  readonly ring: number[];
  /** The bucket that is being filled, counted from the clock's start. */
  newest: number;
  /** Sums over the ring. A call is one, whatever became of it. */
  calls: number;
  failures: number;
  slow: number;
}

/** `spanMs`: how far it looks back at most, above 0. */
export function createCallWindow(spanMs: number): CallWindow {
  return { bucketMs: spanMs / BUCKETS, ring: emptyRing.slice(), newest: 0, calls: 0, failures: 0, slow: 0 };
}

/** Counts a call that ended at `now`, monotonic ms that never step back. */
export function countCall(window: CallWindow, now: number, how: "good" | "slow" | "failure"): void {
  forgetOld(window, now);
  const at = (window.newest % BUCKETS) * FIELDS;
  add(window.ring, at, 1);
  window.calls += 1;
  if (how === "failure") {
    add(window.ring, at + 1, 1);
    window.failures += 1;
  } else if (how === "slow") {
    add(window.ring, at + 2, 1);
    window.slow += 1;
  }
}

/** Drops what is older than the span at `now`. */
export function forgetOld(window: CallWindow, now: number): void {
  const bucket = Math.floor(now / window.bucketMs);
  if (bucket === window.newest) return;
  if (bucket - window.newest >= BUCKETS) clearWindow(window);
  else for (let old = window.newest + 1; old <= bucket; old += 1) empty(window, (old % BUCKETS) * FIELDS);
  window.newest = bucket;
}

export function clearWindow(window: CallWindow): void {
  window.ring.fill(0);
  window.calls = 0;
  window.failures = 0;
  window.slow = 0;
}

function empty(window: CallWindow, at: number): void {
  const { ring } = window;
  window.calls -= ring[at] ?? 0;
  window.failures -= ring[at + 1] ?? 0;
  window.slow -= ring[at + 2] ?? 0;
  ring.fill(0, at, at + FIELDS);
}

function add(ring: number[], at: number, count: number): void {
  ring[at] = (ring[at] ?? 0) + count;
}
