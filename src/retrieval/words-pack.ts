import { numberOfCode } from "../text/term-codes.ts";
import type { PackedWords } from "./prepared.ts";
import { grown } from "./words-grow.ts";

/** Packs the words of the passages of one document, one passage after the other. */
export interface WordsPacker {
  /** The codes of the tokens of the next passage, repeats included. */
  add(codes: Iterable<number>): void;
  /** To be called once, last. */
  finish(): PackedWords;
}

const MOST_COUNTED = 65_535;
/** Entries of a passage for which there is room at first, and passages for which there is at most. */
const USUAL_ENTRIES = 96;
const MOST_PASSAGES = 1_024;
/** Places are counted on up to here, then from 0 again: no passage has as many as are left up to 2^32. */
const MOST_READ = 2 ** 31;

/** Where the terms of one passage after the other are, of whatever documents: one table for all, as most terms come again. */
export interface TermPlaces {
  /** To be called with each passage, before its terms are looked up. @param terms how many there are of all. */
  begin(terms: number): void;
  /** The number of the term in the passage, from 0 up in the order in which they come; a new one is told by being `used`. */
  of(term: number, used: number): number;
}

/** @param mostRead for tests */
export function createTermPlaces(mostRead = MOST_READ): TermPlaces {
  /** By term: one more than its number, counted on from the passages before. */
  let places = new Uint32Array(256);
  let read = 0;
  let next = 0;

  return {
    begin(terms) {
      places = grown(places, terms);
      read = next;
      if (read <= mostRead) return;
      places.fill(0);
      read = 0;
      next = 0;
    },
    of(term, used) {
      const known = (places[term] as number) - read - 1;
      if (known >= 0) return known;
      next = read + used + 1;
      places[term] = next;
      return used;
    },
  };
}

/**
 * @param terms those of the codes, by number; it may grow.
 * @param passages how many are to be expected.
 * @param places may be shared with other packers, as nobody waits for anything within a passage.
 */
export function createWordsPacker(
  terms: readonly string[],
  passages = 1,
  places: TermPlaces = createTermPlaces(),
): WordsPacker {
  const room = Math.min(passages, MOST_PASSAGES) * USUAL_ENTRIES;
  let entries = new Uint32Array(room);
  let counts = new Uint16Array(room);
  const starts = [0];
  const lengths: number[] = [];
  let used = 0;

  return {
    add(codes) {
      const start = used;
      let length = 0;
      places.begin(terms.length);
      for (const code of codes) {
        length += 1;
        const number = numberOfCode(code);
        const place = start + places.of(number, used - start);
        if (place < used) {
          counts[place] = Math.min(MOST_COUNTED, (counts[place] as number) + 1);
          continue;
        }
        if (used === entries.length) {
          entries = grown(entries, used + 1);
          counts = grown(counts, used + 1);
        }
        entries[used] = number;
        counts[used] = 1;
        used += 1;
      }
      starts.push(used);
      lengths.push(length);
    },
    finish: () => ({
      terms,
      starts: Uint32Array.from(starts),
      entries: entries.slice(0, used),
      counts: counts.slice(0, used),
      lengths: Uint32Array.from(lengths),
    }),
  };
}
