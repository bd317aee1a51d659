import { type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import { Problem, problemTable } from "../problems.ts";
import type { IngestJob } from "./ingestion.ts";

/** Something is away, and will be back: nobody is to blame, however long it takes. */
const away: ReadonlySet<ErrorClass> = new Set(["network", "rate_limited", "quota", "auth", "missing", "loading"]);
const COME_BACK_MS = 30_000;

/** What is wrong with the document itself, so that reading it again would end the same; undefined for everything else. */
export function failureOf(error: unknown): IngestJob["failure"] | undefined {
  if (!(error instanceof Problem) || isOurs(error)) return undefined;
  return { code: error.code, detail: error.message };
}

/** What a job is to throw so that it is begun again: later, without being blamed, where it had only to wait. */
export function retryOf(error: unknown): unknown {
  if (error instanceof Problem && isOurs(error)) {
    const retryAfterMs = error.code === "internal" ? undefined : COME_BACK_MS;
    return new LayerError("server", error.message, { cause: error, retryAfterMs });
  }
  if (!(error instanceof LayerError) || error.retryAfterMs !== undefined || !away.has(error.errorClass)) return error;
  return new LayerError(error.errorClass, error.message, { cause: error, retryAfterMs: COME_BACK_MS });
}

function isOurs({ code }: Problem): boolean {
  return problemTable[code].status >= 500;
}
