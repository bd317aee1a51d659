import { LayerError } from "../core/errors.ts";

/**
 * Lets vectors through only as a whole: one for each text, each of `dimension` numbers, finite and not all zero. `undefined` is
 * a text without a usable token. A vector store would take anything, and answer from it for ever.
 * @throws {LayerError} `bad_response` at the first thing that is wrong.
 */
export function checkVectors(
  vectors: readonly (Float32Array | undefined)[],
  expected: { readonly count: number; readonly dimension: number },
): void {
  const { count, dimension } = expected;
  if (!Number.isInteger(dimension) || dimension < 1) throw bad(`vectors of ${dimension} numbers`);
  if (vectors.length !== count) throw bad(`${vectors.length} vectors for ${count} texts`);
  for (const vector of vectors) {
    if (!vector) continue;
    if (vector.length !== dimension) throw bad(`a vector of ${vector.length} numbers instead of ${dimension}`);
    if (!vector.every(Number.isFinite)) throw bad("a vector with a number that is not finite");
    if (!vector.some((value) => value !== 0)) throw bad("a vector of zeros");
  }
}

const bad = (what: string) => new LayerError("bad_response", `the embedder gave ${what}`);
