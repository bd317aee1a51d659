import type { Clock } from "../fallbacks/core/clock.ts";
import { Problem } from "../problems.ts";

/** Counts the tokens that turns of each key have used since midnight UTC: in memory, so per process, and a restart forgets them. */
export interface TokenBudget {
  /** To be asked before a turn starts. @throws {Problem} `token_budget_exhausted` until midnight UTC when nothing is left. */
  check(keyId: string): void;
  /** Turns that have started are not cut off, so the last ones of a day may go past the limit. */
  spend(keyId: string, tokens: number): void;
}

export interface TokenBudgetOptions {
  readonly clock: Clock;
  /** Input and output tokens a day for each key, 1 or more; null: no limit. */
  readonly limit: number | null;
}

const DAY_MS = 86_400_000;

export function createTokenBudget({ clock, limit }: TokenBudgetOptions): TokenBudget {
  // Ids of keys from the configuration, so there is a bound on how many there are.
  const spent = new Map<string, number>();
  let day = dayOf(clock);

  function today(): Map<string, number> {
    const now = dayOf(clock);
    if (now !== day) spent.clear();
    day = now;
    return spent;
  }

  return {
    check(keyId) {
      if (limit === null || (today().get(keyId) ?? 0) < limit) return;
      throw new Problem("token_budget_exhausted", `The ${limit} tokens that this key may use in a day are used up.`, {
        retryAfterS: ((day + 1) * DAY_MS - clock.wall().getTime()) / 1_000,
      });
    },
    spend(keyId, tokens) {
      const used = today();
      used.set(keyId, (used.get(keyId) ?? 0) + tokens);
    },
  };
}

/** Days since 1970, in UTC. */
function dayOf(clock: Clock): number {
  return Math.floor(clock.wall().getTime() / DAY_MS);
}
