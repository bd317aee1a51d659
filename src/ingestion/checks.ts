import { Problem } from "../problems.ts";

/** Bytes of one file. */
export const LARGEST_FILE = 20_000_000;
const LONGEST_URL = 2_000;
const LONGEST_SHOWN = 80;
export const MOST_PAGES = 1_000;
export const USUAL_PAGES = 200;
export const MOST_DEPTH = 10;
export const USUAL_DEPTH = 3;

/** @throws {Problem} `payload_too_large`. */
export function checkSize(name: string, bytes: number): void {
  if (bytes <= LARGEST_FILE) return;
  const detail = `${shown(name)} has ${bytes} bytes; at most ${LARGEST_FILE} are read.`;
  throw new Problem("payload_too_large", detail, { field: "file" });
}

/**
 * The address without its fragment, as it is known by: the same page named again is its next version.
 * @throws {Problem} `invalid_request`, field `url`, for what is no http(s) address, is longer than 2,000 characters or has a name or password in it.
 */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string) => new Problem("invalid_request", `url: ${why}`, { field: "url" });
  if (!url) throw refuse(`${shown(text)} is not an address; allowed: http://... or https://...`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(`${shown(url.protocol)} is not read; allowed: http: and https:`);
  }
  // Not shown: it is a secret.
  if (url.username !== "" || url.password !== "") throw refuse("an address with a name or a password is not read");
  url.hash = "";
  if (url.href.length > LONGEST_URL) throw refuse(`an address has at most ${LONGEST_URL} characters`);
  return url.href;
}

/** @throws {Problem} `invalid_request`, field `limit`. */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_PAGES) return limit;
  const detail = `limit: ${limit} is not allowed; allowed: a whole number from 1 to ${MOST_PAGES}`;
  throw new Problem("invalid_request", detail, { field: "limit" });
}

/** @throws {Problem} `invalid_request`, field `depth`. */
export function checkDepth(depth: number): number {
  if (Number.isInteger(depth) && depth >= 0 && depth <= MOST_DEPTH) return depth;
  const detail = `depth: ${depth} is not allowed; allowed: a whole number from 0 to ${MOST_DEPTH}`;
  throw new Problem("invalid_request", detail, { field: "depth" });
}

/** @throws {Problem} `invalid_request`, field `limit`. */
export function checkPageLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return;
  throw new Problem("invalid_request", "limit: allowed is a whole number from 1 to 200", { field: "limit" });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_SHOWN).replace(/[\uD800-\uDBFF]$/, ""));
}
