/** How many failed calls a layer may answer with a second try of the same port. */
export interface RetryBudget {
  readonly tokens: number;
  /** Whether a retry is allowed now: more than half of the tokens are there. */
  readonly allows: boolean;
  failed(): void;
  succeeded(): void;
}

const MOST = 10;
const COST = 1;
const GAIN = 0.1;

/**
 * A token bucket as gRPC's retry throttling has it (https://github.com/grpc/proposal/blob/master/A6-client-retries.md): 10 tokens, a
 * failure takes 1, a success gives 0.1. When a tenth of all calls fail the retries stop, so that they do not add to an overload.
 */
export function createRetryBudget(): RetryBudget {
  let tokens = MOST;
  return {
    get tokens() {
      return tokens;
    },
    get allows() {
      return tokens > MOST / 2;
    },
    failed() {
      tokens = Math.max(0, tokens - COST);
    },
    succeeded() {
      tokens = Math.min(MOST, tokens + GAIN);
    },
  };
}
