import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";
import type { HandleOptions, JobRequest } from "./jobs.ts";

const LONGEST_DELAY_MS = 366 * 86_400_000;
const MOST_AT_ONCE = 100;
const LONGEST_PAGE = 500;
const LONGEST_SHOWN = 80;

/** @throws {LayerError} `invalid_request` that names the field. */
export function checkKind(kind: string): void {
  if (/^[a-z][a-z0-9_-]{0,63}$/.test(kind)) return;
  throw refused("kind", kind, "1 to 64 small letters, digits, _ and -, a letter first");
}

/** @throws {LayerError} `invalid_request` that names the field. */
export function checkRequest({ kind, jobId, delayMs = 0 }: JobRequest): void {
  checkKind(kind);
  if (jobId !== undefined && !/^[\w.:-]{1,128}$/.test(jobId)) {
    throw refused("jobId", jobId, "1 to 128 letters, digits and . _ : -");
  }
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > LONGEST_DELAY_MS) {
    throw refused("delayMs", delayMs, `a whole number from 0 to ${LONGEST_DELAY_MS}`);
  }
}

/** @throws {LayerError} `invalid_request` that names the field. */
export function checkHandling(kind: string, { concurrency = 1 }: HandleOptions): void {
  checkKind(kind);
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MOST_AT_ONCE) return;
  throw refused("concurrency", concurrency, `a whole number from 1 to ${MOST_AT_ONCE}`);
}

/** @throws {Problem} `invalid_request` that names the field. */
export function checkPage({ after, limit }: { readonly after?: string; readonly limit: number }): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE) {
    throw new Problem("invalid_request", `limit must be a whole number from 1 to ${LONGEST_PAGE}`, { field: "limit" });
  }
  if (after !== undefined && !/^[\w.:-]{1,64}\/[\w.:-]{1,128}$/.test(after)) {
    throw new Problem("invalid_request", "after must be the next of an earlier page", { field: "after" });
  }
}

function refused(field: string, value: unknown, allowed: string): LayerError {
  const shown = JSON.stringify(value).slice(0, LONGEST_SHOWN);
  return new LayerError("invalid_request", `${field}: ${shown} is not allowed; allowed: ${allowed}`);
}
