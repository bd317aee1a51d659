import { type ErrorClass, LayerError } from "../core/errors.ts";

/**
 * What fetch threw: `timeout` for limits of its own, `bad_response` for bytes that are no HTTP, else `network`
 * (refused, reset, DNS, TLS). The reason of an abort is passed on. Texts name the code of the system and no address.
 */
export function connectionError(error: unknown, signal: AbortSignal): LayerError {
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    return reason instanceof LayerError ? reason : new LayerError("aborted", "the caller went away", { cause: reason });
  }
  const code = codeOf(error);
  const text = code === undefined ? "" : ` (${code})`;
  return new LayerError(classOfCode(code), `the business API cannot be reached${text}`, { cause: error });
}

/** `write`: only there a 400 may be the caller's own; a look-up that the API calls wrong is a defect between the two. */
export function statusError(status: number, write: boolean): LayerError {
  return new LayerError(classOfReply(status, write), textOf(status));
}

function classOfReply(status: number, write: boolean): ErrorClass {
  if (status === 401 || status === 403) return "auth";
  if (status === 408) return "timeout";
  if (status === 429) return "rate_limited";
  if (status >= 500) return "server";
  return write && (status === 400 || status === 422) ? "invalid_request" : "bad_response";
}

function textOf(status: number): string {
  if (status === 401 || status === 403) return `the business API does not accept the key (${status})`;
  if (status >= 300 && status < 400)
    return `the business API answered with a redirect (${status}), which is not followed`;
  return `the business API answered ${status}`;
}

function classOfCode(code: string | undefined): ErrorClass {
  if (code === undefined) return "network";
  if (code.endsWith("_TIMEOUT")) return "timeout";
  // The parsers of HTTP and of compressed bodies.
  return code.startsWith("HPE_") || code.startsWith("Z_") ? "bad_response" : "network";
}

/** fetch wraps the error of the system in a TypeError of its own. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  // Not every Node gives the parser's errors a code.
  if (error.name === "HTTPParserError") return "HPE_UNKNOWN";
  return codeOf(error.cause);
}
