import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRest } from "../../../src/fallbacks/core/rest.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function setUp() {
  const clock = createManualClock();
  return { clock, rest: createRest({ clock, random: () => 0.999_999, longestMs: 100_000 }) };
}

describe("a wait that somebody else was told", () => {
  it("lasts until the later end, whoever was told it, and never longer than the longest", async () => {
    const { clock, rest } = setUp();
    expect(rest.hear("cooldown", 30_000, "rate_limited")).toEqual({ kind: "cooldown", ms: 30_000 });
    expect(rest.hear("parked", 30_000, "auth")).toBeUndefined();
    expect(rest.now).toEqual({ kind: "cooldown", ms: 30_000 });
    expect(rest.hear("parked", 1e12, "auth")).toEqual({ kind: "parked", ms: 100_000 });
    expect(rest.errorClass).toBe("auth");
    await clock.advance(100_000);
    expect([rest.now, rest.untried]).toEqual([undefined, true]);
    rest.over(clock.now(), false);
    expect(rest.untried).toBe(false);
  });

  it.each([0, -1, Number.NaN])("of %s ms is none", (ms) => {
    const { rest } = setUp();
    expect(rest.hear("cooldown", ms, "rate_limited")).toBeUndefined();
    expect(rest.untried).toBe(false);
  });

  it("can be a new one although the end of the latest, which a success has ended, is still to come", () => {
    const { rest, clock } = setUp();
    rest.hear("cooldown", 60_000, "rate_limited");
    rest.over(clock.now(), false);
    expect(rest.hear("cooldown", 1_000, "rate_limited")).toEqual({ kind: "cooldown", ms: 1_000 });
  });

  it("counts as no refusal: the first of its own is as long as ever", async () => {
    const { rest, clock } = setUp();
    rest.hear("cooldown", 1_000, "rate_limited");
    await clock.advance(1_000);
    const own = rest.take(new LayerError("rate_limited", "429"), clock.now());
    expect(Math.round(own?.ms ?? 0)).toBe(60_000);
  });

  it("is not ended by the success of a call that began before it", async () => {
    const { rest, clock } = setUp();
    const since = clock.now();
    await clock.advance(10);
    rest.hear("cooldown", 1_000, "rate_limited");
    rest.over(since, false);
    expect(rest.now).toEqual({ kind: "cooldown", ms: 1_000 });
  });
});
