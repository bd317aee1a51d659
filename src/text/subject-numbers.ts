import { createPairNumbers } from "./pair-numbers.ts";
import type { Steps } from "./steps.ts";
import { visitSubject, visitSubjects } from "./subjects.ts";
import type { Token } from "./tokenise.ts";

/** A token, with what a list of subjects knows of it: a text is looked up in the list without looking up its words one by one. */
export interface KnownToken extends Token {
  /** The place that it has in the list as a word, or as a pair; -1 where it has none. */
  readonly at: number;
  /** From 1 up, of a word that is one of two in the list; 0 of any other. */
  readonly code: number;
}

export interface SubjectNumbers {
  readonly known: (token: Token) => KnownToken;
  /** The places of the subjects of these texts, each once, in the order in which they are said. */
  readonly placesIn: (texts: readonly (readonly KnownToken[])[]) => readonly number[];
}

/** Subjects of one step, and the characters that one takes as long as. */
const AT_ONCE = 512;
const COST = 20;
const CODE_BITS = 16;
const MOST_CODES = 2 ** CODE_BITS - 1;

/**
 * Finds the subjects of texts in a list of them.
 * @throws {RangeError} for a list with more than 65,535 words that are one of two.
 */
export function* createSubjectNumbers(subjects: readonly string[]): Steps<SubjectNumbers> {
  const wordAt = new Map<string, number>();
  const pairAt = new Map<string, number>();
  const codes = new Map<string, number>();
  /** By the codes of both. */
  const twoWordsAt = createPairNumbers();
  const codeOf = (word: string) => {
    const code = codes.get(word) ?? codes.size + 1;
    codes.set(word, code);
    return code;
  };
  for (const [at, subject] of subjects.entries()) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    visitSubject(subject, {
      word: (term) => wordAt.set(term, at),
      pair: (term) => pairAt.set(term, at),
      twoWords: (first, second) => twoWordsAt.put((codeOf(first) << CODE_BITS) | codeOf(second), at),
    });
  }
  if (codes.size > MOST_CODES)
    throw new RangeError(`${codes.size} words are one of two, of which there may be ${MOST_CODES}`);

  const places: number[] = [];
  /** By place: the reading in which it was said last. */
  const saidIn = new Float64Array(subjects.length);
  let reading = 0;
  const note = (at: number) => {
    if (at < 0 || saidIn[at] === reading) return;
    saidIn[at] = reading;
    places.push(at);
  };
  const visitor = {
    word: ({ at }: KnownToken) => note(at),
    pair: ({ at }: KnownToken) => note(at),
    twoWords(first: KnownToken, second: KnownToken) {
      if (first.code > 0 && second.code > 0) note(twoWordsAt.find((first.code << CODE_BITS) | second.code));
    },
  };
  return {
    known: ({ term, kind, stop }) => ({
      term,
      kind,
      stop,
      at: (kind === "pair" ? pairAt : wordAt).get(term) ?? -1,
      code: codes.get(term) ?? 0,
    }),
    placesIn(texts) {
      reading += 1;
      for (const tokens of texts) visitSubjects(tokens, visitor);
      return places.splice(0);
    },
  };
}
