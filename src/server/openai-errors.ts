import type { Response } from "express";
import type { ProblemCode } from "../problems.ts";
import type { ProblemJson } from "./problem-json.ts";

/** What clients of the OpenAI protocol expect of every error, in a body or in a stream. */
export interface OpenAIErrorJson {
  readonly error: {
    readonly message: string;
    readonly type: "invalid_request_error" | "rate_limit_error" | "server_error";
    /** The parameter of the request that is wrong, such as `messages[2].content`. */
    readonly param: string | null;
    /** A name that the protocol knows, where it has one; else the code of our own table. */
    readonly code: string;
  };
}

/** Names that clients of the protocol look for. */
const codes: Readonly<Partial<Record<ProblemCode, string>>> = {
  unauthorized: "invalid_api_key",
  rate_limited: "rate_limit_exceeded",
  too_many_turns: "rate_limit_exceeded",
  token_budget_exhausted: "insufficient_quota",
};

/** Fields that are no parameters of the protocol. */
const notParams: ReadonlySet<string> = new Set(["body", "content-type", "host", "origin", "turn_id"]);

/**
 * The clients of the protocol repeat a request by themselves, at once and more than once. When a turn has failed for good
 * (every model was asked, the deadline has passed, a defect), each repetition costs the same again and ends the same.
 */
const final: ReadonlySet<ProblemCode> = new Set(["model_unavailable", "deadline_exceeded", "internal"]);
/** Asked to wait for longer than this, the official client waits half a second instead. */
const LONGEST_WAIT_S = 60;

/** Whether a path is one where clients expect the OpenAI protocol, whether it exists or not. */
export function speaksOpenAI(path: string): boolean {
  return path === "/v1" || path.startsWith("/v1/");
}

/** A problem as clients of the protocol read it. */
export function openaiError(json: ProblemJson): OpenAIErrorJson {
  const { status, code, detail, field } = json;
  const unknownModel = code === "not_found" && field === "model";
  return {
    error: {
      message: detail,
      type: status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error",
      param: field === undefined || notParams.has(field) ? null : field.replace(/\.(\d+)(?=\.|$)/g, "[$1]"),
      code: unknownModel ? "model_not_found" : (codes[code] ?? code),
    },
  };
}

/** Answers with the problem in the shape of the protocol; only before anything was sent. */
export function sendOpenAIError(response: Response, json: ProblemJson): void {
  const { status, code, retry_after: wait } = json;
  if (code === "unauthorized") response.setHeader("WWW-Authenticate", "Bearer");
  if (wait !== undefined) response.setHeader("Retry-After", String(wait));
  if (final.has(code) || (wait ?? 0) > LONGEST_WAIT_S) response.setHeader("x-should-retry", "false");
  response.status(status).json(openaiError(json));
}
