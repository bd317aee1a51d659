import type { RequestHandler } from "express";
import type { Clock } from "../fallbacks/core/clock.ts";
import { requestIdOf } from "./problem-handler.ts";
import type { Logger } from "./server-deps.ts";

const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives each request its id (the client's, if it is a plain one) and writes one line when it has ended. */
export function createRequestLog(deps: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
}): RequestHandler {
  const { clock, log } = deps;
  return (request, response, next) => {
    const start = clock.now();
    const given = request.get("x-request-id");
    response.locals["requestId"] = given !== undefined && ACCEPTED_ID.test(given) ? given : deps.newId();
    response.setHeader("x-request-id", requestIdOf(response));
    response.once("close", () => {
      const { route } = response.locals;
      const fields = {
        requestId: requestIdOf(response),
        method: request.method,
        // The pattern, not the address: ids and questions do not belong in a log.
        route: typeof route === "string" ? route : "none",
        status: response.statusCode,
        complete: response.writableFinished,
        ms: Math.round(clock.now() - start),
      };
      if (typeof route === "string" && /^\/(api|v1)\//.test(route)) log.info(fields, "request");
      else log.debug(fields, "request");
    });
    next();
  };
}
