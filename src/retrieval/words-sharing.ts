import { createTop, type Ranked } from "../fallbacks/core/top.ts";
import { chunkIdOf } from "./ingest.ts";
import { grown } from "./words-grow.ts";
import { wantedBy } from "./words-search.ts";
import type { Shelf } from "./words-shelf.ts";

export interface WordsSharing {
  readonly shelf: Shelf;
  /** Each term once, by its number in the shelf, with what it counts, above 0; best the one that counts most first. */
  readonly asked: readonly { readonly id: number; readonly weight: number }[];
  readonly limit: number;
  /** Asked once for each document, with the id of one of its passages. */
  readonly accept: ((id: string) => boolean) | undefined;
  /** Above 0. */
  readonly least: number;
}

/** Sums of the same numbers in another order differ by less. */
const ROUNDING = 1 + 1e-9;

/**
 * Finds the passages that hold most of some terms, by weight. A term counts once however often it is said and however long the passage
 * is, so that of each entry nothing but its passage is looked at.
 */
export function createWordsSharing() {
  // All zeros between two searches.
  let shared = new Float64Array(0);
  let touched = new Uint32Array(0);

  return function sharing({ shelf, asked, limit, accept, least }: WordsSharing): readonly Ranked[] {
    const { postings } = shelf;
    shared = grown(shared, postings.slots);
    let left = asked.reduce((sum, { weight }) => sum + weight, 0) * ROUNDING;
    let count = 0;
    for (const { id, weight } of asked) {
      // What has none of the terms before cannot have enough any more.
      const isLate = left < least;
      if (!isLate) touched = grown(touched, count + postings.entriesOf(id));
      for (const { entries, from, to } of postings.runs(id)) {
        for (let at = from; at < to; at += 1) {
          const slot = (entries[at] as number) >>> 8;
          const before = shared[slot] as number;
          if (before === 0) {
            if (isLate) continue;
            touched[count] = slot;
            count += 1;
          }
          shared[slot] = before + weight;
        }
      }
      left -= weight;
    }
    const isWanted = wantedBy(shelf, accept);
    const top = createTop(limit);
    let floor = least;
    for (let at = 0; at < count; at += 1) {
      const slot = touched[at] as number;
      const score = shared[slot] as number;
      shared[slot] = 0;
      if (score < floor || !isWanted(slot)) continue;
      const document = shelf.at(slot);
      if (document) top.offer(chunkIdOf(document.documentId, slot - document.first), score);
      floor = Math.max(least, top.floor);
    }
    return top.list();
  };
}
