import type { ManualClock } from "./manual-clock.ts";

/** Moves the clock in small steps until the work has ended: for work that waits for times and for real disks and sockets by turns. */
export async function whileTimePasses<T>(clock: ManualClock, work: Promise<T>, stepMs = 25): Promise<T> {
  const state = { ended: false };
  const end = () => {
    state.ended = true;
  };
  work.then(end, end);
  while (!state.ended) await clock.advance(stepMs);
  return work;
}
