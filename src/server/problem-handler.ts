import type { ErrorRequestHandler, Response } from "express";
import { LayerError } from "../fallbacks/core/errors.ts";
import { problemTable } from "../problems.ts";
import { sendOpenAIError, speaksOpenAI } from "./openai-errors.ts";
import { type ProblemJson, problemJson, problemOf } from "./problem-json.ts";
import type { Logger } from "./server-deps.ts";

/** Turns a thrown value into the JSON for the client, and logs what an operator should hear of. */
export function reportProblem(error: unknown, requestId: string, log: Logger): ProblemJson {
  const problem = problemOf(error);
  const fields = { requestId, code: problem.code };
  if (error instanceof LayerError && error.errorClass === "aborted") log.debug(fields, "the client has gone");
  // The thrown value, with its stack: the problem hides it from the client.
  else if (problem.code === "internal") log.error({ ...fields, err: error }, "a defect");
  else if (problemTable[problem.code].status >= 500) log.warn({ ...fields, detail: problem.message }, "not served");
  return problemJson(problem, requestId);
}

/**
 * The one error handler: whatever is thrown in a route leaves as `application/problem+json`, and where clients speak the
 * OpenAI protocol in the shape that they read.
 */
export function createProblemHandler(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    const json = reportProblem(error, requestIdOf(response), log);
    if (response.destroyed) return;
    if (response.headersSent) {
      // Half an answer must not look whole.
      response.destroy();
      return;
    }
    if (speaksOpenAI(request.path)) sendOpenAIError(response, json);
    else sendProblem(response, json);
  };
}

export function requestIdOf(response: Response): string {
  return String(response.locals["requestId"]);
}

export function sendProblem(response: Response, json: ProblemJson): void {
  if (json.code === "unauthorized") response.setHeader("WWW-Authenticate", "Bearer");
  if (json.retry_after !== undefined) response.setHeader("Retry-After", String(json.retry_after));
  response.status(json.status).type("application/problem+json").send(JSON.stringify(json));
}
