import type { ManualClock } from "../support/manual-clock.ts";

/** Moves the clock until the work has ended. */
export async function moving<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { ended: false };
  const end = () => {
    state.ended = true;
  };
  work.then(end, end);
  await clock.advance(0);
  while (!state.ended) await clock.advance(100);
  return work;
}
