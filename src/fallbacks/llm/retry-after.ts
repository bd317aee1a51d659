/** A server that asks for more is asked again after an hour all the same. */
const LONGEST_MS = 3_600_000;

/** What a refusal says about time. */
export interface RefusalWords {
  /** Of HTTP. */
  readonly status: number;
  /** Absent: none that matter. */
  readonly headers?: Headers;
  /** The text of the answer, or its beginning. */
  readonly body: string;
  /** Wall-clock time, for answers without a `date` of their own. Absent: dates in those say nothing. */
  readonly now?: Date;
}

/**
 * Milliseconds after which the server wants to be asked again, 0 to 3 600 000; undefined where it does not say, or not in a
 * form that anybody uses. The most explicit word counts: `retry-after-ms`, then `retry-after` (RFC 9110, section 10.2.3), then
 * the body, and for a rate limit (HTTP 429) the headers that say when a limit that is used up is renewed. Dates are compared
 * with the `date` of the answer, so that a server's wrong clock does no harm.
 */
export function retryAfterOf({ status, headers = new Headers(), body, now }: RefusalWords): number | undefined {
  const base = dateOf(headers.get("date") ?? "") ?? now?.getTime();
  const ms =
    plainNumber(headers.get("retry-after-ms")) ??
    timeOf(headers.get("retry-after"), base) ??
    retryDelayOf(body) ??
    hintOf(body) ??
    (status === 429 ? renewalOf(headers, base) : undefined);
  return ms === undefined ? undefined : Math.min(Math.max(0, ms), LONGEST_MS);
}

/** Milliseconds of seconds, of a duration with units, or until a date. */
function timeOf(text: string | null, base: number | undefined): number | undefined {
  if (text === null) return undefined;
  const seconds = plainNumber(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = dateOf(text);
  return date === undefined ? durationOf(text) : since(base, date);
}

function since(base: number | undefined, at: number): number | undefined {
  return base === undefined ? undefined : at - base;
}

function plainNumber(text: string | null): number | undefined {
  return text !== null && /^\s*[+-]?\d+(\.\d*)?\s*$/.test(text) ? Number(text) : undefined;
}

/** The forms of a date in HTTP (RFC 9110, section 5.6.7) and RFC 3339: `Date.parse` alone reads a date out of almost anything. */
const dateForms = /^\s*([A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d.*|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d.*)$/;

function dateOf(text: string): number | undefined {
  const at = dateForms.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const amount = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** "6m0s", "120ms", "1m26.4s". */
function durationOf(text: string): number | undefined {
  const compact = text.trim();
  if (compact === "" || compact.replace(amount, "") !== "") return undefined;
  let ms = 0;
  for (const [, number = "0", unit = "s"] of compact.matchAll(amount)) ms += Number(number) * (unitMs[unit] ?? 0);
  return ms;
}

/** Google's RetryInfo: {error: {details: [{retryDelay: "39s"}]}}. */
function retryDelayOf(body: string): number | undefined {
  const [, delay] = /"retryDelay"\s*:\s*"([^"]{1,20})"/.exec(body) ?? [];
  return delay === undefined ? undefined : durationOf(delay);
}

const hint =
  /\b(?:try|retry)(?: your request)?(?: again)? (?:in|after) ((?:\d+(?:\.\d+)?\s{0,2}(?:milliseconds?|ms|seconds?|minutes?|hours?|days?|s|m|h|d)\b[\s,]{0,2}|\d+(?:\.\d+)?(?:ms|s|m|h|d)){1,5})/i;

/** "Please try again in 6m30s", "Please retry after 20 seconds". */
function hintOf(body: string): number | undefined {
  const [, words] = hint.exec(body) ?? [];
  if (words === undefined) return undefined;
  const compact = words
    .toLowerCase()
    .replace(/[\s,]+/g, "")
    .replace(/milliseconds?/g, "ms")
    .replace(/(second|minute|hour|day)s?/g, (_, unit: string) => unit.charAt(0));
  return durationOf(compact);
}

/**
 * When the limit that is used up is renewed: of several, the last. Many servers send these headers with every answer, so one
 * whose `remaining` is above 0 is not what stands in the way.
 */
function renewalOf(headers: Headers, base: number | undefined): number | undefined {
  const times: number[] = [];
  for (const [name, value] of headers) {
    const ms = /^(x-|anthropic-)?ratelimit-(.+-)?reset(-.+)?$/.test(name) ? renewalTime(value, base) : undefined;
    const remaining = plainNumber(headers.get(name.replace("reset", "remaining")));
    if (ms !== undefined && (remaining === undefined || remaining <= 0)) times.push(ms);
  }
  const [, left, seconds] = /\b(?:remaining|r)=(\d+)\b.*\b(?:reset|t)=(\d+)/.exec(headers.get("ratelimit") ?? "") ?? [];
  if (seconds !== undefined && Number(left) === 0) times.push(Number(seconds) * 1_000);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** A number this large is a time since 1970, in seconds or in milliseconds: GitHub's way and OpenRouter's. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e12;

function renewalTime(value: string, base: number | undefined): number | undefined {
  const number = plainNumber(value);
  if (number === undefined) return timeOf(value, base);
  if (number >= EPOCH_MILLISECONDS) return since(base, number);
  return number >= EPOCH_SECONDS ? since(base, number * 1_000) : number * 1_000;
}
