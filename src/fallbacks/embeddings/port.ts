import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export type EmbedKind = "document" | "query";

/** Vectors never come without their space. */
export interface Embedded {
  /** Fingerprint of model, revision, dimension, normalisation and prefix: vectors of two spaces are never compared. */
  readonly space: string;
  /**
   * One unit-length vector for each text, in order, all of one dimension. A text with no usable token gets `undefined`,
   * as a zero vector has no direction.
   */
  readonly vectors: readonly (Float32Array | undefined)[];
}

export interface Embeddings extends Port {
  embed(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<Embedded>;
}

/** Embeddings that need nothing from elsewhere: their space is known before the first text. */
export interface LocalEmbeddings extends Embeddings, Pick<Embedded, "space"> {}
