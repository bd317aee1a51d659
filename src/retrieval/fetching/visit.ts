import type { IncomingMessage } from "node:http";
import type { Clock } from "../../fallbacks/core/clock.ts";
import type { IdleLimit } from "../../fallbacks/core/deadline.ts";
import { Problem } from "../../problems.ts";
import { ask } from "./ask.ts";
import { readBody } from "./body.ts";
import { connectTo } from "./connect.ts";
import { readContentType } from "./content-type.ts";
import type { Accepted, Fetched } from "./fetcher.ts";
import type { FetchLimits } from "./limits.ts";
import { noAnswer, otherStatus, refusal } from "./refusal.ts";
import type { Resolve } from "./resolve.ts";
import type { Target } from "./target.ts";

/** What is at an address: a page, or the way to another address, as the server wrote it. */
export type Seen =
  | { readonly type: "page"; readonly page: Fetched }
  | { readonly type: "redirect"; readonly to: string };

export interface VisitOptions {
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly limits: FetchLimits;
  readonly ca: string | undefined;
}

/** One request, from the look-up to the end of the body, over a connection of its own. */
export type Visit = (target: Target, accept: Accepted, signal: AbortSignal, idle: IdleLimit) => Promise<Seen>;

const unknownType = { mediaType: "application/octet-stream" } as const;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createVisit({ clock, resolve, limits, ca }: VisitOptions): Visit {
  /** @throws {Problem} `url_refused`. */
  return async function visit(target, accept, signal, idle) {
    const addresses = await resolve(target, signal);
    idle.restart();
    const socket = await connectTo(target, addresses, signal, { clock, connectMs: limits.connectMs, ca });
    const leave = () => socket.destroy();
    signal.addEventListener("abort", leave, { once: true });
    try {
      signal.throwIfAborted();
      idle.restart();
      const answer = await ask(target, socket, accept, limits.headerBytes).catch((error: unknown) => {
        signal.throwIfAborted();
        throw explain(error);
      });
      idle.restart();
      const { statusCode = 0, headers } = answer;
      if (redirects.has(statusCode) && headers.location !== undefined)
        return { type: "redirect", to: headers.location };
      return { type: "page", page: await readPage(target, answer, accept, signal, idle) };
    } finally {
      signal.removeEventListener("abort", leave);
      socket.destroy();
    }
  };

  /** Everything that the head tells is checked before the body is read. */
  async function readPage(
    { url }: Target,
    answer: IncomingMessage,
    accept: Accepted,
    signal: AbortSignal,
    idle: IdleLimit,
  ): Promise<Fetched> {
    // An answer that nobody reads to its end fails when its socket is closed, and must not end the process.
    answer.on("error", () => {});
    if (answer.statusCode !== 200) throw otherStatus(answer.statusCode ?? 0);
    const contentType = readContentType(answer.headers["content-type"]) ?? (accept === "any" ? unknownType : undefined);
    if (!contentType) throw refusal("does not say of which type its content is");
    if (accept !== "any" && !accept.has(contentType.mediaType)) {
      throw refusal(
        `has content of the type ${contentType.mediaType.slice(0, 80)}; allowed are ${[...accept].join(", ")}`,
      );
    }
    const bytes = await readBody(answer, { bytes: limits.bytes, signal, onPiece: () => idle.restart() });
    const robotsTags = answer.headersDistinct["x-robots-tag"];
    return { url: url.href, ...contentType, bytes, ...(robotsTags && { robotsTags }) };
  }
}

function explain(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "HPE_HEADER_OVERFLOW") return refusal("has a head that is too long", error);
  return code.startsWith("HPE_") ? refusal("answers with what is not HTTP", error) : noAnswer(error);
}
