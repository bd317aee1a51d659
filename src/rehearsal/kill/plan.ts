import type { Random } from "../../fallbacks/core/clock.ts";
import { seededRandom } from "../../fallbacks/core/random.ts";

/** What happens in one cycle, drawn from the seed: the instants are the same each time, what the server is doing then is not. */
export interface CyclePlan {
  /** Killed so far into its start, as a share of what a start takes; null: it may start. */
  readonly startKill: number | null;
  /** How long the load runs before the server is killed, in ms. */
  readonly loadMs: number;
  /** The load begins without a look at what was kept. */
  readonly hurried: boolean;
  /** When something is done to Redis, as shares of the load's time, in order. */
  readonly disturbances: readonly number[];
  /** For whatever else is drawn in this cycle. */
  readonly random: Random;
}

const START_KILL_SHARE = 0.25;
/** A little past the end of a start: the first moments of a server are part of it. */
const LATEST_START_KILL = 1.3;
const SHORTEST_LOAD_MS = 20;
const LONGEST_LOAD_MS = 400;
const HURRIED_SHARE = 0.25;
const MOST_DISTURBANCES = 3;

/** The same for the same seed and cycle, whatever the other cycles were. */
export function planCycle(seed: number, cycle: number): CyclePlan {
  const random = seededRandom(seededRandom(seed)() * 2 ** 32 + cycle * 7_919);
  const startKill = random() < START_KILL_SHARE ? random() * LATEST_START_KILL : null;
  const loadMs = SHORTEST_LOAD_MS + Math.floor(random() * (LONGEST_LOAD_MS - SHORTEST_LOAD_MS));
  const hurried = random() < HURRIED_SHARE;
  const disturbances = Array.from({ length: Math.floor(random() * (MOST_DISTURBANCES + 1)) }, () => random()).sort(
    (a, b) => a - b,
  );
  return { startKill, loadMs, hurried, disturbances, random };
}
