import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem, type ProblemCode, problemTable } from "../problems.ts";
import { type FieldError, ProblemList, shorten } from "./validation.ts";

/** RFC 9457, with `code`, `request_id`, and where they apply `field`, `errors` and `retry_after` (seconds). */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly request_id: string;
  readonly field?: string;
  readonly errors?: readonly FieldError[];
  readonly retry_after?: number;
}

// A name, not an address: the explanation is in docs/errors.md, which a server does not serve.
const TYPE_PREFIX = "urn:understudy:problem:";
const STORE_RETRY_S = 5;

export function problemJson(problem: Problem, requestId: string): ProblemJson {
  const { status, title } = problemTable[problem.code];
  return {
    type: `${TYPE_PREFIX}${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    request_id: requestId,
    ...(problem.field === undefined ? {} : { field: problem.field }),
    ...(problem instanceof ProblemList ? { errors: problem.errors } : {}),
    ...(problem.retryAfterS === undefined ? {} : { retry_after: Math.max(1, Math.ceil(problem.retryAfterS)) }),
  };
}

/** What a client may know of any thrown value; the value is kept as `cause` where it is a defect. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LayerError) return ofLayer(error);
  return ofHttpError(error) ?? internal(error);
}

function internal(cause: unknown): Problem {
  return new Problem("internal", "The server met a defect of its own; the log has the details.", { cause });
}

function ofLayer(error: LayerError): Problem {
  switch (error.errorClass) {
    case "timeout":
      return new Problem("deadline_exceeded", "The answer was not ready in time.", { cause: error });
    case "network":
    case "server":
    case "missing":
    case "auth":
    case "quota":
    case "rate_limited":
      return new Problem("store_unavailable", "A part that this request needs cannot be reached at the moment.", {
        cause: error,
        retryAfterS: STORE_RETRY_S,
      });
    default:
      return internal(error);
  }
}

/** The errors of express and body-parser: `status`, and mostly a `type`. */
function ofHttpError(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return undefined;
  const { status } = error;
  const type = "type" in error ? error.type : undefined;
  if (type === "entity.parse.failed") {
    return new Problem("invalid_json", `The body is not valid JSON: ${shorten(error.message)}`, { field: "body" });
  }
  if (status === 413) {
    const limit = "limit" in error ? `at most ${String(error.limit)} bytes are read` : "it is larger than is read here";
    return new Problem("payload_too_large", `The body is too large: ${limit}.`, { field: "body" });
  }
  if (status === 415) {
    const detail = `${shorten(error.message)}; send UTF-8, plain or compressed with gzip, deflate or br.`;
    return new Problem("unsupported_media_type", detail, { field: "body" });
  }
  if (status < 400 || status >= 500) return undefined;
  return new Problem("invalid_request", `The request cannot be read: ${shorten(error.message)}.`, { cause: error });
}
