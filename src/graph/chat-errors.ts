import { asLayerError, type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";
import { NodeFailure } from "./executor.ts";
import { TurnElsewhere } from "./turn-elsewhere.ts";

const RETRY_AFTER_S = 5;

/** An outage of the store is told apart from every other one: nothing was saved, and the client must know. */
export async function kept<T>(saving: Promise<T>): Promise<T> {
  try {
    return await saving;
  } catch (error) {
    if (!(error instanceof LayerError) || error.errorClass === "aborted" || error.errorClass === "timeout") throw error;
    throw new Problem("store_unavailable", "the message was not saved; send it again later", {
      retryAfterS: RETRY_AFTER_S,
      cause: error,
    });
  }
}

/** What a model says to every try of the same message, so that no other model is asked and waiting does not help. */
const refusals: Readonly<Partial<Record<ErrorClass, string>>> = {
  invalid_request: "message: the model refuses this request as it is; say it in other words, or more briefly",
  context_overflow: "message: with what was said before it is too long for every model here; say it more briefly",
  content_filtered: "message: the model's provider does not answer this; ask something else",
};

/** The server goes away, and the client will ask again: the turn has not failed. */
export function isStopping({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Problem && reason.code === "shutting_down";
}

/** What a client may know of a failed turn; a client that has gone gets the `aborted` error as it is. */
export function forClient(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Problem || error instanceof TurnElsewhere || signal.aborted) return error;
  const cause = error instanceof LayerError && error.cause instanceof NodeFailure ? error.cause : error;
  if (cause instanceof NodeFailure && !(cause.cause instanceof LayerError)) return cause.cause ?? cause;
  const failure = asLayerError(cause instanceof NodeFailure ? cause.cause : cause);
  if (failure.errorClass === "timeout") {
    return new Problem("deadline_exceeded", "deadline_ms: the answer was not ready in time", { cause: error });
  }
  const refused = refusals[failure.errorClass];
  if (refused !== undefined) return new Problem("message_refused", refused, { field: "message", cause: error });
  return new Problem("model_unavailable", "no model could answer; try again later", {
    retryAfterS: failure.retryAfterMs === undefined ? RETRY_AFTER_S : failure.retryAfterMs / 1_000,
    cause: error,
  });
}
