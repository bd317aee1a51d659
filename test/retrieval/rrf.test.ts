import { expect, it } from "vitest";
import { fuse } from "../../src/retrieval/rrf.ts";

it("adds weight / (60 + rank) and scales first place everywhere to 1", () => {
  const fused = fuse([
    { ids: ["a", "b"], weight: 0.6 },
    { ids: ["a", "c"], weight: 0.4 },
  ]);
  expect(fused.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(fused[0]?.score).toBeCloseTo(1, 12);
  expect(fused[1]?.score).toBeCloseTo((0.6 / 62) * 61, 12);
  expect(fused[2]?.score).toBeCloseTo((0.4 / 62) * 61, 12);
});

it("goes on with one empty path, and with none", () => {
  expect(
    fuse([
      { ids: [], weight: 0.6 },
      { ids: ["z", "y"], weight: 0.4 },
    ]).map(({ id }) => id),
  ).toEqual(["z", "y"]);
  expect(fuse([{ ids: [], weight: 1 }])).toEqual([]);
});

it("breaks ties by id", () => {
  expect(
    fuse([
      { ids: ["b"], weight: 1 },
      { ids: ["a"], weight: 1 },
    ]).map(({ id }) => id),
  ).toEqual(["a", "b"]);
});
