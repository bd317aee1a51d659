import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export interface Reranker extends Port {
  /** One relevance score for each text, in order, 0 (unrelated) to 1. */
  score(query: string, texts: readonly string[], context: CallContext): Promise<readonly number[]>;
}
