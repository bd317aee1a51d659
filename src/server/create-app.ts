import express, { type Express } from "express";
import helmet from "helmet";
import { Problem } from "../problems.ts";
import type { Precedence } from "../retrieval/precedence.ts";
import { createGate, type Gate } from "./gate.ts";
import { createOriginGuard } from "./origin-guard.ts";
import { createProblemHandler } from "./problem-handler.ts";
import { createRequestLog } from "./request-log.ts";
import type { Route } from "./route.ts";
import { createRoutes } from "./routes.ts";
import type { ServerDeps } from "./server-deps.ts";
import { shorten } from "./validation.ts";

/** All that express knows of this server: what every request passes, then the table of routes, then the refusals. */
export function createApp(deps: ServerDeps, closing: () => boolean): Express {
  const { settings, log } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.use(createRequestLog(deps));
  app.use(securityHeaders(settings.production));
  app.use(createOriginGuard(settings));
  mount(app, createRoutes(deps), createGate(deps, closing), deps.precedence);
  app.use((request, _response, next) => {
    next(new Problem("not_found", `There is no ${request.method} ${shorten(request.path)}; see /openapi.json.`));
  });
  app.use(createProblemHandler(log));
  return app;
}

function mount(app: Express, routes: readonly Route[], gate: Gate, precedence: Precedence): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method.toUpperCase()]);
    app[route.method](route.path, async (request, response) => {
      response.locals["route"] = route.path;
      response.setHeader("Cache-Control", "no-store");
      const admitted = await gate(route, request, response);
      // Before its body is read: how much is before the turn itself, documents would add to.
      const leave = route.runsTurns ? precedence.enter() : () => {};
      await route.run(admitted).finally(leave);
    });
  }
  for (const [path, allowed] of methods) {
    const list = (allowed.includes("GET") ? [...allowed, "HEAD"] : allowed).join(", ");
    // Not `app.all`, which makes a layer for each method.
    app.route(path).all((request, response) => {
      response.setHeader("Allow", list);
      throw new Problem("method_not_allowed", `${request.method} is not allowed here; allowed: ${list}.`);
    });
  }
}

function securityHeaders(production: boolean) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: "same-origin" },
    // Only who runs this in production has TLS in front of it.
    strictTransportSecurity: production,
  });
}
