import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryAfterOf } from "../../../src/fallbacks/llm/retry-after.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const HOUR = 3_600_000;

function wait(headers: Readonly<Record<string, string>>, body = "", status = 429): number | undefined {
  return retryAfterOf({ status, headers: new Headers(headers), body, now: NOW });
}

describe("how long a refusal asks to wait", () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ["nothing", {}, undefined],
    ["seconds", { "retry-after": "2" }, 2_000],
    ["decimal seconds", { "retry-after": "0.25" }, 250],
    ["now", { "retry-after": "0" }, 0],
    ["negative seconds", { "retry-after": "-5" }, 0],
    ["three days", { "retry-after": "259200" }, HOUR],
    ["more digits than a number has", { "retry-after": "9".repeat(400) }, HOUR],
    ["milliseconds", { "retry-after-ms": "1500" }, 1_500],
    ["milliseconds before seconds", { "retry-after-ms": "1500", "retry-after": "60" }, 1_500],
    ["milliseconds that are none", { "retry-after-ms": "soon", "retry-after": "3" }, 3_000],
    ["a duration", { "retry-after": "1m30s" }, 90_000],
    ["words", { "retry-after": "later" }, undefined],
    ["what Date.parse alone would take for a date", { "retry-after": "foo 5" }, undefined],
    ["not a number", { "retry-after": "NaN" }, undefined],
    ["infinity", { "retry-after": "Infinity" }, undefined],
    ["an empty field", { "retry-after": "" }, undefined],
    ["a date", { "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT" }, 30_000],
    ["a date that has passed", { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, 0],
    ["a date in days", { "retry-after": "Tue, 24 Nov 2026 12:00:00 GMT" }, HOUR],
    ["a date of the old form", { "retry-after": "Saturday, 21-Nov-26 12:00:10 GMT" }, 10_000],
    [
      "a date of a server whose clock is a year ahead",
      { "retry-after": "Sun, 21 Nov 2027 12:00:07 GMT", date: "Sun, 21 Nov 2027 12:00:00 GMT" },
      7_000,
    ],
    ["a date beside one that is none", { "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", date: "today" }, 30_000],
  ])("fault 13, 14: %s", (_, headers, ms) => {
    expect(wait(headers)).toBe(ms);
  });

  it.each<[string, Record<string, string>, number | undefined]>([
    ["x-ratelimit-reset-requests", { "x-ratelimit-reset-requests": "1s" }, 1_000],
    ["minutes", { "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
    ["milliseconds", { "x-ratelimit-reset-tokens": "120ms" }, 120],
    ["ratelimit-reset", { "ratelimit-reset": "5" }, 5_000],
    ["x-ratelimit-reset", { "x-ratelimit-reset": "5.5" }, 5_500],
    ["seconds since 1970", { "x-ratelimit-reset": String(NOW.getTime() / 1_000 + 9) }, 9_000],
    ["milliseconds since 1970", { "x-ratelimit-reset": String(NOW.getTime() + 1_234) }, 1_234],
    ["anthropic's times", { "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:20Z" }, 20_000],
    ["the ratelimit field", { ratelimit: "limit=10, remaining=0, reset=7" }, 7_000],
    ["the ratelimit field of today", { ratelimit: '"default";r=0;t=8' }, 8_000],
    ["the ratelimit field with something left", { ratelimit: "limit=10, remaining=3, reset=7" }, undefined],
    [
      "only the limit that is used up",
      {
        "x-ratelimit-remaining-requests": "9",
        "x-ratelimit-reset-requests": "8h",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "4s",
      },
      4_000,
    ],
    ["the later of two", { "x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "3s" }, 3_000],
    ["retry-after before them", { "retry-after": "1", "x-ratelimit-reset-requests": "50s" }, 1_000],
    ["nonsense", { "x-ratelimit-reset-requests": "tomorrow" }, undefined],
  ])("fault 13: when a limit is renewed: %s", (_, headers, ms) => {
    expect(wait(headers)).toBe(ms);
  });

  it.each<[string, number | undefined]>([
    ['{"error":{"message":"Rate limit reached. Please try again in 1.2s. Visit us."}}', 1_200],
    ['{"error":{"message":"Please try again in 6m30s."}}', 390_000],
    ['{"error":{"message":"Please try again in 120ms."}}', 120],
    ['{"error":{"message":"Please retry in 39.5s."}}', 39_500],
    ['{"error":{"message":"Please retry after 20 seconds."}}', 20_000],
    ['{"error":{"message":"try again in 1 minute, 5 seconds"}}', 65_000],
    ['{"error":{"message":"try again in 2 hours"}}', HOUR],
    ['{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"39s"}]}}', 39_000],
    ['[{"error":{"details":[{"retryDelay": "0.5s"}]}}]', 500],
    ['{"error":{"details":[{"retryDelay":"soon"}],"message":"Please try again in 3s"}}', 3_000],
    ['{"error":{"message":"Please try again later."}}', undefined],
    ["<h1>Too many requests</h1>", undefined],
    ["", undefined],
  ])("fault 13: in the words of the body: %s", (body, ms) => {
    expect(wait({}, body)).toBe(ms);
  });

  it("reads the headers of a limit only where a limit was met, and the rest with any status", () => {
    expect(wait({ "x-ratelimit-reset-requests": "8s" }, "", 500)).toBeUndefined();
    expect(wait({ "retry-after": "8" }, "", 503)).toBe(8_000);
    expect(wait({}, "try again in 8s", 529)).toBe(8_000);
  });

  it("does not guess at a date for whoever has no clock, unless the answer brings one", () => {
    const late = "Sat, 21 Nov 2026 12:00:30 GMT";
    const dated = (headers: Record<string, string>) =>
      retryAfterOf({ status: 429, headers: new Headers(headers), body: "" });
    expect(dated({ "retry-after": late })).toBeUndefined();
    expect(dated({ "retry-after": late, date: "Sat, 21 Nov 2026 12:00:00 GMT" })).toBe(30_000);
    expect(dated({ "x-ratelimit-reset": String(NOW.getTime()) })).toBeUndefined();
  });

  it("fault 14: is never negative, no number, or above an hour, whatever the server says", () => {
    const names = ["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "ratelimit-reset", "ratelimit", "date"];
    const header = fc.oneof(
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.stringMatching(/^[0-9.dhmsTZ:=;, -]{0,20}$/),
      fc.string({ unit: "grapheme-ascii" }).map((text) => text.replace(/[^ -~]/g, "")),
    );
    const headers = fc.dictionary(fc.constantFrom(...names), header, { noNullPrototype: true });
    const body = fc.oneof(
      fc.string(),
      header.map((text) => `Please try again in ${text}`),
      header.map((text) => `{"retryDelay":"${text}"}`),
    );
    fc.assert(
      fc.property(headers, body, fc.constantFrom(408, 429, 500, 503, 529), (headers, body, status) => {
        const ms = wait(headers, body, status);
        if (ms === undefined) return;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(HOUR);
      }),
    );
  });

  it("is quick with a body that almost says a time, over and over", () => {
    expect(wait({}, `try again in ${"1 s ".repeat(5)}${"1".repeat(60_000)}`)).toBe(5_000);
    expect(wait({}, "try again in 1".repeat(5_000))).toBeUndefined();
  });
});
