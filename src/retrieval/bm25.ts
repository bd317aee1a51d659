import { createTop, type Ranked } from "../fallbacks/core/top.ts";

export interface Bm25Options {
  /**
   * How soon repeating a term stops counting: 0 counts presence only, the score of one term never passes k1 + 1 times
   * its rarity. 1.2 is the usual middle.
   */
  readonly k1?: number;
  /** How much a long text is held against it: 0 not at all, 1 in full proportion. 0.75 is usual. */
  readonly b?: number;
}

/** An inverted index that is always up to date: a change costs as much as the text is long, whatever the corpus. */
export interface Bm25Index {
  readonly documents: number;
  /** Replaces the text of a known id. */
  add(id: string, terms: readonly string[]): void;
  /** An unknown id is ignored. */
  remove(id: string): void;
  /** The best `limit` that hold at least one of the terms (term -> weight, above 0), best first, ties by id. */
  search(query: ReadonlyMap<string, number>, limit: number): readonly Ranked[];
  /** How many texts hold the term. */
  holding(term: string): number;
}

interface Entry {
  readonly id: string;
  readonly length: number;
  readonly frequencies: ReadonlyMap<string, number>;
}

/**
 * Okapi BM25 as in Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
 * rarity ln(1 + (N - n + 0.5) / (n + 0.5)) that stays above 0 also for a term that most texts hold.
 */
export function createBm25Index(options: Bm25Options = {}): Bm25Index {
  const k1 = options.k1 ?? 1.2;
  const b = options.b ?? 0.75;
  const entries = new Map<number, Entry>();
  const slots = new Map<string, number>();
  /** Term -> slot -> how often. */
  const postings = new Map<string, Map<number, number>>();
  let nextSlot = 0;
  let totalLength = 0;

  function remove(id: string): void {
    const slot = slots.get(id);
    const entry = slot === undefined ? undefined : entries.get(slot);
    if (slot === undefined || !entry) return;
    for (const term of entry.frequencies.keys()) {
      const posting = postings.get(term);
      posting?.delete(slot);
      if (posting?.size === 0) postings.delete(term);
    }
    totalLength -= entry.length;
    entries.delete(slot);
    slots.delete(id);
  }

  return {
    get documents() {
      return entries.size;
    },
    add(id, terms) {
      remove(id);
      const slot = nextSlot;
      nextSlot += 1;
      const frequencies = countOf(terms);
      for (const [term, frequency] of frequencies) {
        const posting = postings.get(term);
        if (posting) posting.set(slot, frequency);
        else postings.set(term, new Map([[slot, frequency]]));
      }
      entries.set(slot, { id, length: terms.length, frequencies });
      slots.set(id, slot);
      totalLength += terms.length;
    },
    remove,
    search(query, limit) {
      const average = totalLength / Math.max(1, entries.size);
      const scores = new Map<number, number>();
      for (const [term, asked] of query) {
        const posting = postings.get(term);
        if (!posting) continue;
        const weight = asked * rarityOf(posting.size, entries.size) * (k1 + 1);
        for (const [slot, frequency] of posting) {
          const length = entries.get(slot)?.length ?? average;
          const saturation = frequency + k1 * (1 - b + (b * length) / average);
          scores.set(slot, (scores.get(slot) ?? 0) + (weight * frequency) / saturation);
        }
      }
      const top = createTop(limit);
      for (const [slot, score] of scores) if (score >= top.floor) top.offer(entries.get(slot)?.id ?? "", score);
      return top.list();
    },
    holding: (term) => postings.get(term)?.size ?? 0,
  };
}

/** How much a term says that `holding` of `documents` texts hold; above 0, highest for one that no text holds. */
export function rarityOf(holding: number, documents: number): number {
  return Math.log(1 + (documents - holding + 0.5) / (holding + 0.5));
}

function countOf(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
