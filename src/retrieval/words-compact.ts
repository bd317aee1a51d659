import { countKey, LARGE_COUNT, MOST_SLOTS, type Postings, type PostingsBase } from "./postings.ts";
import type { Work } from "./slices.ts";
import { createTerms } from "./term-table.ts";
import type { Shelved } from "./words-shelf.ts";

export interface Compacted {
  readonly base: PostingsBase;
  /** As they are in the base: from slot 0 on, without gaps. */
  readonly documents: readonly Shelved[];
}

const GONE = 0xffff_ffff;
/** What so many entries cost is about what one character does elsewhere. */
const ENTRIES_A_STEP = 50;

/**
 * Copies what the documents have, and nothing of others, in slices. Documents that come meanwhile are not in it.
 * @param documents rising in slots.
 */
export function* compact(postings: Postings, documents: readonly Shelved[]): Work<Compacted> {
  const moved: Shelved[] = [];
  const now: Extent = { slots: postings.slots, terms: postings.terms.size, entries: postings.entries };
  const slots = new Uint32Array(now.slots).fill(GONE);
  let next = 0;
  for (const document of documents) {
    for (let passage = 0; passage < document.passages; passage += 1) slots[document.first + passage] = next + passage;
    moved.push({ ...document, first: next });
    next += document.passages;
    yield 1 + document.passages / ENTRIES_A_STEP;
  }
  const lengths = new Uint32Array(next);
  for (const [slot, length] of postings.lengths.subarray(0, slots.length).entries()) {
    const to = slots[slot] ?? GONE;
    if (to !== GONE) lengths[to] = length;
    if (slot % ENTRIES_A_STEP === 0) yield 1;
  }
  // Where nothing is gone, nothing is numbered anew.
  const base =
    next === now.slots
      ? yield* copyAll(postings, now)
      : yield* copy(postings, slots, yield* termsHeld(postings, slots));
  return { base: { ...base, lengths }, documents: moved };
}

/** What there was when it was begun: slots, terms and entries below these. */
interface Extent {
  readonly slots: number;
  readonly terms: number;
  readonly entries: number;
}

function* copyAll(postings: Postings, now: Extent): Work<Omit<PostingsBase, "lengths">> {
  const terms = yield* postings.terms.repacked(now.terms);
  const starts = new Uint32Array(now.terms + 1);
  const entries = new Uint32Array(now.entries);
  let to = 0;
  for (let id = 0; id < now.terms; id += 1) {
    const size = postings.entriesOf(id) - postings.countBetween(id, now.slots, MOST_SLOTS);
    to += size;
    starts[id + 1] = to;
    postings.copy(id, now.slots, entries, to);
    yield 1 + size / ENTRIES_A_STEP;
  }
  const large = new Map<number, number>();
  for (const [key, count] of postings.large) {
    if (key % MOST_SLOTS < now.slots) large.set(key, count);
    yield 1;
  }
  return { terms, starts, entries, large };
}

interface Held {
  readonly term: string;
  readonly id: number;
  readonly entries: number;
}

function* termsHeld(postings: Postings, slots: Uint32Array): Work<readonly Held[]> {
  const held: Held[] = [];
  // Terms that are added meanwhile come last, and have no entry that counts here.
  for (const [term, id] of postings.terms) {
    let entries = 0;
    let looked = 0;
    for (const run of postings.runs(id)) {
      looked += run.to - run.from;
      for (let at = run.from; at < run.to; at += 1) {
        if ((slots[(run.entries[at] ?? 0) >>> 8] ?? GONE) !== GONE) entries += 1;
      }
    }
    if (entries > 0) held.push({ term, id, entries });
    yield 1 + looked / ENTRIES_A_STEP;
  }
  return held;
}

function* copy(postings: Postings, slots: Uint32Array, held: readonly Held[]): Work<Omit<PostingsBase, "lengths">> {
  const terms = createTerms(held.length);
  const starts = new Uint32Array(held.length + 1);
  const entries = new Uint32Array(held.reduce((sum, term) => sum + term.entries, 0));
  const large = new Map<number, number>();
  let next = 0;
  for (const { term, id } of held) {
    const newId = terms.add(term);
    const from = next;
    for (const run of postings.runs(id).toReversed()) {
      for (let at = run.from; at < run.to; at += 1) {
        const entry = run.entries[at] ?? 0;
        const slot = slots[entry >>> 8] ?? GONE;
        if (slot === GONE) continue;
        const count = entry & LARGE_COUNT;
        if (count === LARGE_COUNT) large.set(countKey(slot, newId), postings.countOf(entry, id));
        entries[next] = ((slot << 8) | count) >>> 0;
        next += 1;
      }
    }
    starts[newId + 1] = next;
    yield 1 + (next - from) / ENTRIES_A_STEP;
  }
  return { terms, starts, entries, large };
}
