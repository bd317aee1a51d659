import { createSharedTimer } from "./shared-timer.ts";

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

const now = () => performance.now();

/** Never runs a timer early. All of them share one `setTimeout`, and none sees the async context of whoever set it. */
export const systemClock: Clock = { now, wall: () => new Date(), ...createSharedTimer(now) };
