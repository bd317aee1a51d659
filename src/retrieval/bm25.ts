import { createTop, type Ranked } from "../fallbacks/core/top.ts";
import { createPostings, type Postings } from "./postings.ts";

export interface Bm25Options {
  /**
   * How soon repeating a term stops counting: 0 counts presence only, the score of one term never passes k1 + 1 times
   * its rarity. 1.2 is the usual middle.
   */
  readonly k1?: number;
  /** How much a long text is held against it: 0 not at all, 1 in full proportion. 0.75 is usual. */
  readonly b?: number;
}

/** Texts found by their words. A change costs as much as the text is long, whatever the corpus. */
export interface Bm25Index {
  readonly documents: number;
  /** Replaces the text of a known id. */
  add(id: string, terms: readonly string[]): void;
  /** An unknown id is ignored. */
  remove(id: string): void;
  /** Makes all texts of a part that was filled elsewhere findable in one instant; their ids are new here. */
  attach(name: string, part: Postings): void;
  /** Takes a whole part out in one instant; an unknown name is ignored. */
  detach(name: string): void;
  /** The best `limit` that hold at least one of the terms (term -> weight, above 0), best first, ties by id. */
  search(query: ReadonlyMap<string, number>, limit: number): readonly Ranked[];
  /** How many texts hold the term. */
  holding(term: string): number;
}

/**
 * Okapi BM25 as in Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
 * rarity ln(1 + (N - n + 0.5) / (n + 0.5)) that stays above 0 also for a term that most texts hold. What is common and
 * what is long is measured over all parts together, so that it makes no difference which part a text is in.
 */
export function createBm25Index(options: Bm25Options = {}): Bm25Index {
  const k1 = options.k1 ?? 1.2;
  const b = options.b ?? 0.75;
  const own = createPostings();
  const attached = new Map<string, Postings>();
  const parts = () => [own, ...attached.values()];
  const sum = (of: (part: Postings) => number) => parts().reduce((total, part) => total + of(part), 0);
  const holding = (term: string) => sum((part) => part.holding(term)?.size ?? 0);
  const documents = () => sum((part) => part.documents);

  return {
    get documents() {
      return documents();
    },
    add: (id, terms) => own.add(id, terms),
    remove: (id) => own.remove(id),
    attach: (name, part) => void attached.set(name, part),
    detach: (name) => void attached.delete(name),
    search(query, limit) {
      const count = documents();
      const average = sum((part) => part.totalLength) / Math.max(1, count);
      const weights = [...query].map(
        ([term, asked]) => [term, asked * rarityOf(holding(term), count) * (k1 + 1)] as const,
      );
      const top = createTop(limit);
      for (const part of parts()) {
        const scores = new Map<number, number>();
        for (const [term, weight] of weights) {
          for (const [slot, frequency] of part.holding(term) ?? []) {
            const length = part.at(slot)?.length ?? average;
            const saturation = frequency + k1 * (1 - b + (b * length) / average);
            scores.set(slot, (scores.get(slot) ?? 0) + (weight * frequency) / saturation);
          }
        }
        for (const [slot, score] of scores) if (score >= top.floor) top.offer(part.at(slot)?.id ?? "", score);
      }
      return top.list();
    },
    holding,
  };
}

/** How much a term says that `holding` of `documents` texts hold; above 0, highest for one that no text holds. */
export function rarityOf(holding: number, documents: number): number {
  return Math.log(1 + (documents - holding + 0.5) / (holding + 0.5));
}
