import { createHash } from "node:crypto";

/** The vectors of the questions that were asked last, all of one space. What was asked is not kept, only its digest. */
export interface QueryCache {
  /** Undefined: not among them; null: known to have no vector. Counts as a use. */
  get(text: string): Float32Array | null | undefined;
  /** What is kept of another space is forgotten first. Nobody may change the vector afterwards. */
  put(space: string, text: string, vector: Float32Array | null): void;
  /** The space of what is kept; undefined while there is nothing. */
  readonly space: string | undefined;
}

/**
 * @param size texts at most, 0 or more; the one that was not used for the longest time goes first.
 * @throws {RangeError} for another size.
 */
export function createQueryCache(size: number): QueryCache {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`questionsKept is ${size}; allowed is 0 or more`);
  // In the order of their use: a map keeps the order in which keys were put in.
  const kept = new Map<string, Float32Array | null>();
  let current: string | undefined;

  return {
    get(text) {
      const key = digestOf(text);
      const vector = kept.get(key);
      if (vector === undefined) return undefined;
      kept.delete(key);
      kept.set(key, vector);
      return vector;
    },
    put(space, text, vector) {
      if (size === 0) return;
      if (space !== current) kept.clear();
      current = space;
      const key = digestOf(text);
      kept.delete(key);
      kept.set(key, vector);
      const [oldest] = kept.keys();
      if (kept.size > size && oldest !== undefined) kept.delete(oldest);
    },
    get space() {
      return current;
    },
  };
}

const digestOf = (text: string) => createHash("sha256").update(text).digest("base64");
