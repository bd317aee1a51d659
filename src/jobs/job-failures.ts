import type { Random } from "../fallbacks/core/clock.ts";
import type { Ending } from "./job-rows.ts";
import type { HandleOptions } from "./jobs.ts";

type Settings = Required<Pick<HandleOptions, "attempts" | "forgetPayload">>;

/** What becomes of a job that has failed so many times; `error` is the latest reason. */
export interface Failures {
  /** Of an attempt that failed here. */
  afterFailure(settings: Settings, failures: number, error: string): Ending;
  /** Of one whose process died in it: that failure was counted when the job was taken over. */
  afterDeath(settings: Settings, failures: number, error: string): Ending;
}

export const MOST_ATTEMPTS = 5;
const RETRY_GROWS = 4;
const LONGEST_RETRY_MS = 3_600_000;

/** @param options `retryMs`: before the second attempt; each further wait is four times as long, up to an hour, give or take a half. */
export function createFailures({ retryMs, random }: { readonly retryMs: number; readonly random: Random }): Failures {
  function afterFailure({ attempts, forgetPayload }: Settings, failures: number, error: string): Ending {
    if (failures >= MOST_ATTEMPTS && attempts === "five") return { state: "failed", error, forgetPayload };
    const wait = Math.min(LONGEST_RETRY_MS, retryMs * RETRY_GROWS ** (failures - 1));
    return { state: "waiting", error, delayMs: Math.round(wait * (0.5 + random())), failed: true };
  }

  return {
    afterFailure,
    afterDeath(settings, failures, error) {
      const ending = afterFailure(settings, failures, error);
      return ending.state === "waiting" ? { ...ending, failed: false } : ending;
    },
  };
}
