import { type Breaker, type BreakerOptions, createBreaker, type Permit } from "../../../src/fallbacks/core/breaker.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

interface BreakerRig {
  readonly clock: ManualClock;
  readonly breaker: Breaker;
  /** Every state that it has gone to. */
  readonly states: readonly string[];
}

/** A closed breaker on a clock of its own, whose open times are as long as jitter allows. */
export function setUp(options: Partial<BreakerOptions> = {}): BreakerRig {
  const clock = createManualClock();
  const states: string[] = [];
  const onTransition = (state: string) => void states.push(state);
  const breaker = createBreaker({ clock, random: () => 0.999_999, onTransition, ...options });
  return { clock, breaker, states };
}

/** @throws {Error} when it refuses. */
export function acquire(breaker: Breaker): Permit {
  const permit = breaker.acquire();
  if (!permit) throw new Error(`refused while ${breaker.state}`);
  return permit;
}

/** Opens a closed breaker by three failures. */
export function trip(breaker: Breaker): void {
  for (let i = 0; i < 3; i += 1) acquire(breaker).fail();
}

/** Waits out the open time and closes it by traffic. */
export async function closeAgain(breaker: Breaker, clock: ManualClock): Promise<void> {
  await clock.advance(breaker.probeInMs());
  while (breaker.state !== "closed") acquire(breaker).succeed();
}
