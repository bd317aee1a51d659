import { accounts } from "./synonyms-accounts.ts";
import { buying } from "./synonyms-buying.ts";
import { delivery } from "./synonyms-delivery.ts";
import { devices } from "./synonyms-devices.ts";
import { general } from "./synonyms-general.ts";
import { returns } from "./synonyms-returns.ts";
import { service } from "./synonyms-service.ts";
import { software } from "./synonyms-software.ts";
import { tokenise } from "./tokenise.ts";

const list = ["", buying, delivery, returns, accounts, service, devices, software, general, ""].join("\n");

/** Words that stand for each other (`asked` and `found` are the same), or words of questions and those of texts that stand for them. */
export interface SynonymEntry {
  /** As written in the list. */
  readonly line: string;
  readonly asked: readonly string[];
  readonly found: readonly string[];
}

/**
 * The list, an entry a line, each in one language:
 * - `coupon voucher`: a group, every word stands for every other. Two lines with a word in common say nothing of their others.
 * - `dead kaput > broken faulty`: who asks with a word on the left may mean each on the right, and not the other way round.
 *
 * An English word stands for all forms that the stemmer makes one with it; a compound is written as one word (`signin` is
 * also `sign-in`). A Chinese word has one or two characters, or is one that the segmenter leaves whole: only those are terms
 * wherever they stand. Of longer ones the parts are compared anyway ("优惠券" and "代金券" share "券"), or the first two
 * characters are listed ("连不" for "连不上" and "连不到"). There is no place for words that say little in most questions
 * ("use", "time"), nor for those whose stem is also that of quite another word ("customs" and "customer").
 */
export function synonymEntries(): readonly SynonymEntry[] {
  return list.split("\n").flatMap((line) => (line === "" ? [] : entryOf(line)));
}

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

/**
 * Entries by each term that may be asked. Read as far as terms were looked up: stemming all words would take tens of
 * milliseconds at once, and a question needs few.
 */
const byTerm = new Map<string, SynonymEntry[]>();
/** How the words begin that were read. */
const read = new Set<string>();

function entriesOf(term: string): readonly SynonymEntry[] {
  const beginning = beginningOf(term);
  if (!read.has(beginning)) {
    read.add(beginning);
    for (const line of linesWith(beginning)) readLine(line, beginning);
  }
  return byTerm.get(term) ?? [];
}

/** The lines in which a word begins so. */
function linesWith(beginning: string): ReadonlySet<string> {
  const lines = new Set<string>();
  for (const start of [`\n${beginning}`, ` ${beginning}`])
    for (let at = list.indexOf(start); at !== -1; at = list.indexOf(start, at + 1))
      lines.add(list.slice(list.lastIndexOf("\n", at) + 1, list.indexOf("\n", at + 1)));
  return lines;
}

function readLine(line: string, beginning: string): void {
  const entry = entryOf(line);
  for (const word of entry.asked) {
    if (beginningOf(word) !== beginning) continue;
    const term = synonymTerm(word);
    const entries = byTerm.get(term);
    if (entries) entries.push(entry);
    else byTerm.set(term, [entry]);
  }
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
