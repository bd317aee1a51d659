import { madeInSteps } from "./in-steps.ts";
import type { Steps } from "./steps.ts";
import { tokenise } from "./tokenise.ts";
import { readWordList } from "./word-list.ts";

/** Words that stand for each other (`asked` and `found` are the same), or words of questions and those of texts that stand for them. */
export interface SynonymEntry {
  /** As written in the list. */
  readonly line: string;
  readonly asked: readonly string[];
  readonly found: readonly string[];
}

/**
 * The lists of both languages, `resources/words/synonyms-*.txt`, an entry a line, each in one language:
 * - `coupon voucher`: a group, every word stands for every other. Two lines with a word in common say nothing of their others.
 * - `dead kaput > broken faulty`: who asks with a word on the left may mean each on the right, and not the other way round.
 *
 * An English word stands for all forms that the stemmer makes one with it; a compound is written as one word (`signin` is
 * also `sign-in`). A Chinese word has one or two characters, or is one of the list of words: only those are terms
 * wherever they stand. Of longer ones the parts are compared anyway ("优惠券" and "代金券" share "券"), or the first two
 * characters are listed ("连不" for "连不上" and "连不到"). There is no place for words that say little in most questions
 * ("use", "time"), nor for those whose stem is also that of quite another word ("customs" and "customer").
 */
export function synonymEntries(): readonly SynonymEntry[] {
  return languages.flatMap(linesOf).map(entryOf);
}

const languages = ["en", "zh"] as const;
const linesOf = (language: (typeof languages)[number]) => readWordList(`synonyms-${language}`);

function entryOf(line: string): SynonymEntry {
  const [left = "", right] = line.split(" > ");
  const asked = left.split(" ");
  return { line, asked, found: right === undefined ? asked : right.split(" ") };
}

/** The term by which `tokenise` knows a word of the list. */
export function synonymTerm(word: string): string {
  return isStemmed(word) ? (tokenise(word)[0]?.term ?? word) : word;
}

const isStemmed = (word: string) => /^[a-z]/.test(word);
/** No stemming changes it, and there are not many. */
const beginningOf = (word: string) =>
  isStemmed(word) ? word.slice(0, 2) : String.fromCodePoint(word.codePointAt(0) ?? 0);

/** The entries that one of whose asked words begins so: stemming all words would take tens of milliseconds at once, and a question needs few. */
const unread = madeInSteps(byBeginning);
/** Entries by each term that may be asked, of the beginnings that were looked up. */
const byTerm = new Map<string, SynonymEntry[]>();

function entriesOf(term: string): readonly SynonymEntry[] {
  const entries = unread.get();
  const beginning = beginningOf(term);
  for (const entry of entries.get(beginning) ?? []) {
    for (const word of entry.asked) if (beginningOf(word) === beginning) note(byTerm, synonymTerm(word), entry);
  }
  entries.delete(beginning);
  return byTerm.get(term) ?? [];
}

/** Makes `synonymsOf` ready in small steps. */
export const loadSynonyms: () => Steps<unknown> = unread.load;

/** Entries of one step, and the characters that one takes as long as. */
const AT_ONCE = 256;
const COST = 60;

function* byBeginning(): Steps<Map<string, SynonymEntry[]>> {
  const entries = new Map<string, SynonymEntry[]>();
  for (const language of languages) {
    for (const [at, line] of linesOf(language).entries()) {
      if (at % AT_ONCE === 0) yield AT_ONCE * COST;
      const entry = entryOf(line);
      for (const beginning of new Set(entry.asked.map(beginningOf))) note(entries, beginning, entry);
    }
  }
  return entries;
}

function note(entries: Map<string, SynonymEntry[]>, key: string, entry: SynonymEntry): void {
  const known = entries.get(key);
  if (known) known.push(entry);
  else entries.set(key, [entry]);
}

const none: ReadonlySet<string> = new Set();
const known = new Map<string, ReadonlySet<string>>();

/** Terms that commonly stand for the same thing as a term of `tokenise`, never the term itself. */
export function synonymsOf(term: string): ReadonlySet<string> {
  const held = known.get(term);
  if (held) return held;
  const entries = entriesOf(term);
  // Not kept: there is no end of words that nobody listed.
  if (entries.length === 0) return none;
  const synonyms = new Set(entries.flatMap(({ found }) => found.map(synonymTerm)));
  synonyms.delete(term);
  known.set(term, synonyms);
  return synonyms;
}
