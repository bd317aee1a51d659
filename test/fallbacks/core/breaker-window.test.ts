import { describe, expect, it } from "vitest";
import type { Breaker } from "../../../src/fallbacks/core/breaker.ts";
import { acquire, closeAgain, setUp, trip } from "./breaker-rig.ts";

/** `f` a failure, `s` a success, `w` a slow success, `r` a release. */
function play(breaker: Breaker, script: string): void {
  for (const letter of script) {
    const permit = acquire(breaker);
    if (letter === "f") permit.fail();
    else if (letter === "r") permit.release();
    else permit.succeed({ slow: letter === "w" });
  }
}

describe("a breaker's window", () => {
  it("opens when half of ten calls failed, although never three in a row", () => {
    const { breaker } = setUp();
    play(breaker, "fsfsfsfss");
    expect(breaker.status()).toMatchObject({ state: "closed", failureRate: null });
    play(breaker, "f");
    expect(breaker.status()).toMatchObject({ state: "open", failureRate: 0.5, failures: 1 });
  });

  it("stays closed below half, however many calls there are", () => {
    const { breaker } = setUp();
    for (let i = 0; i < 100; i += 1) play(breaker, "sfsfs");
    expect(breaker.status()).toMatchObject({ state: "closed", failureRate: 0.4 });
  });

  it("is never opened by a success, even where the share is reached by then", () => {
    const { breaker } = setUp();
    play(breaker, "ffsffsffss");
    expect(breaker.status()).toMatchObject({ state: "closed", failureRate: 0.6 });
    play(breaker, "f");
    expect(breaker.state).toBe("open");
  });

  it("opens when half of ten calls were slow; a slow one ends a row of failures; failures and slow ones do not add up", () => {
    const { breaker } = setUp();
    play(breaker, "wswswswsw");
    expect(breaker.status()).toMatchObject({ state: "closed", failures: 0 });
    play(breaker, "w");
    expect(breaker.status()).toMatchObject({ state: "open", failures: 0, failureRate: 0 });

    const other = setUp().breaker;
    play(other, "ffwffwsswwss");
    expect(other.status()).toMatchObject({ state: "closed", failureRate: 4 / 12 });
  });

  it("does not count what is released, nor the success of a background probe", () => {
    const { breaker } = setUp();
    play(breaker, "rrrrrfsfs");
    for (let i = 0; i < 10; i += 1) acquire(breaker).succeed({ probed: true });
    expect(breaker.status()).toMatchObject({ calls: 19, failureRate: null });
  });

  it("forgets a call when its minute is over, and not five sixths of a minute after it", async () => {
    const { breaker, clock } = setUp();
    play(breaker, "fsfsfsfss");
    await clock.advance(50_000);
    expect(breaker.state).toBe("closed");
    play(breaker, "s");
    expect(breaker.status().failureRate).toBe(0.4);
    await clock.advance(10_000);
    expect(breaker.status().failureRate).toBeNull();
    play(breaker, "fs".repeat(4));
    expect(breaker.state).toBe("closed");
    play(breaker, "f");
    expect(breaker.state).toBe("open");
  });

  it("shows the share that opened it until its minute is over, and starts afresh when it closes", async () => {
    const { breaker, clock } = setUp();
    play(breaker, "s".repeat(9));
    trip(breaker);
    await clock.advance(4_000);
    expect(breaker.status()).toMatchObject({ state: "open", failureRate: 0.25 });
    await closeAgain(breaker, clock);
    expect(breaker.status().failureRate).toBeNull();
    play(breaker, "fsfsfsfss");
    expect(breaker.state).toBe("closed");

    acquire(breaker).fail({ trip: true });
    await clock.advance(60_000);
    expect(breaker.status()).toMatchObject({ state: "open", failureRate: null });
  });
});
