import type { CallContext } from "../fallbacks/core/context.ts";
import type { LibraryChunk, Searched } from "./library.ts";
import { fuse } from "./rrf.ts";
import { questionTerms } from "./terms.ts";
import { tolerate } from "./tolerate.ts";
import type { VectorIndex } from "./vector-index.ts";

export interface ProposeOptions {
  readonly library: Searched;
  readonly vectorIndex: Pick<VectorIndex, "query">;
  /** Space of the feature hash, whose vectors know words and no meaning. */
  readonly hashSpace: string;
}

/** Which passages may be found; undefined: all. Nobody hears anything of the others. Asked again after each wait. */
export type Accept = ((chunkId: string) => boolean) | undefined;

/** What words and vectors propose for a question, best first. */
export interface Proposed {
  readonly lexical: readonly string[];
  readonly semantic: readonly string[];
  /** Those of both, with what both say together, 0 to 1. */
  readonly fused: ReadonlyMap<string, number>;
  /** Whose vectors have been compared. */
  readonly kind: "hash" | "model";
}

/** Passages that each path may propose. */
export const PATH_LIMIT = 25;
/** Passages that are reranked and weighed: with 12, the hybrid lost to its own lexical half. */
const RERANK_LIMIT = 25;
/** Of these so many at least of the first by words: a model that does not know the language of the base finds anything nearer. */
const WORDS_LEAST = 8;
/** Where some may not be found, or say the same, more are asked for, until there are enough or no more. */
const ASKED_MORE = 4;
const MOST_ASKED = 1_000;
/** How much the vector path counts of the two; hash vectors are the coarser index of words: measured best at 0.1. */
const MODEL_SHARE = 0.6;
const HASH_SHARE = 0.1;

/** @throws {LayerError} only `aborted`. */
export function createPropose({ library, vectorIndex, hashSpace }: ProposeOptions) {
  return async (question: string, accept: Accept, context: CallContext): Promise<Proposed> => {
    const terms = questionTerms(question);
    const byWords = async (limit: number) => library.words.search(terms, limit, accept).map(({ id }) => id);
    let space: string | undefined;
    const byVectors = async (limit: number) => {
      const found = await tolerate(context, () => vectorIndex.query(question, limit, context));
      space = found?.space;
      return (found?.hits ?? []).map(({ id }) => id);
    };
    const [lexical, semantic] = await Promise.all([
      firstOf(library, byWords, accept),
      firstOf(library, byVectors, accept),
    ]);
    const kind = space === undefined || space === hashSpace ? "hash" : "model";
    const share = kind === "hash" ? HASH_SHARE : MODEL_SHARE;
    const fused = fuse([
      { ids: semantic, weight: share },
      { ids: lexical, weight: 1 - share },
    ]);
    return { lexical, semantic, fused: new Map(fused.map(({ id, score }) => [id, score])), kind };
  };
}

/**
 * The first 25 of a path that may be found, and as many more as it takes for 25 different texts. A vector index that outlives
 * this process may still know what has been removed.
 */
export async function firstOf(
  library: Searched,
  path: (limit: number) => Promise<readonly string[]>,
  accept: Accept,
): Promise<readonly string[]> {
  const isFound = (id: string) => library.chunks.has(id) && (accept === undefined || accept(id));
  for (let limit = PATH_LIMIT; ; limit = Math.min(MOST_ASKED, limit * ASKED_MORE)) {
    const all = await path(limit);
    const found = all.filter(isFound);
    const texts = new Set<string>();
    const enough = found.findIndex((id, index) => {
      texts.add(library.chunks.get(id)?.text ?? "");
      return index + 1 >= PATH_LIMIT && texts.size >= RERANK_LIMIT;
    });
    if (enough >= 0) return found.slice(0, enough + 1);
    if (all.length < limit || limit === MOST_ASKED) return found;
  }
}

/** What is reranked and weighed: the first of the words whatever the vectors say, and then the first of both paths together. */
export function candidatesOf(library: Searched, { lexical, fused }: Proposed, accept: Accept): readonly LibraryChunk[] {
  const sure = differentOf(library, lexical, accept).slice(0, WORDS_LEAST);
  const texts = new Set(sure.map(({ text }) => text));
  let others = RERANK_LIMIT - texts.size;
  return differentOf(library, fused.keys(), accept).filter(({ text }) => {
    if (texts.has(text)) return true;
    others -= 1;
    return others >= 0;
  });
}

/** The same text twice says nothing more: the first one stays. */
export function differentOf(library: Searched, ids: Iterable<string>, accept: Accept): readonly LibraryChunk[] {
  const said = new Set<string>();
  const different: LibraryChunk[] = [];
  for (const id of ids) {
    const chunk = library.chunks.get(id);
    if (!chunk || said.has(chunk.text) || accept?.(id) === false) continue;
    said.add(chunk.text);
    different.push(chunk);
  }
  return different;
}
