import type { PackedWords } from "./prepared.ts";
import type { Work } from "./slices.ts";
import { createTerms, type Terms } from "./term-table.ts";
import { createArena, placeOf, type Run } from "./words-arena.ts";
import { grown } from "./words-grow.ts";

/** All entries of all terms packed without gaps; how postings are kept in a file, and what they become from time to time. */
export interface PostingsBase {
  /** Term to id, ids rising from 0; later ones, which have no entries here, may follow. */
  readonly terms: Terms;
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
  readonly terms: Terms;
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
  /** The id of a term of such a list; undefined when it is not known. */
  find(terms: readonly string[], index: number): number | undefined;
  /** The newest run first; each has only later slots than the one behind it. Valid until something is added. */
  runs(term: number): readonly Run[];
  /** How many entries a term has. */
  entriesOf(term: number): number;
  /** Those of them that are in the slots from `first` to before `end`; soon told for late slots. */
  countBetween(term: number, first: number, end: number): number;
  /** Copies the entries of a term that are in slots before `end`, in their order, so that the last of them comes right before `to`. */
  copy(term: number, end: number, target: Uint32Array, to: number): void;
  /** Of an entry of a run of this term. */
  countOf(entry: number, term: number): number;
}

export const MOST_SLOTS = 0x100_0000;
/** From here on a count is in `large`. */
export const LARGE_COUNT = 255;

export const countKey = (slot: number, term: number) => term * MOST_SLOTS + slot;

/** What so many entries cost is about what one character does elsewhere; to look up a term costs as much as that. */
const ENTRIES_A_STEP = 3;

const noBase = (): PostingsBase => ({
  terms: createTerms(),
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
  /** By term, one beside the other as they are wanted together: its newest block in the arena, and its entries there. */
  let lists = new Uint32Array(baseTerms * 2);

  /** Of the list of terms that came last, by index: one more than the id, 0 where it was not looked up, or is not known. */
  let ids = new Uint32Array(0);
  let list: readonly string[] = [];

  /** One document after the other comes with the same list, so that most of its terms are looked up once and not for each document. */
  function idsOf(words: readonly string[]): Uint32Array {
    if (words !== list) {
      list = words;
      ids = new Uint32Array(words.length);
    }
    ids = grown(ids, words.length);
    return ids;
  }

  function idOf(term: string): number {
    const id = terms.add(term);
    lists = grown(lists, (id + 1) * 2);
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
      const known = idsOf(words.terms);
      for (let passage = 0; passage < passages; passage += 1) {
        const from = words.starts[passage] ?? 0;
        const to = words.starts[passage + 1] ?? from;
        let looked = 0;
        for (let at = from; at < to; at += 1) {
          const index = words.entries[at] ?? 0;
          let id = (known[index] ?? 0) - 1;
          if (id < 0) {
            id = idOf(words.terms[index] ?? "");
            known[index] = id + 1;
            looked += 1;
          }
          const count = words.counts[at] ?? 1;
          if (count >= LARGE_COUNT) large.set(countKey(first + passage, id), count);
          const entry = (((first + passage) << 8) | Math.min(count, LARGE_COUNT)) >>> 0;
          lists[id * 2] = arena.push(lists[id * 2] ?? 0, entry);
          lists[id * 2 + 1] = (lists[id * 2 + 1] ?? 0) + 1;
        }
        loose += to - from;
        yield 1 + (to - from) / ENTRIES_A_STEP + looked;
      }
    },
    find(words, index) {
      const known = idsOf(words);
      if (known[index]) return known[index] - 1;
      const id = terms.get(words[index] ?? "");
      if (id !== undefined) known[index] = id + 1;
      return id;
    },
    runs(term) {
      const runs = arena.runs(lists[term * 2] ?? 0);
      if (term < baseTerms) runs.push({ entries: base.entries, from: starts[term] ?? 0, to: starts[term + 1] ?? 0 });
      return runs;
    },
    entriesOf(term) {
      const inBase = term < baseTerms ? (starts[term + 1] ?? 0) - (starts[term] ?? 0) : 0;
      return inBase + (lists[term * 2 + 1] ?? 0);
    },
    countBetween(term, first, end) {
      const late = arena.countBetween(lists[term * 2] ?? 0, first, end);
      if (term >= baseTerms || first >= base.lengths.length) return late;
      const from = starts[term] ?? 0;
      const to = starts[term + 1] ?? 0;
      return late + placeOf(base.entries, from, to, end) - placeOf(base.entries, from, to, first);
    },
    copy(term, end, target, to) {
      let next = arena.copy(lists[term * 2] ?? 0, end, target, to);
      if (term >= baseTerms) return;
      const from = starts[term] as number;
      for (let at = starts[term + 1] as number; at > from; ) {
        at -= 1;
        next -= 1;
        target[next] = base.entries[at] as number;
      }
    },
    countOf(entry, term) {
      const count = entry & LARGE_COUNT;
      return count < LARGE_COUNT ? count : (large.get(countKey(entry >>> 8, term)) ?? LARGE_COUNT);
    },
  };
}
