import { Matrix, solve } from "ml-matrix";

export interface Example {
  readonly values: ArrayLike<number>;
  readonly positive: boolean;
  /** How much it counts, above 0. */
  readonly weight: number;
}

/** `bias + sum of weights x values` is the logarithm of the odds. */
export interface Logistic {
  readonly bias: number;
  readonly weights: readonly number[];
}

/** Against weights that only repeat each other: as if so much had spoken for 0. From 30 to 100 one of a hundred right answers fewer, and AUROC on stackfaq .006 higher. */
const RIDGE = 50;
const MOST_STEPS = 50;
/** In a step so small nothing changes any more: weights are kept with three decimals. */
const SETTLED = 1e-4;

/**
 * Logistic regression with a ridge on standardised values, by Newton's method (iteratively reweighted least squares).
 * @param near a fit of nearly the same examples, from which it is not as far
 */
export function fitLogistic(examples: readonly Example[], near?: Logistic): Logistic {
  const columns = examples[0]?.values.length ?? 0;
  const { means, spreads } = scaleOf(examples, columns);
  const rows = examples.map(({ values }) => {
    const row = new Float64Array(columns + 1);
    row[0] = 1;
    for (let at = 0; at < columns; at += 1)
      row[at + 1] = ((values[at] as number) - (means[at] as number)) / (spreads[at] as number);
    return row;
  });
  const beta = near ? standardised(near, means, spreads) : new Float64Array(columns + 1);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const change = newtonStep(rows, examples, beta);
    for (const [index, value] of change.entries()) beta[index] = (beta[index] as number) + value;
    if (Math.max(...change.map(Math.abs)) < SETTLED) break;
  }
  const weights = Array.from(beta.subarray(1), (value, column) => value / (spreads[column] as number));
  const bias = weights.reduce((sum, weight, column) => sum - weight * (means[column] as number), beta[0] as number);
  return { bias, weights };
}

export function logOdds({ bias, weights }: Logistic, values: ArrayLike<number>): number {
  return weights.reduce((sum, weight, index) => sum + weight * (values[index] as number), bias);
}

function standardised({ bias, weights }: Logistic, means: Float64Array, spreads: Float64Array): Float64Array {
  const middle = weights.reduce((sum, weight, column) => sum + weight * (means[column] as number), bias);
  return Float64Array.of(middle, ...weights.map((weight, column) => weight * (spreads[column] as number)));
}

/** The mean and the standard deviation of each column; 1 for one that is the same everywhere. */
function scaleOf(examples: readonly Example[], columns: number) {
  const means = new Float64Array(columns);
  const spreads = new Float64Array(columns);
  const all = examples.reduce((sum, { weight }) => sum + weight, 0);
  for (let column = 0; column < columns; column += 1) {
    const mean = examples.reduce((sum, { values, weight }) => sum + weight * (values[column] as number), 0) / all;
    const square = (value: number) => (value - mean) ** 2;
    const spread = examples.reduce((sum, { values, weight }) => sum + weight * square(values[column] as number), 0);
    means[column] = mean;
    spreads[column] = Math.sqrt(spread / all) || 1;
  }
  return { means, spreads };
}

function newtonStep(rows: readonly Float64Array[], examples: readonly Example[], beta: Float64Array) {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const curvature = new Float64Array(size * size);
  for (const [index, row] of rows.entries()) {
    const { weight, positive } = examples[index] as Example;
    let odds = 0;
    for (let at = 0; at < size; at += 1) odds += (row[at] as number) * (beta[at] as number);
    const likely = 1 / (1 + Math.exp(-odds));
    const off = weight * ((positive ? 1 : 0) - likely);
    const steep = weight * likely * (1 - likely);
    for (let a = 0; a < size; a += 1) {
      gradient[a] = (gradient[a] as number) + off * (row[a] as number);
      const share = steep * (row[a] as number);
      // What is above the diagonal is the same as what is below it.
      for (let b = 0, at = a * size; b <= a; b += 1, at += 1)
        curvature[at] = (curvature[at] as number) + share * (row[b] as number);
    }
  }
  const whole = new Matrix(size, size);
  for (let a = 0; a < size; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      const value = curvature[a * size + b] as number;
      whole.set(a, b, value);
      whole.set(b, a, value);
    }
    if (a === 0) continue;
    gradient[a] = (gradient[a] as number) - RIDGE * (beta[a] as number);
    whole.set(a, a, whole.get(a, a) + RIDGE);
  }
  return solve(whole, Matrix.columnVector(gradient)).to1DArray();
}
