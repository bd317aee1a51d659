import { createPostings, type Postings, type PostingsBase } from "./postings.ts";
import type { PackedWords } from "./prepared.ts";
import type { Work } from "./slices.ts";
import type { Run } from "./words-arena.ts";
import { grown } from "./words-grow.ts";

/** Where the passages of a document are: passage i in slot `first + i`. */
export interface Shelved {
  readonly documentId: string;
  readonly first: number;
  readonly passages: number;
  /** Terms of all passages, repeats counted. */
  readonly terms: number;
}

/** The word index of documents that come and go in one instant: hidden while they are written, shown, dropped. */
export interface Shelf {
  readonly postings: Postings;
  /** Passages that are shown. */
  readonly passages: number;
  /** Terms of the passages that are shown, repeats counted. */
  readonly terms: number;
  /** Slots that nobody finds any more. */
  readonly dead: number;
  /** Written whole, hidden or shown. */
  readonly documents: ReadonlyMap<string, Shelved>;
  isShown(documentId: string): boolean;
  /** Writes a document, hidden. One at a time. A known one is to be dropped first. */
  write(documentId: string, words: PackedWords): Work<void>;
  /** An unknown document is ignored. */
  show(documentId: string): void;
  drop(documentId: string): void;
  /** How many passages that are shown hold the term. */
  holding(term: number): number;
  isFound(slot: number): boolean;
  /** The document that has the slot. */
  at(slot: number): Shelved | undefined;
}

/** A term that has missed more changes than one for so many of its entries is counted anew. */
const ENTRIES_A_CHANGE = 16;
/** With more, what has changed since a term was counted costs less. */
const MOST_HIDDEN = 16;

/** Slots from `first` to before `end`. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/**
 * @param documents of the base, rising in slots, all hidden.
 * @param mostHidden documents that are not found, up to which the entries of a term are counted through theirs. Default 16.
 */
export function createShelf(
  base?: PostingsBase,
  documents: readonly Shelved[] = [],
  mostHidden: number = MOST_HIDDEN,
): Shelf {
  const postings = createPostings(base);
  const all = [...documents];
  const written = new Map(documents.map((document) => [document.documentId, document]));
  const shown = new Set<string>();
  let found = new Uint8Array(postings.slots);
  /** What is not found, by where it begins: being written, half written, staged, dropped. */
  const hidden = new Map<number, Range>();
  let passages = 0;
  let terms = 0;
  let kept = documents.reduce((sum, document) => sum + document.passages, 0);
  // What has become of ranges of slots, in order: so that a change costs the same however many terms a document has.
  const changes: { readonly first: number; end: number; readonly sign: 1 | -1 }[] = [];
  /** By term: how many changes its count has seen. */
  let seen = new Uint32Array(postings.terms.size);
  let counts = new Uint32Array(postings.terms.size);
  let newestSeen = 0;

  function change(document: Shelved, sign: 1 | -1): void {
    const { first, passages: size, terms: length } = document;
    if (sign < 0) hide(document);
    // Under the slot of an empty one is another one.
    else if (size > 0) hidden.delete(first);
    passages += sign * size;
    terms += sign * length;
    found.fill(sign > 0 ? 1 : 0, first, first + size);
    const last = changes.at(-1);
    if (last && last.sign === sign && last.end === first && newestSeen < changes.length) last.end = first + size;
    else changes.push({ first, end: first + size, sign });
  }

  function hide({ first, passages: size }: Shelved): void {
    if (size > 0) hidden.set(first, { first, end: first + size });
  }

  for (const document of documents) hide(document);

  return {
    postings,
    documents: written,
    get passages() {
      return passages;
    },
    get terms() {
      return terms;
    },
    get dead() {
      return postings.slots - kept;
    },
    isShown: (documentId) => shown.has(documentId),
    *write(documentId, words) {
      const size = words.lengths.length;
      const document = { documentId, first: postings.slots, passages: size, terms: sumOf(words.lengths) };
      hide(document);
      yield* postings.add(words);
      found = grown(found, postings.slots);
      all.push(document);
      written.set(documentId, document);
      kept += size;
    },
    show(documentId) {
      const document = written.get(documentId);
      if (!document || shown.has(documentId)) return;
      shown.add(documentId);
      change(document, 1);
    },
    drop(documentId) {
      const document = written.get(documentId);
      if (!document) return;
      written.delete(documentId);
      kept -= document.passages;
      if (shown.delete(documentId)) change(document, -1);
    },
    holding(term) {
      if (hidden.size <= mostHidden) {
        let count = postings.entriesOf(term);
        for (const { first, end } of hidden.values()) {
          if (count === 0) break;
          count -= postings.countBetween(term, first, end);
        }
        return count;
      }
      seen = grown(seen, term + 1);
      counts = grown(counts, term + 1);
      const from = seen[term] ?? 0;
      if (from < changes.length) {
        if ((changes.length - from) * ENTRIES_A_CHANGE > postings.entriesOf(term)) {
          counts[term] = countFound(postings.runs(term), found);
        } else {
          let count = counts[term] ?? 0;
          for (const { first, end, sign } of changes.slice(from)) {
            count += sign * postings.countBetween(term, first, end);
          }
          counts[term] = count;
        }
        seen[term] = changes.length;
        newestSeen = changes.length;
      }
      return counts[term] ?? 0;
    },
    isFound: (slot) => found[slot] === 1,
    at: (slot) => all[indexOf(all, slot)],
  };
}

function sumOf(values: Uint32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function countFound(runs: readonly Run[], found: Uint8Array): number {
  let count = 0;
  for (const { entries, from, to } of runs) {
    for (let at = from; at < to; at += 1) count += found[(entries[at] ?? 0) >>> 8] ?? 0;
  }
  return count;
}

/** Of the last document that begins at or before the slot. */
function indexOf(documents: readonly Shelved[], slot: number): number {
  let low = 0;
  let high = documents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((documents[middle]?.first ?? 0) <= slot) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
