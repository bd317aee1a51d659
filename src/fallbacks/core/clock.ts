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
    const due = performance.now() + ms;
    let timer: NodeJS.Timeout;
    // setTimeout counts whole milliseconds from the start of the loop's round, so it may fire before `ms` have passed.
    const arm = () => {
      const left = due - performance.now();
      timer = setTimeout(
        () => (performance.now() < due ? arm() : run()),
        Math.min(Math.max(0, Math.ceil(left)), LONGEST_TIMER_MS),
      );
      if (options?.background) timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
