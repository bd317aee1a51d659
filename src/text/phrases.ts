import { madeInSteps } from "./in-steps.ts";
import { remember } from "./remember.ts";
import type { Steps } from "./steps.ts";
import { synonymTerm } from "./synonyms.ts";
import { type Carry, NO_CARRY, type Token, tokenise, tokeniseAfter } from "./tokenise.ts";
import { readWordList } from "./word-list.ts";

/** A phrase of everyday speech in a question, and the words that texts have for it. */
export interface PhraseFound {
  /** Index of its first token, and one past its last. */
  readonly from: number;
  readonly to: number;
  /** Terms, the most typical first. */
  readonly found: readonly string[];
}

/**
 * A line of a list: `cant log in | wont let me in > login password`. On the left phrases as they are asked, on the right single words
 * as help pages have them. English phrases are compared by the stems of their words, without apostrophes; `*` stands for one word.
 * Chinese ones are compared by their characters. They were written by somebody who had seen no questions to measure with.
 */
export interface PhraseEntry {
  readonly line: string;
  readonly phrases: readonly string[];
  readonly words: readonly string[];
}

export function phraseEntries(language: "en" | "zh"): readonly PhraseEntry[] {
  return readWordList(`phrases-${language}`).map((line) => {
    const [left = "", right = ""] = line.split(" > ");
    return { line, phrases: left.split(" | "), words: right.split(" ") };
  });
}

/** One of the phrases that begin alike, the longest first. */
interface Phrase {
  readonly text: string;
  readonly entry: PhraseEntry;
}

type Phrases = ReadonlyMap<string, readonly Phrase[]>;

interface Word {
  readonly term: string;
  readonly kind: Token["kind"];
  /** Index of the token. */
  readonly at: number;
}

const ANY = "*";
const HAN = /^\p{Script=Han}/u;
const isChinese = ({ term }: Word) => HAN.test(term);

/** By the term of the first word; the others are stemmed when that is asked. */
const english = madeInSteps(englishPhrases);
/** By the first character. */
const chinese = madeInSteps(() => byBeginning("zh", beginningOf));
const spoken = new Map<Phrase, readonly string[]>();

/** A comma ends a phrase as well; points within numbers and names do not. */
const CLAUSE_END = /(?<=[。？！；，：、\n])|(?<=[.?!;,:])(?=\s)/u;

/** Makes `readPhrases` ready in small steps. */
export function* loadPhrases(): Steps<void> {
  yield* english.load();
  yield* chinese.load();
}

/** A question, and the query made of it, are read by whoever looks for words and by whoever weighs what was found. */
const KEPT = 8;

export interface QuestionRead {
  readonly tokens: readonly Token[];
  readonly phrases: readonly PhraseFound[];
}

/**
 * The tokens of a question, as `tokenise` gives them, and the phrases among them: within one clause, none in another of the same
 * script, and of several that begin alike the longest.
 */
export const readPhrases: (question: string) => QuestionRead = remember(KEPT, read);

function read(question: string): QuestionRead {
  const tokens: Token[] = [];
  const phrases: PhraseFound[] = [];
  let carry: Carry = NO_CARRY;
  for (const clause of question.split(CLAUSE_END)) {
    const own = tokeniseAfter(clause, carry);
    carry = own;
    const before = tokens.length;
    for (const { from, to, found } of phrasesIn(own.tokens))
      phrases.push({ from: before + from, to: before + to, found });
    for (const token of own.tokens) tokens.push(token);
  }
  return { tokens, phrases };
}

function phrasesIn(tokens: readonly Token[]): readonly PhraseFound[] {
  const words = tokens.flatMap(({ term, kind }, at) => (kind === "denied" ? [] : [{ term, kind, at }]));
  const runs: Word[][] = [[]];
  for (const word of words) {
    // The pairs of a run stand behind its words.
    if (word.kind === "pair" || !isChinese(word)) runs.push([]);
    else runs.at(-1)?.push(word);
  }
  return [
    ...englishIn(words.filter((word) => word.kind === "word" && !isChinese(word))),
    ...runs.flatMap((run) => (run.length === 0 ? [] : chineseIn(run))),
  ];
}

function englishIn(words: readonly Word[]): readonly PhraseFound[] {
  const known = english.get();
  const all: PhraseFound[] = [];
  for (let index = 0; index < words.length; ) {
    const phrase = known.get(words[index]?.term ?? "")?.find((one) => {
      const terms = termsOf(one);
      const isHere = (term: string, place: number) => term === ANY || term === words[index + place]?.term;
      return index + terms.length <= words.length && terms.every(isHere);
    });
    const length = phrase ? termsOf(phrase).length : 1;
    if (phrase) all.push(foundAt(words[index], words[index + length - 1], phrase));
    index += length;
  }
  return all;
}

/** Thousands of phrases begin with hundreds of words, each of which is stemmed once. */
function englishPhrases(): Steps<Phrases> {
  const terms = new Map<string, string>();
  return byBeginning("en", (phrase) => {
    const [word = ""] = phrase.split(" ", 1);
    const term = terms.get(word) ?? synonymTerm(word);
    terms.set(word, term);
    return term;
  });
}

function chineseIn(run: readonly Word[]): readonly PhraseFound[] {
  const known = chinese.get();
  const text = run.map(({ term }) => term).join("");
  // For each unit of the text the word that it is of.
  const wordAt = run.flatMap((word) => Array.from({ length: word.term.length }, () => word));
  const all: PhraseFound[] = [];
  for (let at = 0; at < text.length; ) {
    const beginning = beginningOf(text.slice(at));
    const phrase = known.get(beginning)?.find((one) => text.startsWith(one.text, at));
    const length = phrase?.text.length ?? beginning.length;
    if (phrase) all.push(foundAt(wordAt[at], wordAt[at + length - 1], phrase));
    at += length;
  }
  return all;
}

function foundAt(first: Word | undefined, last: Word | undefined, { entry }: Phrase): PhraseFound {
  return { from: first?.at ?? 0, to: (last?.at ?? 0) + 1, found: entry.words.map(synonymTerm) };
}

function termsOf(phrase: Phrase): readonly string[] {
  const known = spoken.get(phrase);
  if (known) return known;
  const terms = phrase.text
    .split(" ")
    .flatMap((word) =>
      word === ANY ? [ANY] : tokenise(word).flatMap(({ kind, term }) => (kind === "word" ? [term] : [])),
    );
  spoken.set(phrase, terms);
  return terms;
}

const beginningOf = (text: string) => String.fromCodePoint(text.codePointAt(0) ?? 0);

/** Entries of one step, and the characters that one takes as long as. */
const AT_ONCE = 32;
const COST = 550;

function* byBeginning(language: "en" | "zh", keyOf: (phrase: string) => string): Steps<Phrases> {
  const groups = new Map<string, Phrase[]>();
  for (const [at, entry] of phraseEntries(language).entries()) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    for (const text of entry.phrases) {
      const key = keyOf(text);
      const group = groups.get(key);
      if (group) group.push({ text, entry });
      else groups.set(key, [{ text, entry }]);
    }
  }
  const longestFirst = language === "en" ? (text: string) => text.split(" ").length : (text: string) => text.length;
  for (const group of groups.values()) group.sort((a, b) => longestFirst(b.text) - longestFirst(a.text));
  return groups;
}
