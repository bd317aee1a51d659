import { createTop, type Ranked } from "../fallbacks/core/top.ts";
import { chunkIdOf } from "./ingest.ts";
import { LARGE_COUNT } from "./postings.ts";
import { rarityOf } from "./rarity.ts";
import { placeOf, type Run } from "./words-arena.ts";
import { grown } from "./words-grow.ts";
import type { Shelf, Shelved } from "./words-shelf.ts";

/** What is looked for, by its number in the shelf. Each term is there once. */
export interface QueryTerm {
  readonly id: number;
  readonly term: string;
  /** Above 0. */
  readonly weight: number;
}

/** What the rarity of a term and the length of a passage are measured by. */
export interface Figures {
  /** Passages that can be found. */
  readonly documents: number;
  /** Terms of all of them, repeats counted. */
  readonly terms: number;
  /** How many of them hold the term. */
  holding(term: string): number;
}

export interface WordsSearch {
  readonly shelf: Shelf;
  readonly query: readonly QueryTerm[];
  readonly limit: number;
  /** Asked once for each document, with the id of one of its passages. */
  readonly accept: ((id: string) => boolean) | undefined;
  /** Passages with a lower score may be left out. */
  readonly least: number;
  /** Of more or less than the shelf has. Default: its own. */
  readonly figures?: Figures | undefined;
}

interface Asked {
  readonly id: number;
  readonly term: string;
  readonly weight: number;
  readonly entries: number;
  readonly runs: readonly Run[];
}

/** Sums of the same numbers in another order differ by less. */
const ROUNDING = 1 + 1e-9;

/**
 * Term at a time, the one first that says most, with the stop of Turtle & Flood, "Query Evaluation: Strategies and
 * Optimizations" (1995): as soon as what is left of the query cannot lift a new passage over the `limit` best so far, only
 * passages that could still be among them are looked at. Exact: it leaves out only what cannot be in the result.
 */
export function createWordsSearch({ k1, b }: { readonly k1: number; readonly b: number }) {
  // All zeros between two searches.
  let scores = new Float64Array(0);
  let touched = new Uint32Array(0);

  return function search({ shelf, query, limit, accept, least, figures }: WordsSearch): readonly Ranked[] {
    const { postings } = shelf;
    const asked = askedOf(shelf, query, k1 + 1, figures);
    const { documents, terms } = figures ?? { documents: shelf.passages, terms: shelf.terms };
    const average = terms / Math.max(1, documents);
    const fixed = k1 * (1 - b);
    const relative = average > 0 ? (k1 * b) / average : 0;
    const isWanted = wantedBy(shelf, accept);
    scores = grown(scores, postings.slots);
    const { lengths } = postings;
    let count = 0;

    const frequencyOf = (entry: number, id: number) => {
      const small = entry & LARGE_COUNT;
      return small < LARGE_COUNT ? small : postings.countOf(entry, id);
    };

    /** Adds the term to every passage that holds it; with `known` only to those that hold one of the terms before. */
    function addAll({ id, weight, runs, entries: most }: Asked, known: boolean): void {
      if (!known) touched = grown(touched, count + most);
      for (const { entries, from, to } of runs) {
        for (let at = from; at < to; at += 1) {
          const entry = entries[at] ?? 0;
          const slot = entry >>> 8;
          const before = scores[slot] ?? 0;
          if (before === 0) {
            if (known) continue;
            touched[count] = slot;
            count += 1;
          }
          const frequency = frequencyOf(entry, id);
          scores[slot] = before + (weight * frequency) / (frequency + fixed + relative * (lengths[slot] ?? 0));
        }
      }
    }

    function addTo(slots: Uint32Array, { id, weight, runs }: Asked): void {
      for (let at = 0; at < slots.length; at += 1) {
        const slot = slots[at] ?? 0;
        const entry = entryOf(runs, slot);
        if (entry === undefined) continue;
        const frequency = frequencyOf(entry, id);
        scores[slot] =
          (scores[slot] ?? 0) + (weight * frequency) / (frequency + fixed + relative * (lengths[slot] ?? 0));
      }
    }

    try {
      let reached = 0;
      let left = asked.reduce((sum, { weight }) => sum + weight, 0) * ROUNDING;
      let candidates: Uint32Array | undefined;
      for (const term of asked) {
        // The best so far cannot be better than what all terms so far can give together.
        if (candidates || left < Math.max(reached, least)) {
          const all = candidates ?? touched.subarray(0, count);
          const floor = Math.max(least, floorOf(scores, all, limit, isWanted));
          if (left < floor) candidates = atLeast(scores, all, floor - left);
        }
        if (!candidates) addAll(term, false);
        else if (candidates.length * costOfFinding(term.entries) > term.entries) addAll(term, true);
        else addTo(candidates, term);
        left -= term.weight;
        reached += term.weight;
      }
      const top = createTop(limit);
      const all = candidates ?? touched.subarray(0, count);
      for (let at = 0; at < all.length; at += 1) {
        const slot = all[at] ?? 0;
        const score = scores[slot] ?? 0;
        if (score < top.floor || !isWanted(slot)) continue;
        const document = shelf.at(slot);
        if (document) top.offer(chunkIdOf(document.documentId, slot - document.first), score);
      }
      return top.list();
    } finally {
      for (let at = 0; at < count; at += 1) scores[touched[at] ?? 0] = 0;
    }
  };
}

