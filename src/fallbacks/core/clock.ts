/** Time as a value: everything that waits or measures takes a clock, so that tests move it instead of sleeping. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; never steps back when the wall clock is set. */
  now(): number;
  /** Wall-clock time, only ever shown or stored, never compared with `now()`. */
  wall(): Date;
  /**
   * Runs `run` once after `ms` milliseconds (negative counts as 0) and returns a function that cancels it.
   * A `background` timer does not keep the process alive.
   */
  after(ms: number, run: () => void, options?: { readonly background?: boolean }): () => void;
}

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

// setTimeout turns a delay above 2^31 - 1 into 1 ms.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  after(ms, run, options) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    if (options?.background) timer.unref();
    return () => clearTimeout(timer);
  },
};
