import { describe, expect, it } from "vitest";
import { acquire, closeAgain, setUp, trip } from "./breaker-rig.ts";

describe("breaker, faults", () => {
  it("fault 26: a port that comes and goes every 3 s is left alone for longer and longer", async () => {
    const { breaker, clock, states } = setUp();
    const waits: number[] = [];
    for (; waits.length < 8; await clock.advance(200)) {
      const up = Math.floor(clock.now() / 3_000) % 2 === 1;
      const permit = breaker.acquire();
      if (up) permit?.succeed();
      else permit?.fail();
      const opened = states.filter((state) => state === "open").length;
      if (opened > waits.length) waits.push(Math.round(breaker.probeInMs() / 1_000));
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(states).toContain("closed");
  });

  it("fault 27: of 500 callers that find it half open one gets through, and 499 are told at once", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    const permits = Array.from({ length: 500 }, () => breaker.acquire()).filter((permit) => permit !== undefined);
    expect(permits).toHaveLength(1);
    expect(breaker.status()).toMatchObject({ state: "half_open", notPermitted: 499 });
  });

  it("fault 28: a probe that hangs is a failure after its own deadline, and its late word counts no more", async () => {
    const { breaker, clock, states } = setUp({ probeMs: 1_000 });
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    const hanging = acquire(breaker);
    await clock.advance(999);
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.state).toBe("half_open");
    await clock.advance(1);
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.status()).toMatchObject({ state: "open", failures: 4 });
    expect(Math.round(breaker.probeInMs())).toBe(10_000);
    hanging.succeed();
    expect(breaker.state).toBe("open");
    await clock.advance(breaker.probeInMs());
    acquire(breaker);
    expect(states).toEqual(["open", "half_open", "open", "half_open"]);
  });

  it("fault 28: calls that hang after the probe hold their places, and open it again only when they hold all", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    acquire(breaker).succeed();
    acquire(breaker);
    await clock.advance(14_999);
    const second = acquire(breaker);
    await clock.advance(1);
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.state).toBe("half_open");
    second.succeed();
    acquire(breaker);
    await clock.advance(14_999);
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.state).toBe("half_open");
    await clock.advance(1);
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.state).toBe("open");
  });

  it("fault 29: a late result of an earlier era changes nothing", async () => {
    const { breaker, clock } = setUp();
    const late = acquire(breaker);
    const laterFailure = acquire(breaker);
    const latest = acquire(breaker);
    trip(breaker);
    late.succeed();
    expect(breaker.state).toBe("open");
    await clock.advance(breaker.probeInMs());
    const probe = acquire(breaker);
    laterFailure.fail();
    latest.release();
    expect(breaker.state).toBe("half_open");
    expect(breaker.acquire()).toBeUndefined();
    probe.succeed({ probed: true });
    expect(breaker.state).toBe("closed");
  });

  it("fault 29: a call that the half-open breaker let in and that fails once it is closed opens nothing", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    for (let i = 0; i < 3; i += 1) acquire(breaker).succeed();
    const late = acquire(breaker);
    for (let i = 0; i < 4; i += 1) acquire(breaker).succeed();
    late.fail({ trip: true });
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 0 });
  });

  it("fault 30: a probe that is released frees the place and decides nothing", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    acquire(breaker).release();
    expect(breaker.state).toBe("half_open");
    expect(breaker.serving).toBe(false);
    const next = acquire(breaker);
    expect(breaker.acquire()).toBeUndefined();
    next.succeed();
    expect(breaker.serving).toBe(true);
  });

  it.each([
    ["an hour on", "2026-01-15T11:00:00Z"],
    ["a day back", "2026-01-14T10:00:00Z"],
  ])("fault 31: a jump of the wall clock moves no probe and no window: %s", async (_, date) => {
    const { breaker, clock } = setUp({ windowCalls: 2, failureThreshold: 1_000 });
    acquire(breaker).fail();
    clock.setWall(new Date(date));
    acquire(breaker).fail();
    expect(breaker.state).toBe("open");
    const wait = breaker.probeInMs();
    clock.setWall(new Date(date));
    expect(breaker.probeInMs()).toBe(wait);
    expect(breaker.status().nextProbeAt).toEqual(new Date(clock.wall().getTime() + wait));
    expect(breaker.acquire()).toBeUndefined();
    await closeAgain(breaker, clock);
    expect(breaker.state).toBe("closed");
  });
});
