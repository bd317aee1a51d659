import type { PackedWords } from "./prepared.ts";
import type { Work } from "./slices.ts";
import { createArena, type Run } from "./words-arena.ts";
import { grown } from "./words-grow.ts";

/** All entries of all terms packed without gaps; how postings are kept in a file, and what they become from time to time. */
export interface PostingsBase {
  /** Term to id, ids rising from 0; later ones, which have no entries here, may follow. */
  readonly terms: Map<string, number>;
  /** Term i has the entries from `starts[i]` to before `starts[i + 1]`. */
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
  /** By slot: terms of the passage, repeats counted. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Counts from 255 on, by `countKey`; those of later slots may be among them. */
  readonly large: Map<number, number>;
}

/**
 * Which passages hold a term and how often: an inverted index that only grows. A passage is known by its slot, the number in
 * the order of adding. 4 bytes an entry in the base, about 6 for what was added since.
 */
export interface Postings {
  readonly terms: ReadonlyMap<string, number>;
  /** All slots are below. */
  readonly slots: number;
  readonly entries: number;
  /** Of the entries, those that came after the base. */
  readonly loose: number;
  /** By slot. Valid until something is added. */
  readonly lengths: Uint32Array;
  readonly large: ReadonlyMap<number, number>;
  /**
   * Adds the passages of a document, which take the slots from the present `slots` on. One at a time, to the end or not.
   * @throws {RangeError} when there are more than 16,777,216 passages.
   */
  add(words: PackedWords): Work<void>;
  /** The newest run first; each has only later slots than the one behind it. Valid until something is added. */
  runs(term: number): readonly Run[];
  /** Of an entry of a run of this term. */
  countOf(entry: number, term: number): number;
}

export const MOST_SLOTS = 0x100_0000;
/** From here on a count is in `large`. */
export const LARGE_COUNT = 255;

export const countKey = (slot: number, term: number) => term * MOST_SLOTS + slot;

/** What so many entries cost is about what one character does elsewhere. */
const ENTRIES_A_STEP = 25;

const noBase = (): PostingsBase => ({
  terms: new Map(),
  starts: new Uint32Array(1),
  entries: new Uint32Array(0),
  lengths: new Uint32Array(0),
  large: new Map(),
});

/** @param base is taken over, and belongs to these postings from now on. */
export function createPostings(base: PostingsBase = noBase()): Postings {
  const { terms, starts, large } = base;
  const baseTerms = starts.length - 1;
  const arena = createArena();
  let lengths = base.lengths;
  let slots = lengths.length;
  let loose = 0;
  /** By term: its newest block in the arena. */
  let tails = new Uint32Array(baseTerms);

  function idOf(term: string): number {
    const known = terms.get(term);
    if (known !== undefined) return known;
    const id = terms.size;
    terms.set(term, id);
    tails = grown(tails, id + 1);
    return id;
  }

  return {
    terms,
    large,
    get slots() {
      return slots;
    },
    get entries() {
      return base.entries.length + loose;
    },
    get loose() {
      return loose;
    },
    get lengths() {
      return lengths;
    },
    *add(words) {
      const first = slots;
      const passages = words.lengths.length;
      if (first + passages > MOST_SLOTS) throw new RangeError(`more than ${MOST_SLOTS} passages`);
      slots += passages;
      lengths = grown(lengths, slots);
      lengths.set(words.lengths, first);
      const ids = new Uint32Array(words.terms.length);
      for (const [index, term] of words.terms.entries()) {
        ids[index] = idOf(term);
        if (index % ENTRIES_A_STEP === 0) yield 5;
      }
      for (let passage = 0; passage < passages; passage += 1) {
        const from = words.starts[passage] ?? 0;
        const to = words.starts[passage + 1] ?? from;
        for (let at = from; at < to; at += 1) {
          const id = ids[words.entries[at] ?? 0] ?? 0;
          const count = words.counts[at] ?? 1;
          if (count >= LARGE_COUNT) large.set(countKey(first + passage, id), count);
          tails[id] = arena.push(tails[id] ?? 0, (((first + passage) << 8) | Math.min(count, LARGE_COUNT)) >>> 0);
        }
        loose += to - from;
        yield 1 + (to - from) / ENTRIES_A_STEP;
      }
    },
    runs(term) {
      const runs = arena.runs(tails[term] ?? 0);
      if (term < baseTerms) runs.push({ entries: base.entries, from: starts[term] ?? 0, to: starts[term + 1] ?? 0 });
      return runs;
    },
    countOf(entry, term) {
      const count = entry & LARGE_COUNT;
      return count < LARGE_COUNT ? count : (large.get(countKey(entry >>> 8, term)) ?? LARGE_COUNT);
    },
  };
}
