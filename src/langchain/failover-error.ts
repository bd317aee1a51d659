import type { ErrorClass } from "../fallbacks/core/errors.ts";

/** One call of one model, as it went. The keys are those of `response_metadata.attempts`. */
export interface FailoverAttempt {
  /** The model's name in the `FailoverChatModel`. */
  readonly model: string;
  /** Null: it answered. */
  readonly error_class: ErrorClass | null;
  /** How long it took, in whole milliseconds. */
  readonly ms: number;
}

/** What `response_metadata` of a reply says besides what its provider does. */
export interface FailoverMetadata {
  /** The name of the model that wrote the reply. */
  readonly served_by: string;
  /** All calls of models that it took, in order. */
  readonly attempts: readonly FailoverAttempt[];
}

export interface FailoverErrorOptions {
  readonly errorClass: ErrorClass;
  readonly attempts: readonly FailoverAttempt[];
  readonly retryAfterMs: number | undefined;
  readonly partial: boolean;
  readonly cause: unknown;
}

/** No model answered, or the one that did could not end its stream. Thrown in place of a reply, never turned into one. */
export class FailoverError extends Error {
  override readonly name = "FailoverError";
  /** Of the last model that was asked; of what kept them from being asked, if none was. */
  readonly errorClass: ErrorClass;
  /** All calls of models in the order in which they were made. */
  readonly attempts: readonly FailoverAttempt[];
  /** Whole milliseconds until the first of the models may be asked again, where that is known; 0 or more. */
  readonly retryAfterMs: number | undefined;
  /** A part of the answer had been given to the reader of the stream already. */
  readonly partial: boolean;

  constructor(message: string, options: FailoverErrorOptions) {
    super(message, { cause: options.cause });
    this.errorClass = options.errorClass;
    this.attempts = options.attempts;
    this.retryAfterMs = options.retryAfterMs === undefined ? undefined : Math.ceil(options.retryAfterMs);
    this.partial = options.partial;
  }
}
