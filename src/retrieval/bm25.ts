import type { Ranked } from "../fallbacks/core/top.ts";
import type { PackedWords } from "./prepared.ts";
import { rarityOf } from "./rarity.ts";
import type { Work } from "./slices.ts";
import { type Compacted, compact } from "./words-compact.ts";
import { createWordsSearch, type Figures, type QueryTerm } from "./words-search.ts";
import { createWordsSharing } from "./words-sharing.ts";
import { createShelf, type Shelf } from "./words-shelf.ts";

export { rarityOf };

export interface Bm25Options {
  /**
   * How soon repeating a term stops counting: 0 counts presence only, the score of one term never passes k1 + 1 times
   * its rarity. 1.2 is the usual middle.
   */
  readonly k1?: number;
  /** How much a long text is held against it: 0 not at all, 1 in full proportion. 0.75 is usual. */
  readonly b?: number;
  /** What an earlier index had; nothing of it is found before it is `put`. */
  readonly from?: Compacted;
  /** As `createShelf` has it; no result depends on it. Default 16. */
  readonly mostHidden?: number;
}

/** A term of such a list, and what it counts. */
export interface WeighedTerm {
  readonly index: number;
  readonly weight: number;
}

export interface SharingOptions {
  readonly limit: number;
  readonly least: number;
  /** As for `search`. */
  readonly accept?: ((id: string) => boolean) | undefined;
}

/**
 * Passages found by their words. A change costs as much as its document is long, whatever the corpus; passage `index` of a
 * document has the id `chunkIdOf(documentId, index)`.
 */
export interface Bm25Index {
  /** How many passages can be found. */
  readonly documents: number;
  /** Whether the words of a document are here, findable or not. */
  has(documentId: string): boolean;
  /** Writes the words of a document, in slices, so that `put` takes an instant. Nothing of it is found before. */
  stage(documentId: string, words: PackedWords): Work<void>;
  /**
   * Makes a document findable in one instant. With words it replaces what it had; without, it must be known.
   * @throws {Error} when it has neither words nor was staged.
   */
  put(documentId: string, words?: PackedWords): void;
  /** Takes a document out in one instant, staged or findable; an unknown one is ignored. */
  remove(documentId: string): void;
  /**
   * The best `limit` that hold at least one of the terms (term -> weight, above 0), best first, ties by id.
   * @param accept leaves out whole documents, before the cut; asked once for each, with the id of one of its passages.
   * @param least passages with a lower score may be missing, whoever does not want them waits less. Default 0.
   * @param figures of what these passages are ranked among. Default: those of this index.
   */
  search(
    query: ReadonlyMap<string, number>,
    limit: number,
    accept?: (id: string) => boolean,
    least?: number,
    figures?: Figures,
  ): readonly Ranked[];
  /**
   * The best `limit` by the sum of the weights, above 0, of those of some terms that they hold, at least `least`, above 0; best first, ties
   * by id. The terms are named by their indices in the list of a document's words, so that they need not be looked up, each once.
   */
  sharing(terms: readonly string[], asked: readonly WeighedTerm[], options: SharingOptions): readonly Ranked[];
  /** How many passages that can be found hold the term. */
  holding(term: string): number;
  /** What is measured over all that can be found but this document; an unknown one takes nothing away. Valid until something changes. */
  figuresWithout(documentId?: string): Figures;
  /** The same for the term with this index in such a list. */
  holdingOf(terms: readonly string[], index: number): number;
  /** Whether `compact` would give back much memory, or make much of what was added faster to find. */
  readonly isLoose: boolean;
  /**
   * Packs everything anew without what is gone, in slices; everything else may be called meanwhile. One at a time. The index
   * goes over to it in one instant.
   * @returns what it has become.
   */
  compact(): Work<Compacted>;
}

/** Fewer slots or entries are not worth it. */
const LEAST_SLOTS = 1_000;
const LEAST_ENTRIES = 2_000_000;

/**
 * Okapi BM25 as in Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
 * rarity ln(1 + (N - n + 0.5) / (n + 0.5)) that stays above 0 also for a term that most texts hold. Of an asked term, with
 * n of N passages holding it, and a passage with f of them among its l terms where the average is L, the score is
 * weight * rarity * f * (k1 + 1) / (f + k1 * (1 - b + b * l / L)), added up from the term that says most to the one that says
 * least.
 */
