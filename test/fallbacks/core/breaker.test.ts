import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Breaker, type BreakerOptions, createBreaker, type Permit } from "../../../src/fallbacks/core/breaker.ts";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

function setUp(options: Partial<BreakerOptions> = {}): { clock: ManualClock; breaker: Breaker } {
  const clock = createManualClock();
  return { clock, breaker: createBreaker({ clock, random: () => 0.999_999, ...options }) };
}

function acquire(breaker: Breaker): Permit {
  const permit = breaker.acquire();
  if (!permit) throw new Error(`refused while ${breaker.state}`);
  return permit;
}

function trip(breaker: Breaker): void {
  for (let i = 0; i < 3; i += 1) acquire(breaker).fail();
}

describe("breaker", () => {
  it("opens at the third failure in a row, not at the second, and a success in between starts the count again", () => {
    const { breaker } = setUp();
    acquire(breaker).fail();
    acquire(breaker).fail();
    acquire(breaker).succeed();
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

  it("opens at once for a failure that trips", () => {
    const { breaker } = setUp();
    acquire(breaker).fail({ trip: true });
    expect(breaker.state).toBe("open");
  });

  it("admits the probe not a moment before the open time is over, and refuses everybody else meanwhile", async () => {
    const { breaker, clock } = setUp({ random: () => 0.5 });
    trip(breaker);
    const wait = breaker.probeInMs();
    expect(wait).toBe(5_000 * (0.1 + 0.9 * 0.5));
    expect(breaker.status().nextProbeAt).toEqual(new Date(clock.wall().getTime() + wait));
    await clock.advance(wait - 1);
    expect(breaker.acquire()).toBeUndefined();
    await clock.advance(1);
    const probe = acquire(breaker);
    expect(breaker.state).toBe("half_open");
    for (let i = 0; i < 499; i += 1) expect(breaker.acquire()).toBeUndefined();
    probe.succeed();
    expect(breaker.state).toBe("closed");
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

    await clock.advance(breaker.probeInMs());
    acquire(breaker).succeed();
    await clock.advance(59_999);
    trip(breaker);
    expect(Math.round(breaker.probeInMs())).toBe(15_000);
    await clock.advance(breaker.probeInMs());
    acquire(breaker).succeed();
    await clock.advance(60_000);
    trip(breaker);
    expect(Math.round(breaker.probeInMs())).toBe(5_000);
  });

  it("fault 29: a late result of an earlier era changes nothing", async () => {
    const { breaker, clock } = setUp();
    const late = acquire(breaker);
    const laterFailure = acquire(breaker);
    trip(breaker);
    late.succeed();
    expect(breaker.state).toBe("open");
    await clock.advance(breaker.probeInMs());
    const probe = acquire(breaker);
    laterFailure.fail();
    expect(breaker.state).toBe("half_open");
    probe.succeed();
    expect(breaker.state).toBe("closed");
  });

  it("fault 30: a probe that is released frees the place and decides nothing", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    await clock.advance(breaker.probeInMs());
    acquire(breaker).release();
    expect(breaker.state).toBe("half_open");
    const next = acquire(breaker);
    expect(breaker.acquire()).toBeUndefined();
    next.succeed();
    expect(breaker.state).toBe("closed");
  });

  it("fault 31: a jump of the wall clock moves no probe", async () => {
    const { breaker, clock } = setUp();
    trip(breaker);
    const wait = breaker.probeInMs();
    clock.setWall(new Date("2027-06-01T00:00:00Z"));
    expect(breaker.probeInMs()).toBe(wait);
    expect(breaker.acquire()).toBeUndefined();
    await clock.advance(wait);
    expect(breaker.acquire()).toBeDefined();
  });
});

/** What can happen to a breaker from outside; `index` picks one of the permits that are out. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("acquire" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("succeed" as const, "fail" as const, "release" as const),
      index: fc.nat(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20_000 }) }) },
);

describe("breaker, any sequence of events", () => {
  it("never has two probes out, frees what is released, is deaf to late results, and keeps its times in range", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120 }), fc.nat(), async (events, seed) => {
        let era = 0;
        const clock = createManualClock();
        const breaker = createBreaker({
          clock,
          random: seededRandom(seed),
          maxOpenMs: 30_000,
          onTransition: () => {
            era += 1;
          },
        });
        const out: { permit: Permit; era: number; probe: boolean }[] = [];
        const liveProbes = () => out.filter((held) => held.probe && held.era === era).length;

        for (const step of events) {
          if (step.kind === "wait") await clock.advance(step.ms);
          else if (step.kind === "acquire") {
            const waited = breaker.state === "open" && breaker.probeInMs() === 0;
            const free = breaker.state === "closed" || waited || (breaker.state === "half_open" && liveProbes() === 0);
            const permit = breaker.acquire();
            expect(permit !== undefined).toBe(free);
            if (permit) out.push({ permit, era, probe: breaker.state === "half_open" });
          } else {
            const [held] = out.splice(out.length === 0 ? 0 : step.index % out.length, 1);
            if (!held) continue;
            const late = held.era !== era;
            const before = { ...breaker.status(), wait: breaker.probeInMs() };
            held.permit[step.kind]();
            if (late) expect({ ...breaker.status(), wait: breaker.probeInMs() }).toEqual(before);
          }
          expect(liveProbes()).toBeLessThanOrEqual(1);
          expect(breaker.probeInMs()).toBeGreaterThanOrEqual(0);
          expect(breaker.probeInMs()).toBeLessThanOrEqual(30_000);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("ends each permit once: what comes after the first word is ignored", () => {
    const { breaker } = setUp({ failureThreshold: 2 });
    const permit = acquire(breaker);
    permit.fail();
    permit.fail();
    permit.succeed();
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 1 });
  });
});
