import { describe, expect, it } from "vitest";
import { createBatches } from "../../../src/fallbacks/core/batches.ts";

const items = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

describe("batches", () => {
  it("are as large as allowed, are halved by failures and doubled by successes", () => {
    const batches = createBatches(4);
    const sizes: number[] = [];
    for (const ended of ["ok", "failed", "away", "ok", "ok", "ok"] as const) {
      const batch = batches.next(items);
      sizes.push(batch.length);
      if (ended === "ok") batches.succeeded(batch);
      else expect(batches.failed(batch, ended)).toBe("halved");
    }
    expect(sizes).toEqual([4, 4, 2, 1, 2, 4]);
    expect(batches.next([])).toEqual([]);
  });

  it("give up an item that is alone when it is refused, or fails for the third time", () => {
    const batches = createBatches(1);
    expect(batches.failed(["a"], "refused")).toBe("never");
    expect(batches.failed(["b"], "failed")).toBe("later");
    for (let outage = 0; outage < 9; outage += 1) expect(batches.failed(["b"], "away")).toBe("later");
    expect(batches.failed(["c"], "failed")).toBe("later");
    expect(batches.failed(["b"], "failed")).toBe("later");
    batches.succeeded(["c"]);
    expect(batches.failed(["b"], "failed")).toBe("never");
    expect(batches.failed(["c"], "failed")).toBe("later");
    expect(batches.failed(["c"], "failed")).toBe("later");
  });
});
