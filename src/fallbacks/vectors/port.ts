import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export interface VectorRecord {
  /** Chunk id; an upsert of the same id replaces. */
  readonly id: string;
  readonly vector: Float32Array;
}

export interface VectorHit {
  readonly id: string;
  /** Cosine similarity, -1 to 1. */
  readonly score: number;
}

/** An index of vectors, one separate collection for each space. */
export interface Vectors extends Port {
  /**
   * @throws {LayerError} `invalid_request`, storing nothing of the batch, when a vector has another dimension than the
   * space's first one, is all zero, or holds NaN or an infinity.
   */
  upsert(space: string, records: readonly VectorRecord[], context: CallContext): Promise<void>;
  /** Unknown ids are ignored. */
  remove(space: string, ids: readonly string[], context: CallContext): Promise<void>;
  /** The `limit` (1 to 1000) most similar, best first, ties by id; nothing for a space without vectors. */
  query(space: string, vector: Float32Array, limit: number, context: CallContext): Promise<readonly VectorHit[]>;
  count(space: string, context: CallContext): Promise<number>;
}
