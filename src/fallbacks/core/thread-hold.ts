/** Keeps a thread from its work for a while, so that its core is free for others. The thread asks between two steps; nothing is broken into. */
export interface ThreadHold {
  /** For the thread: what it makes its `createHeldStep` of. */
  readonly shared: SharedArrayBuffer;
  /** Whether the thread is held; it goes on the moment that it is not. */
  set(held: boolean): void;
}

/** Whoever holds a thread may be slow to let it go, or never come to it. */
const LONGEST_MS = 500;

export function createThreadHold(): ThreadHold {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(shared);
  return {
    shared,
    set(held) {
      Atomics.store(state, 0, held ? 1 : 0);
      if (!held) Atomics.notify(state, 0);
    },
  };
}

/**
 * @param longestMs how long a step may wait, above 0. Default 500.
 * @returns to be called by the thread before each step: blocks it while it is held.
 */
export function createHeldStep(shared: SharedArrayBuffer, longestMs = LONGEST_MS): () => void {
  const state = new Int32Array(shared);
  return () => void Atomics.wait(state, 0, 1, longestMs);
}
