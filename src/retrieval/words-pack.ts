import { createPairTable, unitsOf } from "../text/pair-table.ts";
import type { PackedWords } from "./prepared.ts";
import { grown } from "./words-grow.ts";

/** Packs the words of the passages of one document, one passage after the other. */
export interface WordsPacker {
  /** The terms of the next passage, repeats included. */
  add(terms: Iterable<string>): void;
  /** To be called once, last. */
  finish(): PackedWords;
}

const MOST_COUNTED = 65_535;

export function createWordsPacker(): WordsPacker {
  const known: string[] = [];
  const long = new Map<string, number>();
  /** Of terms of one or two units, which are most of a text without spaces. */
  const short = createPairTable(() => known.length);
  /** By term: behind the place of its entry in the passage at hand; anything else is of a passage before. */
  let places = new Uint32Array(256);
  let entries = new Uint32Array(256);
  let counts = new Uint16Array(256);
  const starts = [0];
  const lengths: number[] = [];
  let used = 0;

  /** The number of terms for one that is new. */
  function idOf(term: string): number {
    if (term.length === 1 || term.length === 2) return short.of(unitsOf(term));
    const id = long.get(term);
    if (id !== undefined) return id;
    long.set(term, known.length);
    return known.length;
  }

  return {
    add(terms) {
      const start = used;
      let length = 0;
      for (const term of terms) {
        length += 1;
        const id = idOf(term);
        if (id === known.length) {
          known.push(term);
          places = grown(places, known.length);
        }
        const place = (places[id] ?? 0) - 1;
        if (place >= start) {
          counts[place] = Math.min(MOST_COUNTED, (counts[place] ?? 0) + 1);
          continue;
        }
        entries = grown(entries, used + 1);
        counts = grown(counts, used + 1);
        entries[used] = id;
        counts[used] = 1;
        used += 1;
        places[id] = used;
      }
      starts.push(used);
      lengths.push(length);
    },
    finish: () => ({
      terms: known,
      starts: Uint32Array.from(starts),
      entries: entries.slice(0, used),
      counts: counts.slice(0, used),
      lengths: Uint32Array.from(lengths),
    }),
  };
}
