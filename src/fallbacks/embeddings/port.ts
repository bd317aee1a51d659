import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export type EmbedKind = "document" | "query";

export interface Embeddings extends Port {
  /** Fingerprint of model, revision, dimension, normalisation and prefix: vectors of two spaces are never compared. */
  readonly space: string;
  readonly dimension: number;
  /**
   * One unit-length vector of `dimension` numbers for each text, in order. A text with no usable token gets
   * `undefined`, as a zero vector has no direction.
   */
  embed(
    texts: readonly string[],
    kind: EmbedKind,
    context: CallContext,
  ): Promise<readonly (Float32Array | undefined)[]>;
}
