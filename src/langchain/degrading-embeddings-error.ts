import type { ErrorClass } from "../fallbacks/core/errors.ts";
import type { FailoverAttempt } from "./failover-error.ts";

/** No embeddings gave vectors of a space that would do. Thrown in place of vectors of another one. */
export class SpaceUnavailableError extends Error {
  override readonly name = "SpaceUnavailableError";
  /** The spaces that would have done, as far as they are known: a full name, or its beginning, to which the dimension is added. */
  readonly spaces: readonly string[];
  /** Of the last embeddings that were asked; of what kept them from being asked, if none was. */
  readonly errorClass: ErrorClass;
  /** All calls of embeddings, in order; `model` is their name. */
  readonly attempts: readonly FailoverAttempt[];
  /** Whole milliseconds until one of them may be asked again, where that is known; 0 or more. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: Pick<SpaceUnavailableError, "spaces" | "errorClass" | "attempts"> & {
      readonly retryAfterMs: number | undefined;
      readonly cause: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.spaces = options.spaces;
    this.errorClass = options.errorClass;
    this.attempts = options.attempts;
    this.retryAfterMs = options.retryAfterMs === undefined ? undefined : Math.ceil(options.retryAfterMs);
  }
}
