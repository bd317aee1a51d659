import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRest } from "../../../src/fallbacks/core/rest.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const HOUR = 3_600_000;

function setUp(random = 1) {
  const clock = createManualClock();
  const rest = createRest({ clock, random: () => random });
  const limited = (retryAfterMs?: number) => new LayerError("rate_limited", "wait", { retryAfterMs });
  return { clock, rest, limited, refuse: (ms?: number) => rest.take(limited(ms), clock.now()) };
}

describe("rest", () => {
  it("fault 13: a named time is kept to the millisecond", async () => {
    const { clock, rest, refuse } = setUp();
    refuse(20_000);
    await clock.advance(19_999);
    expect(rest.now).toEqual({ kind: "cooldown", ms: 1 });
    await clock.advance(1);
    expect(rest.now).toBeUndefined();
    expect(rest.untried).toBe(true);
    rest.over(clock.now(), false);
    expect(rest.untried).toBe(false);
  });

  it.each([
    [-5_000, 0],
    [0, 0],
    [3 * 24 * HOUR, HOUR],
    [Number.POSITIVE_INFINITY, HOUR],
  ])("fault 14: %d ms is cut to %d", (asked, kept) => {
    const { refuse } = setUp();
    expect(refuse(asked)?.ms).toBe(kept);
  });

  it("fault 15: without a time the waits double, with jitter down to a half, up to an hour, and start anew after a success", async () => {
    const lengths: number[] = [];
    const { clock, rest, refuse } = setUp(0);
    for (let refusal = 0; refusal < 9; refusal += 1) {
      lengths.push(refuse()?.ms ?? 0);
      await clock.advance(HOUR);
    }
    expect(lengths.slice(0, 3)).toEqual([30_000, 60_000, 120_000]);
    expect(lengths.at(-1)).toBe(HOUR / 2);
    rest.over(clock.now(), false);
    expect(refuse()?.ms).toBe(30_000);
    expect(setUp(1).refuse()?.ms).toBe(60_000);
  });

  it("fault 16: the later end wins, in whichever order the refusals come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 1, maxLength: 20 }), (times) => {
        const { rest, refuse } = setUp();
        for (const ms of times) refuse(ms);
        const longest = Math.max(...times);
        // Zero after a refusal is no time that could be believed, so it waits as if none had been named.
        if (longest > 0 && !times.slice(1).includes(0)) expect(rest.now?.ms).toBe(longest);
        else expect(rest.now?.ms ?? 0).toBeGreaterThanOrEqual(longest);
      }),
    );
  });

  it("fault 16: refusals of calls that were on their way together count as one", async () => {
    const { clock, rest, limited } = setUp();
    const since = clock.now();
    await clock.advance(10);
    for (let call = 0; call < 20; call += 1) rest.take(limited(), since);
    expect(rest.now?.ms).toBe(60_000);
  });

  it.each(["quota", "auth", "model_missing"] as const)(
    "fault 17: %s is parked for 15 minutes, then an hour at most",
    async (errorClass) => {
      const { clock, rest } = setUp();
      const error = new LayerError(errorClass, "no");
      expect(rest.take(error, clock.now())).toEqual({ kind: "parked", ms: HOUR / 4 });
      for (const ms of [HOUR / 2, HOUR, HOUR]) {
        await clock.advance(HOUR);
        expect(rest.take(error, clock.now())?.ms).toBe(ms);
      }
    },
  );

  it("any status that may be tried again rests when it names a time, and only then", () => {
    const { clock, rest } = setUp();
    expect(rest.take(new LayerError("server", "503"), clock.now())).toBeUndefined();
    expect(rest.take(new LayerError("server", "503", { retryAfterMs: 7_000 }), clock.now())?.ms).toBe(7_000);
    const own = new LayerError("invalid_request", "400", { retryAfterMs: 9_000 });
    expect(rest.take(own, clock.now())).toBeUndefined();
  });

  it("a success that began before the wait does not end it", async () => {
    const { clock, rest, refuse } = setUp();
    const since = clock.now();
    await clock.advance(5);
    refuse(60_000);
    rest.over(since, false);
    expect(rest.now?.kind).toBe("cooldown");
  });

  it("a check ends a wait and cannot tell that the trouble is over: the next refusal counts on", async () => {
    const { clock, rest, refuse } = setUp();
    refuse();
    await clock.advance(60_000);
    rest.over(clock.now(), true);
    expect(rest.untried).toBe(false);
    expect(refuse()?.ms).toBe(120_000);
  });

  it("fault 31: the wall clock has no part in it", async () => {
    const { clock, rest, refuse } = setUp();
    refuse(60_000);
    clock.setWall(new Date(clock.wall().getTime() + 24 * HOUR));
    expect(rest.now?.ms).toBe(60_000);
  });
});
