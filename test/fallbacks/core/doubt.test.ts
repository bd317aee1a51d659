import { describe, expect, it } from "vitest";
import { createDoubt } from "../../../src/fallbacks/core/doubt.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("doubt", () => {
  it("is strong after two words in a row that were wrong, and not after two that are far from each other", async () => {
    const clock = createManualClock();
    const doubt = createDoubt(clock);
    doubt.contradicted();
    await clock.advance(60_001);
    doubt.contradicted();
    expect(doubt.strong).toBe(false);
    await clock.advance(60_000);
    doubt.contradicted();
    expect(doubt.strong).toBe(true);
  });

  it("ends after ten minutes, or with a failure of its own", async () => {
    const clock = createManualClock();
    const doubt = createDoubt(clock);
    const begin = () => {
      doubt.contradicted();
      doubt.contradicted();
    };
    begin();
    await clock.advance(599_999);
    expect(doubt.strong).toBe(true);
    await clock.advance(1);
    expect(doubt.strong).toBe(false);
    begin();
    doubt.ownFailure();
    expect(doubt.strong).toBe(false);
  });
});
