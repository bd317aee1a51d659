import { LayerError } from "../core/errors.ts";
import { unitOf } from "./check.ts";
import { decodeText } from "./chroma-text.ts";
import type { VectorHit, VectorRecord } from "./port.ts";

/** Rounding makes distances leave 0 to 2 by less than this. */
const ROUNDING = 0.001;

export function badAnswer(what: string, cause?: unknown): LayerError {
  return new LayerError("bad_response", `Chroma: ${what}`, { cause });
}

/** @throws {LayerError} `bad_response`, as all of these: the package passes on whatever came. */
export function readCount(answer: unknown): number {
  if (typeof answer === "number" && Number.isInteger(answer) && answer >= 0) return answer;
  throw badAnswer("the answer is not a count");
}

export function readIds(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) throw badAnswer("the answer has no ids");
  return answer.map((encoded: unknown) => {
    const id = typeof encoded === "string" ? decodeText(encoded) : undefined;
    if (id === undefined) throw badAnswer("the collection holds a record that this program did not write");
    return id;
  });
}

/** In no promised order. */
export function readHits(answer: { readonly ids: unknown; readonly distances: unknown }): readonly VectorHit[] {
  const ids = readIds(only(answer.ids));
  const distances = only(answer.distances);
  if (distances.length !== ids.length) throw badAnswer("the answer has not one distance for each id");
  return ids.map((id, at) => {
    const distance: unknown = distances[at];
    // Null stands for the distance of a vector that is no direction, and what is beyond is no cosine distance.
    if (typeof distance !== "number" || !(distance > -ROUNDING && distance < 2 + ROUNDING)) {
      throw badAnswer("the answer has a distance that is not between 0 and 2");
    }
    return { id, score: Math.max(-1, Math.min(1, 1 - distance)) };
  });
}

/** In no promised order. */
export function readRecords(
  answer: { readonly ids: unknown; readonly embeddings: unknown },
  dimension: number,
): readonly VectorRecord[] {
  const ids = readIds(answer.ids);
  const { embeddings } = answer;
  if (!Array.isArray(embeddings) || embeddings.length !== ids.length) {
    throw badAnswer("the answer has not one vector for each id");
  }
  return ids.map((id, at) => {
    const numbers: unknown = embeddings[at];
    // A component that is no number comes as null, of which an array of numbers would make 0.
    if (!Array.isArray(numbers) || !numbers.every((value) => typeof value === "number")) {
      throw badAnswer("the answer has a vector that is no list of numbers");
    }
    try {
      return { id, vector: unitOf(Float32Array.from(numbers), dimension, id) };
    } catch (cause) {
      throw badAnswer("the answer has a vector that cannot have been stored here", cause);
    }
  });
}

/** The one entry of an answer to a single question. */
function only(lists: unknown): readonly unknown[] {
  if (Array.isArray(lists) && lists.length === 1 && Array.isArray(lists[0])) return lists[0];
  throw badAnswer("the answer is not that to one question");
}
