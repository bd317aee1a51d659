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

/** @param terms those of the codes, by number; it may grow. */
export function createWordsPacker(terms: readonly string[]): WordsPacker {
  /** By term: behind the place of its entry in the passage at hand; anything else is of a passage before. */
  let places = new Uint32Array(Math.max(256, terms.length));
  let entries = new Uint32Array(256);
  let counts = new Uint16Array(256);
  const starts = [0];
  const lengths: number[] = [];
  let used = 0;

  return {
    add(codes) {
      const start = used;
      let length = 0;
      for (const code of codes) {
        length += 1;
        const number = numberOfCode(code);
        if (number >= places.length) places = grown(places, number + 1);
        const place = (places[number] ?? 0) - 1;
        if (place >= start) {
          counts[place] = Math.min(MOST_COUNTED, (counts[place] ?? 0) + 1);
          continue;
        }
        if (used === entries.length) {
          entries = grown(entries, used + 1);
          counts = grown(counts, used + 1);
        }
        entries[used] = number;
        counts[used] = 1;
        used += 1;
        places[number] = used;
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
