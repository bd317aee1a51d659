import { Matrix, solve } from "ml-matrix";

export interface Example {
  readonly values: readonly number[];
  readonly positive: boolean;
  /** How much it counts, above 0. */
  readonly weight: number;
}

/** `bias + sum of weights x values` is the logarithm of the odds. */
export interface Logistic {
  readonly bias: number;
  readonly weights: readonly number[];
}

/** Against weights that only repeat each other: as if so much had spoken for 0. Measured alike from 1 to 10. */
const RIDGE = 3;
const MOST_STEPS = 50;
/** In a step so small nothing changes any more. */
const SETTLED = 1e-7;

/** Logistic regression with a ridge on standardised values, by Newton's method (iteratively reweighted least squares). */
export function fitLogistic(examples: readonly Example[]): Logistic {
  const columns = examples[0]?.values.length ?? 0;
  const all = examples.reduce((sum, { weight }) => sum + weight, 0);
  const means = Array.from({ length: columns }, (_, column) => mean(examples, (values) => values[column] ?? 0, all));
  const spreads = means.map((middle, column) =>
    Math.sqrt(mean(examples, (values) => ((values[column] ?? 0) - middle) ** 2, all)),
  );
  const rows = examples.map(({ values }) => [
    1,
    ...values.map((value, column) => (value - (means[column] ?? 0)) / (spreads[column] || 1)),
  ]);
  let beta = Array.from({ length: columns + 1 }, () => 0);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const change = newtonStep(rows, examples, beta);
    beta = beta.map((value, index) => value + (change[index] ?? 0));
    if (Math.max(...change.map(Math.abs)) < SETTLED) break;
  }
  const weights = beta.slice(1).map((value, column) => value / (spreads[column] || 1));
  const bias = weights.reduce((sum, weight, column) => sum - weight * (means[column] ?? 0), beta[0] ?? 0);
  return { bias, weights };
}

export function logOdds({ bias, weights }: Logistic, values: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * (values[index] ?? 0), bias);
}

function mean(examples: readonly Example[], of: (values: readonly number[]) => number, all: number): number {
  return examples.reduce((sum, { values, weight }) => sum + weight * of(values), 0) / all;
}

function newtonStep(rows: readonly (readonly number[])[], examples: readonly Example[], beta: readonly number[]) {
  const size = beta.length;
  const gradient = Matrix.zeros(size, 1);
  const curvature = Matrix.zeros(size, size);
  rows.forEach((row, index) => {
    const { weight, positive } = examples[index] as Example;
    const odds = row.reduce((sum, value, column) => sum + value * (beta[column] ?? 0), 0);
    const likely = 1 / (1 + Math.exp(-odds));
    const off = weight * ((positive ? 1 : 0) - likely);
    const steep = weight * likely * (1 - likely);
    for (let a = 0; a < size; a += 1) {
      gradient.set(a, 0, gradient.get(a, 0) + off * (row[a] ?? 0));
      for (let b = 0; b < size; b += 1)
        curvature.set(a, b, curvature.get(a, b) + steep * (row[a] ?? 0) * (row[b] ?? 0));
    }
  });
  for (let a = 1; a < size; a += 1) {
    gradient.set(a, 0, gradient.get(a, 0) - RIDGE * (beta[a] ?? 0));
    curvature.set(a, a, curvature.get(a, a) + RIDGE);
  }
  return solve(curvature, gradient).to1DArray();
}
