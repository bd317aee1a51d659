import type { Steps } from "./steps.ts";
import { createSubjectIndex, type SubjectIndex, type SubjectList } from "./subject-list.ts";
import { visitSubjects } from "./subjects.ts";
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
  /** How the word or pair at a place is written. */
  readonly textAt: SubjectIndex["textAt"];
}

/** Finds the subjects of texts in a list of them. @throws what `createSubjectIndex` throws. */
export function* createSubjectNumbers(subjects: SubjectList): Steps<SubjectNumbers> {
  const { wordAt, pairAt, isSubject, codeOf, twoWordsAt, textAt } = yield* createSubjectIndex(subjects);
  const places: number[] = [];
  /** By place: the reading in which it was said last. */
  const saidIn = new Float64Array(subjects.kinds.length + subjects.firsts.length);
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
      if (first.code > 0 && second.code > 0) note(twoWordsAt(first.code, second.code));
    },
  };
  return {
    textAt,
    known({ term, kind, stop }) {
      const word = wordAt(term);
      const code = word < 0 ? 0 : codeOf(word);
      if (kind === "pair") return { term, kind, stop, at: pairAt(term), code };
      return { term, kind, stop, at: word >= 0 && isSubject(word) ? word : -1, code };
    },
    placesIn(texts) {
      reading += 1;
      for (const tokens of texts) visitSubjects(tokens, visitor);
      return places.splice(0);
    },
  };
}
