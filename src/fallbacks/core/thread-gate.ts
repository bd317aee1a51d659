import { systemClock } from "./clock.ts";

/**
 * Keeps the end of a thread out of native code. While a thread is being ended, everything that a native library asks of JavaScript fails,
 * and one that does not expect that ends the whole process by abort. So the thread does its native work behind a gate, and whoever ends it
 * shuts the gate first.
 */
export interface ThreadGate {
  /** For the thread: what it makes a `GateInside` of. */
  readonly shared: SharedArrayBuffer;
  /**
   * Lets nobody in any more, for good. Blocks until nobody is inside, for at most `ms`; wakes the moment that the last one leaves.
   * @returns whether nobody is inside.
   */
  shut(ms: number): boolean;
}

/** The gate as its thread sees it. */
export interface GateInside {
  /** False: it is shut, and what is behind it must not be touched. True: `leave` must follow. */
  enter(): boolean;
  leave(): void;
}

/** Places in the shared memory. */
const INSIDE = 0;
const SHUT = 1;

export function createThreadGate(): ThreadGate {
  const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(shared);
  return {
    shared,
    shut(ms) {
      // Before it looks, as the thread enters before it looks: one of the two sees the other.
      Atomics.store(state, SHUT, 1);
      const until = systemClock.now() + ms;
      for (;;) {
        const inside = Atomics.load(state, INSIDE);
        const left = until - systemClock.now();
        if (inside === 0 || left <= 0) return inside === 0;
        Atomics.wait(state, INSIDE, inside, left);
      }
    },
  };
}

export function gateInside(shared: SharedArrayBuffer): GateInside {
  const state = new Int32Array(shared);
  const leave = () => {
    Atomics.sub(state, INSIDE, 1);
    Atomics.notify(state, INSIDE);
  };
  return {
    enter() {
      Atomics.add(state, INSIDE, 1);
      if (Atomics.load(state, SHUT) === 0) return true;
      leave();
      return false;
    },
    leave,
  };
}
