import { describe, expect, it } from "vitest";
import { createBreaker } from "../../../src/fallbacks/core/breaker.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { acquire, trip } from "./breaker-rig.ts";

function setUp(mayProbe?: () => boolean) {
  const clock = createManualClock();
  const changes: string[] = [];
  const breaker = createBreaker({
    clock,
    random: () => 0.999_999,
    ...(mayProbe && { mayProbe }),
    onTransition: (state, byPeer) => void changes.push(byPeer ? `${state} by peer` : state),
  });
  return { clock, breaker, changes };
}

describe("a breaker that others open", () => {
  it("counts no failure, and a call that was on its way is deaf", async () => {
    const { breaker, clock, changes } = setUp();
    acquire(breaker).fail();
    const late = acquire(breaker);
    breaker.openFor(2_000);
    late.fail();
    expect(breaker.status()).toMatchObject({ state: "open", failures: 1 });
    expect(breaker.serving).toBe(false);
    await clock.advance(1_999);
    expect(breaker.acquire()).toBeUndefined();
    await clock.advance(1);
    acquire(breaker).succeed();
    expect(changes).toEqual(["open by peer", "half_open"]);
  });

  it("goes by the later end, without another transition", () => {
    const { breaker, changes } = setUp();
    breaker.openFor(2_000);
    breaker.openFor(1_000);
    expect(breaker.probeInMs()).toBe(2_000);
    breaker.openFor(3_000);
    expect(breaker.probeInMs()).toBe(3_000);
    expect(changes).toEqual(["open by peer"]);
  });

  it("opens for longer itself after outages of others, and forgets them when it was closed for long", async () => {
    const { breaker, clock } = setUp();
    breaker.openFor(1_000, { trip: true });
    breaker.openFor(500, { trip: true });
    expect(breaker.probeInMs()).toBe(500);
    await clock.advance(500);
    acquire(breaker).fail();
    expect(Math.round(breaker.probeInMs())).toBe(20_000);
    await clock.advance(20_000);
    acquire(breaker).succeed({ probed: true });
    await clock.advance(60_000);
    breaker.openFor(1_000, { trip: true });
    await clock.advance(1_000);
    acquire(breaker).succeed({ probed: true });
    acquire(breaker).fail();
    expect(Math.round(breaker.probeInMs())).toBe(10_000);
  });
});

describe("a breaker that has to ask before it probes", () => {
  it("asks at each call once the open time is over, and refuses until it may", async () => {
    let may = false;
    let asked = 0;
    const { breaker, clock } = setUp(() => {
      asked += 1;
      return may;
    });
    trip(breaker);
    expect(breaker.acquire()).toBeUndefined();
    expect(asked).toBe(0);
    await clock.advance(5_000);
    expect([breaker.acquire(), breaker.acquire()]).toEqual([undefined, undefined]);
    expect([asked, breaker.state, breaker.status().notPermitted]).toEqual([2, "open", 3]);
    may = true;
    acquire(breaker).release();
    expect(breaker.state).toBe("half_open");
    // What was released has found out nothing.
    may = false;
    expect(breaker.acquire()).toBeUndefined();
    may = true;
    acquire(breaker).succeed();
    may = false;
    acquire(breaker);
    acquire(breaker);
    expect(asked).toBe(5);
  });

  it("never asks while it is closed", () => {
    const { breaker } = setUp(() => {
      throw new Error("asked");
    });
    for (let i = 0; i < 10; i += 1) acquire(breaker).succeed();
    expect(breaker.state).toBe("closed");
  });
});
