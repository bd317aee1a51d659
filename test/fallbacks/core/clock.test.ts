import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";

describe("the system clock", () => {
  it("never runs a timer before its time on its own measure", async () => {
    const early = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const due = systemClock.now() + 1 + index / 7;
        return new Promise<boolean>((resolve) => {
          systemClock.after(due - systemClock.now(), () => resolve(systemClock.now() < due));
        });
      }),
    );
    expect(early.filter(Boolean)).toEqual([]);
  });

  it("does not run what was cancelled", async () => {
    let ran = false;
    const cancel = systemClock.after(1, () => {
      ran = true;
    });
    cancel();
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    expect(ran).toBe(false);
  });
});
