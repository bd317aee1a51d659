import type { Source } from "../retrieval/knowledge.ts";

/**
 * A passage of a section in which the answer to a refused question may be: a place to look at, so without its words, which
 * answer nothing. `start` and `end` are those of the passage.
 */
export type Related = Omit<Source, "quote">;
