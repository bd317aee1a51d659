import { LayerError } from "../core/errors.ts";

/** Of a query. */
const LARGEST_LIMIT = 1000;

/**
 * The vector with the length 1.
 * @throws {LayerError} `invalid_request` for a vector without a direction, or of another dimension.
 */
export function unitOf(vector: Float32Array, dimension: number, id: string): Float32Array {
  if (vector.length !== dimension || dimension === 0) {
    throw new LayerError("invalid_request", `vector "${id}" has ${vector.length} numbers; this space has ${dimension}`);
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!Number.isFinite(squares)) {
    throw new LayerError("invalid_request", `vector "${id}" holds a value that is not a finite number`);
  }
  if (squares === 0) throw new LayerError("invalid_request", `vector "${id}" is all zero`);
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}

/** For questions whose answer does not depend on what is asked for. */
export function someUnit(dimension: number): Float32Array {
  return new Float32Array(dimension).fill(1, 0, 1);
}

/** @throws {LayerError} `invalid_request` unless it is a whole number from 1 to `largest`. */
export function checkLimit(limit: number, largest = LARGEST_LIMIT): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= largest) return;
  throw new LayerError("invalid_request", `limit is ${limit}; allowed is a whole number from 1 to ${largest}`);
}

/** The page of `ids`, which may be in any order, as the port promises it. */
export function pageOf(ids: readonly string[], after: string | undefined, limit: number): readonly string[] {
  return ids
    .filter((id) => after === undefined || id > after)
    .sort()
    .slice(0, limit);
}
