import type { Clock } from "../../src/fallbacks/core/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time by `ms`, running each timer at its own instant and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock alone, as an administrator would. */
  setWall(date: Date): void;
  /** Timers that have not run or been cancelled. */
  readonly pending: number;
}

const START = Date.parse("2026-01-15T10:00:00.000Z");

/** Lets everything that is ready run: enough turns for chains of awaits. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function createManualClock(startMs = 0): ManualClock {
  let now = startMs;
  let wallOffset = START - startMs;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  function nextDue(until: number): [number, { readonly at: number; readonly run: () => void }] | undefined {
    let best: [number, { readonly at: number; readonly run: () => void }] | undefined;
    for (const entry of timers) if (entry[1].at <= until && (!best || entry[1].at < best[1].at)) best = entry;
    return best;
  }

  return {
    now: () => now,
    wall: () => new Date(now + wallOffset),
    after(ms, run) {
      order += 1;
      const id = order;
      timers.set(id, { at: now + Math.max(0, ms), run });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let due = nextDue(until); due; due = nextDue(until)) {
        now = Math.max(now, due[1].at);
        timers.delete(due[0]);
        due[1].run();
        await settle();
      }
      now = until;
      await settle();
    },
    setWall(date) {
      wallOffset = date.getTime() - now;
    },
    get pending() {
      return timers.size;
    },
  };
}
