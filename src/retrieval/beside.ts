import { compareRanked } from "../fallbacks/core/top.ts";
import type { VectorRecord } from "../fallbacks/vectors/port.ts";
import { dot } from "../text/dot.ts";
import type { Bm25Index } from "./bm25.ts";
import { documentIdOfChunk } from "./ingest.ts";
import type { Library, LibraryChunk, Searched } from "./library.ts";
import type { VectorIndex } from "./vector-index.ts";

/** A document that is not live, as a search looks through it. */
export interface Beside {
  readonly documentId: string;
  readonly chunks: readonly LibraryChunk[];
  /** Of its passages alone, findable there. */
  readonly words: Bm25Index;
  /** Unit vectors, by space. */
  readonly vectors: ReadonlyMap<string, readonly VectorRecord[]>;
  /** The live document in whose place it is, if there is one now: that is not found. */
  readonly replaced: () => string | undefined;
}

/**
 * A base as it would be with this document. Both are read and neither is changed, so that nobody else finds anything of it, and nothing
 * has to be taken back. What is measured over the whole base is measured as if the document were live: results are the same to the last digit,
 * except as `vectorsBeside` says.
 */
export function searchedBeside(base: Pick<Library, "chunks" | "words">, own: Beside): Searched {
  const chunks = new Map(own.chunks.map((chunk) => [chunk.id, chunk]));

  function get(id: string): LibraryChunk | undefined {
    const documentId = documentIdOfChunk(id);
    if (documentId === own.documentId) return chunks.get(id);
    return documentId === own.replaced() ? undefined : base.chunks.get(id);
  }

  function figures() {
    const [theirs, ours] = [base.words.figuresWithout(own.replaced()), own.words.figuresWithout()];
    return {
      documents: theirs.documents + ours.documents,
      terms: theirs.terms + ours.terms,
      holding: (term: string) => theirs.holding(term) + ours.holding(term),
    };
  }

  return {
    chunks: { get, has: (id) => get(id) !== undefined },
    words: {
      get documents() {
        return figures().documents;
      },
      holding: (term) => figures().holding(term),
      search(query, limit, accept, least) {
        const all = figures();
        const left = own.replaced();
        const stays = (id: string) => documentIdOfChunk(id) !== left && (accept === undefined || accept(id));
        const theirs = base.words.search(query, limit, left === undefined ? accept : stays, least, all);
        const ours = own.words.search(query, limit, accept, least, all);
        return [...theirs, ...ours].sort(compareRanked).slice(0, limit);
      },
    },
  };
}

/**
 * The same of the vectors. Where a model has not made those of the document, both are compared by the local ones. Hits of the replaced
 * version are among the results, for whoever asks to leave out and to ask for more: of a version so large that it fills the most that is
 * ever asked for, others are not found by vectors.
 */
export function vectorsBeside(index: Pick<VectorIndex, "query">, own: Beside): Pick<VectorIndex, "query"> {
  const ids = new Set(own.chunks.map(({ id }) => id));
  return {
    async query(question, limit, context) {
      const { space, asked, hits } = await index.query(question, limit, context, own.vectors);
      if (!asked) return { space, asked, hits };
      const ours = (own.vectors.get(space) ?? []).map(({ id, vector }) => ({ id, score: dot(asked, vector) }));
      const theirs = hits.filter(({ id }) => !ids.has(id));
      return { space, asked, hits: [...theirs, ...ours].sort(compareRanked).slice(0, limit) };
    },
  };
}
