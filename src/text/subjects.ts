import type { Token } from "./tokenise.ts";

/** Gets the subjects of a text one after the other, some more than once. */
export interface SubjectVisitor<T> {
  word(word: T): void;
  /** Two neighbouring characters of an unspaced script, which may be a word as well. */
  pair(pair: T): void;
  /** Two neighbouring words, either of which may be one of grammar; or two that are not, with only such ones between them. */
  twoWords(first: T, second: T): void;
}

/** Scripts from here on have no spaces between words, or between syllables only. */
const UNSPACED = 0x2e80;

/**
 * What of a text its meaning is made of: its words and pairs of characters without those of grammar, and, where words are spaced, each two
 * that follow each other ("how long", "lock out", "money back"), as one alone says little.
 */
export function visitSubjects<T extends Token>(tokens: readonly T[], visitor: SubjectVisitor<T>): void {
  let last: T | undefined;
  let lastTelling: T | undefined;
  for (const token of tokens) {
    const { term, kind, stop } = token;
    if (!stop && kind === "pair") visitor.pair(token);
    else if (!stop) visitor.word(token);
    if (kind === "denied") continue;
    if (term.charCodeAt(0) >= UNSPACED) {
      last = undefined;
      lastTelling = undefined;
      continue;
    }
    if (last) visitor.twoWords(last, token);
    if (!stop) {
      if (lastTelling && lastTelling.term !== last?.term) visitor.twoWords(lastTelling, token);
      lastTelling = token;
    }
    last = token;
  }
}

/** Tells a pair of characters from the word that it may be. */
const PAIR = "~";
/** Between two words; no term has it. */
const NEXT = " ";

/** Each subject of a text once, as one string. */
export function subjectsOf(tokens: readonly Token[]): ReadonlySet<string> {
  const subjects = new Set<string>();
  visitSubjects(tokens, {
    word: ({ term }) => subjects.add(term),
    pair: ({ term }) => subjects.add(PAIR + term),
    twoWords: (first, second) => subjects.add(first.term + NEXT + second.term),
  });
  return subjects;
}

export const isPair = (subject: string) => subject.startsWith(PAIR);
export const isTwoWords = (subject: string) => subject.includes(NEXT);

/** Tells the visitor what the subject is, by its terms. */
export function visitSubject(subject: string, visitor: SubjectVisitor<string>): void {
  const term = termOf(subject);
  if (term === undefined) {
    const [first = "", second = ""] = subject.split(NEXT);
    visitor.twoWords(first, second);
  } else if (isPair(subject)) visitor.pair(term);
  else visitor.word(term);
}

/** The subject as texts have it; undefined for two words, which are no term. */
export function termOf(subject: string): string | undefined {
  if (isTwoWords(subject)) return undefined;
  return isPair(subject) ? subject.slice(PAIR.length) : subject;
}
