import { expect, it } from "vitest";
import { createHeldStep, createThreadHold } from "../../../src/fallbacks/core/thread-hold.ts";

it("a step waits while its thread is held, but never for longer than it may", () => {
  const hold = createThreadHold();
  const ended: string[] = [];
  const step = createHeldStep(hold.shared, 1);
  const waitsFor = () => {
    const from = performance.now();
    step();
    return performance.now() - from;
  };
  step();
  ended.push("free");
  hold.set(true);
  // A thread sees nothing else than the time: nobody lets it go here.
  expect(waitsFor()).toBeGreaterThan(0.5);
  hold.set(false);
  createHeldStep(hold.shared, 3_600_000)();
  ended.push("free again");
  expect(ended).toEqual(["free", "free again"]);
});
