import type { Request, RequestHandler, Response } from "express";
import type { AuthMode } from "../accounts/accounts.ts";
import { Problem } from "../problems.ts";
import { shorten } from "./validation.ts";

interface GuardOptions {
  readonly authMode: AuthMode;
  readonly corsOrigins: readonly string[];
}

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?$/i;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const EXPOSED = "x-request-id, x-served-by, x-degraded, Retry-After, RateLimit, RateLimit-Policy";
const stainless = ["Arch", "Lang", "OS", "Package-Version", "Retry-Count", "Runtime", "Runtime-Version", "Timeout"];
/** The last ones are sent by the `openai` package in a browser. */
const ACCEPTED = [
  "Authorization, Content-Type, X-API-Key, X-Request-Id, Last-Event-ID, Idempotency-Key",
  ...stainless.map((name) => `X-Stainless-${name}`),
].join(", ");
const PREFLIGHT_S = "600";

/**
 * Decides which websites may call. A page of this server always may, and so may those of `corsOrigins`. With open access,
 * where the browser of the one user is the way in, the host must be loopback (a foreign name that resolves to it is DNS
 * rebinding) and no other origin may do anything; with keys, other origins may not change anything, and browsers do not
 * let them read.
 */
export function createOriginGuard(options: GuardOptions): RequestHandler {
  const allowed = new Set(options.corsOrigins.map(normaliseOrigin));
  const open = options.authMode === "open";

  return (request, response, next) => {
    if (open) requireLoopbackHost(request);
    const { origin } = request.headers;
    if (allowed.size > 0) response.vary("Origin");
    if (origin === undefined) return next();
    if (allowed.has(normaliseOrigin(origin))) return answerCors(request, response, origin, next);
    const harmless = !open && SAFE_METHODS.has(request.method);
    if (!harmless && !isSameOrigin(origin, request.headers.host)) {
      throw new Problem(
        "origin_not_allowed",
        `Pages of ${shorten(origin)} may not call this server; see CORS_ORIGINS.`,
        {
          field: "origin",
        },
      );
    }
    return next();
  };
}

function requireLoopbackHost({ headers: { host } }: Request): void {
  if (host !== undefined && LOOPBACK_HOST.test(host)) return;
  throw new Problem(
    "host_not_allowed",
    `Without keys only localhost, 127.0.0.1 and [::1] are served, not ${host === undefined ? "a request without Host" : shorten(host)}.`,
    { field: "host" },
  );
}

function answerCors(request: Request, response: Response, origin: string, next: () => void): void {
  response.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED });
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return next();
  response.set({
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": ACCEPTED,
    "Access-Control-Max-Age": PREFLIGHT_S,
  });
  response.status(204).end();
}

function normaliseOrigin(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).origin : origin;
}

/** The scheme is not compared: behind a proxy the server does not know its own. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return (protocol === "http:" || protocol === "https:") && URL.canParse(own) && new URL(own).host === originHost;
}
