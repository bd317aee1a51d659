import { describe, expect, it } from "vitest";
import { acquire, closeAgain, setUp, trip } from "./breaker-rig.ts";

describe("breaker", () => {
  it("opens at the third failure in a row, not at the second, and a success in between starts the count again", () => {
    const { breaker } = setUp();
    acquire(breaker).fail();
    acquire(breaker).fail();
    acquire(breaker).succeed({ slow: true });
    acquire(breaker).fail();
    acquire(breaker).fail();
    expect(breaker.state).toBe("closed");
    acquire(breaker).fail();
    expect(breaker.state).toBe("open");
    expect(breaker.acquire()).toBeUndefined();
    expect(breaker.status()).toMatchObject({ failures: 3, calls: 6, notPermitted: 1 });
  });

  it("opens at the first failure after a background probe has closed it, until traffic has succeeded", async () => {
    const { clock, breaker } = setUp();
    trip(breaker);
    await clock.advance(5_000);
    acquire(breaker).succeed({ probed: true });
    expect(breaker.state).toBe("closed");
    acquire(breaker).fail();
    expect(breaker.state).toBe("open");
    await clock.advance(10_000);
    acquire(breaker).succeed({ probed: true });
    acquire(breaker).succeed();
    acquire(breaker).fail();
    acquire(breaker).fail();
    expect(breaker.state).toBe("closed");
  });

  it("is not moved by the success of a background probe while it is closed", () => {
    const { breaker } = setUp();
    acquire(breaker).succeed({ probed: true });
    expect(breaker.status().failures).toBe(0);
    acquire(breaker).fail();
    acquire(breaker).fail();
    acquire(breaker).succeed({ probed: true });
    acquire(breaker).fail();
    expect(breaker.state).toBe("open");
  });

  it("opens at once for a failure that trips", () => {
    const { breaker } = setUp();
    acquire(breaker).fail({ trip: true });
    expect(breaker.state).toBe("open");
  });

  it("admits the probe not a moment before the open time is over", async () => {
    const { breaker, clock } = setUp({ random: () => 0.5 });
    trip(breaker);
    const wait = breaker.probeInMs();
    expect(wait).toBe(5_000 * (0.1 + 0.9 * 0.5));
    expect(breaker.status().nextProbeAt).toEqual(new Date(clock.wall().getTime() + wait));
    await clock.advance(wait - 1);
    expect(breaker.acquire()).toBeUndefined();
    await clock.advance(1);
    acquire(breaker);
    expect(breaker.state).toBe("half_open");
  });

  it("admits the probe at once when told to try now, and is not moved by it while closed or half open", async () => {
    const { breaker } = setUp();
    breaker.tryNow();
    expect(breaker.state).toBe("closed");
    trip(breaker);
    expect(breaker.acquire()).toBeUndefined();
    breaker.tryNow();
    expect(breaker.state).toBe("open");
    expect(breaker.probeInMs()).toBe(0);
    const probe = acquire(breaker);
    breaker.tryNow();
    expect(breaker.acquire()).toBeUndefined();
    probe.fail();
    expect(breaker.state).toBe("open");
  });

  it("opens for longer with every failed probe, up to the limit, and forgets after a quiet minute", async () => {
    const { breaker, clock } = setUp({ random: () => 1 - Number.EPSILON, maxOpenMs: 15_000 });
    trip(breaker);
    const waits = [breaker.probeInMs()];
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(breaker.probeInMs());
      acquire(breaker).fail();
      waits.push(breaker.probeInMs());
    }
    expect(waits.map(Math.round)).toEqual([5_000, 10_000, 15_000, 15_000]);

    await closeAgain(breaker, clock);
    await clock.advance(59_999);
    trip(breaker);
    expect(Math.round(breaker.probeInMs())).toBe(15_000);
    await closeAgain(breaker, clock);
    await clock.advance(60_000);
    trip(breaker);
    expect(Math.round(breaker.probeInMs())).toBe(5_000);
  });

  it("ends each permit once: what comes after the first word is ignored", () => {
    const { breaker } = setUp({ failureThreshold: 2 });
    const permit = acquire(breaker);
    permit.fail();
    permit.fail();
    permit.succeed();
    permit.release();
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 1 });
  });
});

describe("a half-open breaker", () => {
  it("lets in 1, then 2, then 4 at a time, and closes when four more have succeeded", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    expect(breaker.serving).toBe(false);
    for (const width of [1, 2, 4]) {
      const held = Array.from({ length: width }, () => acquire(breaker));
      expect(breaker.acquire()).toBeUndefined();
      expect(breaker.state).toBe("half_open");
      expect(breaker.serving).toBe(width > 1);
      for (const permit of held) permit.succeed({ slow: true });
    }
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 0, calls: 10, notPermitted: 3 });
    expect(breaker.serving).toBe(true);
  });

  it.each([
    ["the first after the probe", 1],
    ["the last but one", 5],
    ["the last", 6],
  ])("opens again, and for longer, when a call on the way fails: %s", async (_, before) => {
    const { breaker, clock, states } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    for (let i = 0; i < before; i += 1) acquire(breaker).succeed();
    expect(breaker.serving).toBe(true);
    acquire(breaker).fail();
    expect(breaker.serving).toBe(false);
    expect(states).toEqual(["open", "half_open", "open"]);
    expect(Math.round(breaker.probeInMs())).toBe(10_000);
  });

  it.each([
    [1, 1],
    [2, 3],
    [4, 7],
  ] as const)("lets in %i at most and closes with success %i, where it is told so", async (rampTo, successes) => {
    const { breaker, clock } = setUp({ rampTo });
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    for (let i = 1; i < successes; i += 1) acquire(breaker).succeed();
    expect(breaker.state).toBe(successes === 1 ? "open" : "half_open");
    acquire(breaker).succeed();
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 0 });
  });

  it("closes at once when a background probe succeeds on the way", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    acquire(breaker).succeed();
    acquire(breaker).succeed({ probed: true });
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 2 });
  });

  it("gives the place of a call that is released to the next, at every width", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    for (const width of [1, 2, 4]) {
      const held = Array.from({ length: width }, () => acquire(breaker));
      held[0]?.release();
      const next = acquire(breaker);
      expect(breaker.acquire()).toBeUndefined();
      for (const permit of [...held, next]) permit.succeed();
    }
    expect(breaker.state).toBe("closed");
  });
});