/** In entries that could be gone through instead. */
const costOfFinding = (entries: number) => 4 + 2 * Math.log2(1 + entries);

/** The slots with at least that score. */
function atLeast(scores: Float64Array, slots: Uint32Array, score: number): Uint32Array {
  const kept = new Uint32Array(slots.length);
  let count = 0;
  for (let at = 0; at < slots.length; at += 1) {
    const slot = slots[at] ?? 0;
    if ((scores[slot] ?? 0) < score) continue;
    kept[count] = slot;
    count += 1;
  }
  return kept.subarray(0, count);
}

/** What is asked for and there, in the order in which it is added up: equal on all machines with the same passages. */
function askedOf(shelf: Shelf, query: readonly QueryTerm[], most: number, figures?: Figures): readonly Asked[] {
  const asked: Asked[] = [];
  const passages = figures?.documents ?? shelf.passages;
  for (const { id, term, weight } of query) {
    const holding = figures ? figures.holding(term) : shelf.holding(id);
    if (holding === 0) continue;
    const { postings } = shelf;
    const runs = postings.runs(id);
    asked.push({
      id,
      term,
      weight: weight * rarityOf(holding, passages) * most,
      entries: postings.entriesOf(id),
      runs,
    });
  }
  return asked.sort((one, other) => other.weight - one.weight || (one.term < other.term ? -1 : 1));
}

/** Whether a slot may be in the result; each document is asked about once. */
export function wantedBy(shelf: Shelf, accept: WordsSearch["accept"]): (slot: number) => boolean {
  if (!accept) return (slot) => shelf.isFound(slot);
  const answers = new Map<Shelved, boolean>();
  return (slot) => {
    if (!shelf.isFound(slot)) return false;
    const document = shelf.at(slot);
    if (!document) return false;
    const known = answers.get(document);
    if (known !== undefined) return known;
    const answer = accept(chunkIdOf(document.documentId, slot - document.first));
    answers.set(document, answer);
    return answer;
  };
}

/** The score of the `limit`th of the passages that are wanted; 0 when there are fewer. */
function floorOf(scores: Float64Array, slots: Uint32Array, limit: number, isWanted: (slot: number) => boolean): number {
  const best = new Float64Array(limit);
  let floor = 0;
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] ?? 0;
    const score = scores[slot] ?? 0;
    if (score <= floor || !isWanted(slot)) continue;
    let at = 0;
    for (; at + 1 < limit && (best[at + 1] ?? 0) < score; at += 1) best[at] = best[at + 1] ?? 0;
    best[at] = score;
    floor = best[0] ?? 0;
  }
  return floor;
}

function entryOf(runs: readonly Run[], slot: number): number | undefined {
  for (const run of runs) {
    if (run.from === run.to || (run.entries[run.from] ?? 0) >>> 8 > slot) continue;
    const place = placeOf(run.entries, run.from, run.to, slot);
    const entry = place < run.to ? (run.entries[place] ?? 0) : 0;
    return place < run.to && entry >>> 8 === slot ? entry : undefined;
  }
  return undefined;
}
