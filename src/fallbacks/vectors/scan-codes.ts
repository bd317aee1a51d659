import { COLUMN_BYTES, PAIR_BYTES } from "./scan-kernel.ts";

/**
 * Rows are also kept as codes of 8 bits (scalar quantisation), a quarter of their bytes: a number is that of the centre and its code times
 * the scale of the row, but for half a scale at most. From that follows how far a product with codes can be from the true one, so
 * nothing that may be among the best is lost. Products with the centre are left out, as they are the same for all rows. Without a centre
 * a number that is large in all rows, which some models have, would make all scales coarse.
 */

/** A question as the kernel takes it. */
export interface CodedQuery {
  /** As `Kernel.codedProducts` reads them. */
  readonly pairs: Int32Array;
  /** What one stands for in a product with codes, times the scale of the row. */
  readonly unit: number;
  /** How far, in scales of the row, the product can be from the true one. */
  readonly error: number;
}

const LARGEST_CODE = 127;
const LARGEST_WEIGHT = 32_767;
/** A little less than what 32 bits hold for each code: products must not wrap around. */
const LARGEST_SUM = 2 ** 31 / (LARGEST_CODE + 2);
/** For the singles in which codes and scales are calculated. */
const ROUNDING = 1.001;

/** @param query unit length. Columns where it is 0 are left out: a question by hashed words has few others. */
export function encodeQuery(query: Float32Array): CodedQuery {
  const columns: number[] = [];
  let [sum, largest] = [0, 0];
  for (const [column, number] of query.entries()) {
    if (number === 0) continue;
    columns.push(column);
    sum += Math.abs(number);
    largest = Math.max(largest, Math.abs(number));
  }
  const weights = Math.min(LARGEST_WEIGHT / largest, LARGEST_SUM / sum);
  const weightOf = (column: number) => Math.round((query[column] as number) * weights);
  const words = PAIR_BYTES / Int32Array.BYTES_PER_ELEMENT;
  const pairs = new Int32Array(Math.ceil(columns.length / 2) * words);
  for (let at = 0; at < columns.length; at += 2) {
    const one = columns[at] as number;
    const other = columns[at + 1];
    const both = (weightOf(one) & 0xffff) | (other === undefined ? 0 : weightOf(other) << 16);
    pairs.set([one * COLUMN_BYTES, (other ?? one) * COLUMN_BYTES, both], (at / 2) * words);
  }
  // Half a scale for each number of the row, half a weight for each of the question.
  const error = ROUNDING * (sum / 2 + (LARGEST_CODE * columns.length) / 2 / weights);
  return { pairs, unit: 1 / weights, error };
}
