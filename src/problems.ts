/** The one table of what can go wrong for a client: code, HTTP status, title. docs/errors.md explains each row. */
export const problemTable = {
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_request: { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "A valid key is needed" },
  forbidden: { status: 403, title: "The key may not do this" },
  host_not_allowed: { status: 403, title: "This host name is not served" },
  origin_not_allowed: { status: 403, title: "This origin is not allowed" },
  not_found: { status: 404, title: "There is nothing here" },
  session_not_found: { status: 404, title: "There is no such session" },
  document_not_found: { status: 404, title: "There is no such document" },
  passage_not_found: { status: 404, title: "There is no such passage" },
  method_not_allowed: { status: 405, title: "This method is not allowed here" },
  document_superseded: { status: 409, title: "Something newer is in the place of the document" },
  job_over: { status: 409, title: "The job has ended already" },
  turn_conflict: { status: 409, title: "The turn id was used for another message" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "This kind of content is not read" },
  url_refused: { status: 422, title: "This address is not read" },
  document_unreadable: { status: 422, title: "The document cannot be read" },
  message_refused: { status: 422, title: "The model does not take this message" },
  rate_limited: { status: 429, title: "Too many requests" },
  too_many_turns: { status: 429, title: "Too many turns at once" },
  token_budget_exhausted: { status: 429, title: "The tokens of this day are used up" },
  internal: { status: 500, title: "A defect of this server" },
  store_unavailable: { status: 503, title: "The store cannot do this at the moment" },
  model_unavailable: { status: 503, title: "No model can answer at the moment" },
  overloaded: { status: 503, title: "The server has too much to do" },
  shutting_down: { status: 503, title: "The server is shutting down" },
  deadline_exceeded: { status: 504, title: "The answer was not ready in time" },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof problemTable;

export interface ProblemOptions {
  /** Name of the field of the request that is wrong, such as `message` or `documents[2].name`. */
  readonly field?: string;
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An error that a client may see. `detail` names the field, the value and what is allowed, and nothing internal. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly field: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.retryAfterS = options.retryAfterS;
  }
}
