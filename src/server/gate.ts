import type { Request, Response } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import type { Principal } from "../accounts/accounts.ts";
import { createContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import { apply } from "./middleware.ts";
import { requestIdOf } from "./problem-handler.ts";
import type { Admitted, Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

const anonymous: Principal = { keyId: "anonymous", roles: new Set(), tier: null };

/** Lets a request in to a route, or says why not. */
export type Gate = (route: Route, request: Request, response: Response) => Promise<Admitted>;

/**
 * Knows the sender, counts the request, then asks for the role of the route: a wrong key is counted too, by address.
 * Routes without a role are neither counted nor do they mind a wrong key, so that probes and pages always work.
 */
export function createGate({ accounts, settings, clock }: ServerDeps, closing: () => boolean): Gate {
  const limit = rateLimit({
    windowMs: 60_000,
    limit: settings.requestsPerMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    identifier: "requests",
    keyGenerator: (_request, response) => String(response.locals["callerKey"]),
    // The checks of the package look for proxies by headers that any client can send.
    validate: false,
    handler: (_request, _response, next) => {
      next(new Problem("rate_limited", `At most ${settings.requestsPerMinute} requests a minute are answered.`));
    },
  });

  function identify(request: Request): Principal | Problem {
    try {
      const apiKey = request.headers["x-api-key"];
      return accounts.authenticate(request.headers.authorization, Array.isArray(apiKey) ? apiKey[0] : apiKey);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  return async (route, request, response) => {
    const known = identify(request);
    const principal = known instanceof Problem ? anonymous : known;
    const keyed = !(known instanceof Problem) && accounts.mode === "required";
    const callerKey = keyed ? `key:${principal.keyId}` : `address:${ipKeyGenerator(request.ip ?? "unknown")}`;
    if (route.role !== "public") {
      if (closing()) throw new Problem("shutting_down", "This server is going away; ask again.", { retryAfterS: 1 });
      response.locals["callerKey"] = callerKey;
      await apply(limit, request, response);
      if (known instanceof Problem) throw known;
      if (!principal.roles.has(route.role)) {
        throw new Problem("forbidden", `This needs a key with the role ${route.role}.`);
      }
    }
    return {
      request,
      response,
      principal,
      callerKey,
      context: createContext({
        clock,
        requestId: requestIdOf(response),
        deadlineMs: settings.maxDeadlineMs,
        signal: signalOf(response),
        roles: principal.roles,
      }),
    };
  };
}

/** Aborted when the connection ends before the response does. */
function signalOf(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(new Error("the client has gone"));
  });
  return controller.signal;
}
