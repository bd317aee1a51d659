import { expect, it } from "vitest";
import { type Example, fitLogistic, logOdds } from "../../training/logistic.ts";

/** Of two numbers the first speaks for, the second against; each combination as often as its odds say. */
const examples = [-2, -1, 0, 1, 2].flatMap((first) =>
  [-1, 0, 1].flatMap((second): Example[] => {
    const likely = 1 / (1 + Math.exp(-(0.5 + 2 * first - second)));
    const values = [10 * first, second];
    return [
      { values, positive: true, weight: 10_000 * likely },
      { values, positive: false, weight: 10_000 * (1 - likely) },
    ];
  }),
);

it("finds the odds that the examples were drawn with, whatever unit a column is in", () => {
  const { bias, weights } = fitLogistic(examples);
  expect(bias).toBeCloseTo(0.5, 1);
  expect(weights[0]).toBeCloseTo(0.2, 2);
  expect(weights[1]).toBeCloseTo(-1, 1);
  expect(logOdds({ bias: 1, weights: [2, 3] }, [10, 100])).toBe(321);
});

it("ends at the same place from nearby, and leaves out a column that says nothing", () => {
  const far = fitLogistic(examples);
  const near = fitLogistic(examples, { bias: 0.4, weights: [0.25, -1.2] });
  expect(near.bias).toBeCloseTo(far.bias, 6);
  expect(near.weights[0]).toBeCloseTo(far.weights[0] as number, 6);
  const constant = fitLogistic(examples.map((each) => ({ ...each, values: [...Array.from(each.values), 7] })));
  expect(constant.weights[2]).toBeCloseTo(0, 10);
});
