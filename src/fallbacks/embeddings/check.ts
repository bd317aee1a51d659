import { LayerError } from "../core/errors.ts";

/**
 * Lets vectors through only as a whole: one for each text, each of `dimension` numbers, finite and not all zero as 32-bit floats,
 * which is what they are stored as. `undefined` is a text without a usable token. A vector store would take anything, and answer
 * from it for ever.
 * @throws {LayerError} `bad_response` at the first thing that is wrong.
 */
export function checkVectors(
  vectors: readonly (ArrayLike<number> | undefined)[],
  expected: { readonly count: number; readonly dimension: number },
): void {
  const { count, dimension } = expected;
  if (!Number.isInteger(dimension) || dimension < 1) throw bad(`vectors of ${dimension} numbers`);
  if (vectors.length !== count) throw bad(`${vectors.length} vectors for ${count} texts`);
  for (const vector of vectors) {
    if (!vector) continue;
    if (vector.length !== dimension) throw bad(`a vector of ${vector.length} numbers instead of ${dimension}`);
    let zeros = true;
    for (let at = 0; at < dimension; at += 1) {
      // Rounded, so that what overflows or vanishes on the way into a store is refused as well.
      const given: unknown = vector[at];
      const value = typeof given === "number" ? Math.fround(given) : Number.NaN;
      if (!Number.isFinite(value)) throw bad("a vector with a number that is not finite");
      if (value !== 0) zeros = false;
    }
    if (zeros) throw bad("a vector of zeros");
  }
}

const bad = (what: string) => new LayerError("bad_response", `the embedder gave ${what}`);