export function createBm25Index(options: Bm25Options = {}): Bm25Index {
  const { k1 = 1.2, b = 0.75, from, mostHidden } = options;
  const searchIn = createWordsSearch({ k1, b });
  const sharingIn = createWordsSharing();
  let shelf = createShelf(from?.base, from?.documents, mostHidden);
  /** Words that came while everything is being packed: to be written once more. */
  let late: Map<string, PackedWords> | undefined;
  let writing: Work<void> | undefined;

  /** Entries of a term are in the order of slots, so a document that is half written goes first. */
  function finishWriting(): void {
    if (writing) finish(writing);
  }

  function* write(documentId: string, words: PackedWords): Work<void> {
    finishWriting();
    shelf.drop(documentId);
    const own = writeWhole(documentId, words);
    writing = own;
    try {
      yield* own;
    } finally {
      if (writing === own) writing = undefined;
    }
  }

  function* writeWhole(documentId: string, words: PackedWords): Work<void> {
    yield* shelf.write(documentId, words);
    late?.set(documentId, words);
  }

  /** Brings what was packed up to what has happened since. */
  function* catchUp(next: Shelf, known: Shelf): Work<void> {
    for (;;) {
      finishWriting();
      const [missing] = late ?? [];
      if (!missing) break;
      const [documentId, words] = missing;
      late?.delete(documentId);
      next.drop(documentId);
      if (known.documents.has(documentId)) yield* next.write(documentId, words);
    }
  }

  return {
    get documents() {
      return shelf.passages;
    },
    get isLoose() {
      const { dead, postings } = shelf;
      const live = postings.slots - dead;
      return (
        dead > Math.max(LEAST_SLOTS, live / 3) ||
        postings.loose > Math.max(LEAST_ENTRIES, postings.entries - postings.loose)
      );
    },
    has: (documentId) => shelf.documents.has(documentId),
    stage: write,
    put(documentId, words) {
      if (words) finish(write(documentId, words));
      if (!shelf.documents.has(documentId)) throw new Error(`the words of ${documentId} are not known`);
      shelf.show(documentId);
    },
    remove(documentId) {
      shelf.drop(documentId);
    },
    search(asked, limit, accept, least = 0, figures) {
      const query: QueryTerm[] = [];
      for (const [term, weight] of asked) {
        const id = shelf.postings.terms.get(term);
        if (id !== undefined) query.push({ id, term, weight });
      }
      return limit < 1 ? [] : searchIn({ shelf, query, limit, accept, least, figures });
    },
    sharing(terms, asked, { limit, least, accept }) {
      const known: { readonly id: number; readonly weight: number }[] = [];
      for (const { index, weight } of asked) {
        const id = shelf.postings.find(terms, index);
        if (id !== undefined) known.push({ id, weight });
      }
      return limit < 1 ? [] : sharingIn({ shelf, asked: known, limit, accept, least });
    },
    holding(term) {
      const id = shelf.postings.terms.get(term);
      return id === undefined ? 0 : shelf.holding(id);
    },
    figuresWithout(documentId) {
      const { postings, passages, terms } = shelf;
      const isThere = documentId !== undefined && shelf.isShown(documentId);
      const left = isThere ? shelf.documents.get(documentId) : undefined;
      return {
        documents: passages - (left?.passages ?? 0),
        terms: terms - (left?.terms ?? 0),
        holding(term) {
          const id = postings.terms.get(term);
          if (id === undefined) return 0;
          return shelf.holding(id) - (left ? postings.countBetween(id, left.first, left.first + left.passages) : 0);
        },
      };
    },
    holdingOf(terms, index) {
      const id = shelf.postings.find(terms, index);
      return id === undefined ? 0 : shelf.holding(id);
    },
    *compact() {
      finishWriting();
      late = new Map();
      try {
        const old = shelf;
        const compacted = yield* compact(
          old.postings,
          [...old.documents.values()].sort((x, y) => x.first - y.first),
        );
        const next = createShelf(compacted.base, compacted.documents, mostHidden);
        yield* catchUp(next, old);
        for (const documentId of next.documents.keys()) if (!old.documents.has(documentId)) next.drop(documentId);
        for (const documentId of old.documents.keys()) if (old.isShown(documentId)) next.show(documentId);
        shelf = next;
        return compacted;
      } finally {
        late = undefined;
      }
    },
  };
}

function finish(work: Work<void>): void {
  while (!work.next().done);
}
