/**
 * What went wrong, decided once where the error is born (the table is in docs/degradation.md).
 * `missing` is a port whose package or file is not there; `loading` one that is getting ready and will be by itself.
 */
export const errorClasses = [
  "timeout",
  "network",
  "server",
  "rate_limited",
  "quota",
  "auth",
  "model_missing",
  "bad_response",
  "schema_invalid",
  "context_overflow",
  "invalid_request",
  "content_filtered",
  "aborted",
  "missing",
  "loading",
] as const;
export type ErrorClass = (typeof errorClasses)[number];

interface ClassRule {
  /** May the next port be tried? */
  readonly next: boolean;
  /** What the breaker of the port hears: a failure, nothing, or that it must open at once. */
  readonly breaker: "failure" | "neutral" | "trip";
  /** May the same port be tried once more, where no other one is left? */
  readonly again?: boolean;
  /** How long the port is left alone: until it said, for an hour at most, or for longer and longer until a person has acted. */
  readonly rest?: "cooldown" | "parked";
}

const rules: Readonly<Record<ErrorClass, ClassRule>> = {
  timeout: { next: true, breaker: "failure", again: true },
  network: { next: true, breaker: "failure", again: true },
  server: { next: true, breaker: "failure", again: true },
  rate_limited: { next: true, breaker: "neutral", rest: "cooldown" },
  quota: { next: true, breaker: "neutral", rest: "parked" },
  auth: { next: true, breaker: "neutral", rest: "parked" },
  model_missing: { next: true, breaker: "neutral", rest: "parked" },
  bad_response: { next: true, breaker: "failure" },
  schema_invalid: { next: true, breaker: "neutral" },
  context_overflow: { next: true, breaker: "neutral" },
  invalid_request: { next: false, breaker: "neutral" },
  content_filtered: { next: false, breaker: "neutral" },
  aborted: { next: false, breaker: "neutral" },
  missing: { next: true, breaker: "trip" },
  loading: { next: true, breaker: "neutral" },
};

export function ruleOf(errorClass: ErrorClass): ClassRule {
  return rules[errorClass];
}

/** The error that ports throw. The message is for people; code reads `errorClass`. */
export class LayerError extends Error {
  override readonly name = "LayerError";
  readonly errorClass: ErrorClass;
  /** Milliseconds after which whoever refused wants to be asked again, as it said so; 0 or more. */
  readonly retryAfterMs: number | undefined;

  constructor(
    errorClass: ErrorClass,
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.errorClass = errorClass;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);

/**
 * Gives any thrown value a class. A `LayerError` keeps its own. System errors with a network code are `network`,
 * a module that cannot be found is `missing`, an AbortError is `aborted`; anything else is `server`: a defect of the
 * port, which counts as a failure of the port.
 */
export function asLayerError(error: unknown): LayerError {
  if (error instanceof LayerError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return new LayerError("missing", message, { cause: error });
  }
  if (code !== undefined && networkCodes.has(code)) return new LayerError("network", message, { cause: error });
  if (error instanceof Error && error.name === "AbortError") {
    return new LayerError("aborted", message, { cause: error });
  }
  return new LayerError("server", message, { cause: error });
}

/** The class that an HTTP status of an upstream stands for. */
export function classOfStatus(status: number): ErrorClass {
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "model_missing";
  if (status === 408) return "timeout";
  if (status === 429) return "rate_limited";
  if (status >= 500) return "server";
  return status >= 400 ? "invalid_request" : "bad_response";
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
