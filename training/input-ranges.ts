import { type InputRange, type InputRanges, inputs, inputsOf } from "../src/retrieval/answer-terms.ts";
import type { JudgedQuestion } from "./judged-passages.ts";

/** So small a share of all passages lies below what counts as the least of an input, and so small a one above the most. */
const BEYOND = 0.002;

/** Over all passages that were found, 4 decimals. */
export function rangesOf(questions: readonly JudgedQuestion[]): InputRanges {
  const all = questions.flatMap(({ passages, asked }) => passages.map(({ features }) => inputsOf(features, asked)));
  const range = (name: (typeof inputs)[number]): InputRange => {
    const values = Float64Array.from(all, (each) => each[name]).sort();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const at = (share: number) => values[Math.round(share * (values.length - 1))] as number;
    return {
      least: rounded(at(BEYOND)),
      most: rounded(at(1 - BEYOND)),
      mean: rounded(mean),
      spread: rounded(Math.sqrt(square)),
    };
  };
  return Object.fromEntries(inputs.map((name) => [name, range(name)])) as Record<(typeof inputs)[number], InputRange>;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
