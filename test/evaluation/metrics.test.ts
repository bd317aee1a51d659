import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auroc, meanOf, ndcg, recall, reciprocalRank, shareOf } from "../../src/evaluation/metrics.ts";

const grades = (given: Record<string, number>) => new Map(Object.entries(given));

describe("figures of a ranking", () => {
  it("counts what stands further down for less", () => {
    // By hand: (1/log2(2) + 1/log2(4)) / (1/log2(2) + 1/log2(3)).
    expect(ndcg(["a", "x", "b"], grades({ a: 1, b: 1 }), 10)).toBeCloseTo((1 + 0.5) / (1 + 1 / Math.log2(3)), 12);
    expect(ndcg(["x", "y"], grades({ a: 1 }), 10)).toBe(0);
    expect(ndcg(["a"], grades({}), 10)).toBe(0);
  });

  it("prefers a higher grade first", () => {
    const given = grades({ a: 3, b: 1 });
    expect(ndcg(["a", "b"], given, 10)).toBe(1);
    expect(ndcg(["b", "a"], given, 10)).toBeLessThan(1);
  });

  it("looks at the first k only", () => {
    const given = grades({ a: 1, b: 1 });
    expect(recall(["x", "a", "b"], given, 2)).toBe(0.5);
    expect(recall(["x", "a", "b"], given, 3)).toBe(1);
    expect(reciprocalRank(["x", "a"], given, 1)).toBe(0);
    expect(reciprocalRank(["x", "a"], given, 2)).toBe(0.5);
  });
});

describe("figures with their interval", () => {
  it("gives the mean and the share of it that chance explains", () => {
    expect(meanOf([0, 1, 0, 1])).toMatchObject({ value: 0.5, n: 4 });
    expect(meanOf([1, 1, 1])).toEqual({ value: 1, low: 1, high: 1, n: 3 });
    expect(meanOf([])).toEqual({ value: 0, low: 0, high: 1, n: 0 });
  });

  it("gives Wilson's interval of a share", () => {
    // The value of Wilson's formula for 1 of 10, as published tables have it.
    const { value, low, high } = shareOf(1, 10);
    expect([value, low, high].map((each) => Number(each.toFixed(3)))).toEqual([0.1, 0.018, 0.404]);
    expect(shareOf(0, 0)).toEqual({ value: 0, low: 0, high: 1, n: 0 });
  });

  it("counts pairs that stand in the right order, as the slow way does", () => {
    const one = fc.record({ score: fc.integer({ min: 0, max: 5 }), positive: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (cases) => {
        let right = 0;
        let pairs = 0;
        for (const yes of cases.filter(({ positive }) => positive)) {
          for (const no of cases.filter(({ positive }) => !positive)) {
            pairs += 1;
            right += yes.score > no.score ? 1 : yes.score === no.score ? 0.5 : 0;
          }
        }
        const found = auroc(cases);
        expect(found.value).toBeCloseTo(pairs === 0 ? 0.5 : right / pairs, 10);
        expect(found.low).toBeLessThanOrEqual(found.value);
        expect(found.high).toBeGreaterThanOrEqual(found.value);
      }),
    );
  });
});
