import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export interface VectorRecord {
  /** Chunk id, any string; an upsert of the same id replaces. */
  readonly id: string;
  readonly vector: Float32Array;
}

export interface VectorHit {
  readonly id: string;
  /** Cosine similarity, -1 to 1. */
  readonly score: number;
}

export interface IdsPage {
  /** The last id of the page before; absent: from the start. It need not exist any more. */
  readonly after?: string;
  /** The most ids to return, a whole number from 1. */
  readonly limit: number;
}

/** A space with what its name stands for: vectors of one model, of so many numbers each. */
export interface VectorSpace {
  readonly name: string;
  /** Numbers in a vector, from 1. */
  readonly dimension: number;
}

/** An index of vectors, one separate collection for each space. */
export interface Vectors extends Port {
  /**
   * Of an id that comes twice the last vector stays. A port on another machine sends large calls in parts: when it fails in
   * the middle, some records are stored, and the same call again completes them.
   * @throws {LayerError} `invalid_request`, storing nothing of the batch, when a vector has another dimension than the
   * space's first one, is all zero, or holds NaN or an infinity.
   */
  upsert(space: string, records: readonly VectorRecord[], context: CallContext): Promise<void>;
  /** Unknown ids are ignored. */
  remove(space: string, ids: readonly string[], context: CallContext): Promise<void>;
  /**
   * The `limit` (1 to 1000) most similar, best first, ties by id; nothing for a space without vectors.
   * @throws {LayerError} `invalid_request` for another limit, and for a vector that `upsert` would refuse.
   */
  query(space: string, vector: Float32Array, limit: number, context: CallContext): Promise<readonly VectorHit[]>;
  count(space: string, context: CallContext): Promise<number>;
  /**
   * The ids of a space in ascending order of their UTF-16 code units; a page shorter than its limit is the last one. An id
   * that is there during all pages is in exactly one of them. Each page costs a reading of all ids: ask for large ones.
   */
  ids(space: string, page: IdsPage, context: CallContext): Promise<readonly string[]>;
  /** The stored records with unit vectors, each once, in the order in which their ids are asked for; unknown ids are left out. */
  get(space: string, ids: readonly string[], context: CallContext): Promise<readonly VectorRecord[]>;
  /**
   * What the port holds under this name for vectors of another dimension is not this space's: from now on it uses a place of its own
   * beside that, which is left as it is. True: it had used the other one until now, so nothing it has said of the space holds any more.
   * Absent, as the two members below, where nobody else can write to the port. Asks nobody.
   */
  expect?(space: VectorSpace): boolean;
  /**
   * Deletes a space and all its vectors, and nothing that was not made for a space of this name and dimension. False: there was none.
   */
  discard?(space: VectorSpace, context: CallContext): Promise<boolean>;
  /** What stands where a space should be, and is something else: names that tell an operator where to look. Asks nobody. */
  strangers?(): readonly string[];
}
