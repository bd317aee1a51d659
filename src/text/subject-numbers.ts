import type { Steps } from "./steps.ts";
import { visitSubject, visitSubjects } from "./subjects.ts";
import type { Token } from "./tokenise.ts";

export type SubjectNumbers = (tokens: Iterable<Token>) => ReadonlySet<number>;

/** Subjects of one step, and the characters that one takes as long as. */
const AT_ONCE = 512;
const COST = 20;
/** More words than any list has. */
const MOST_CODES = 2 ** 24;

/**
 * Finds the subjects of a text in a list of them, without making a new string for a pair or for two words.
 * @returns gives the places in the list, each once
 */
export function* createSubjectNumbers(subjects: readonly string[]): Steps<SubjectNumbers> {
  const wordAt = new Map<string, number>();
  const pairAt = new Map<string, number>();
  const codes = new Map<string, number>();
  /** By the codes of both. */
  const twoWordsAt = new Map<number, number>();
  const codeOf = (word: string) => {
    const code = codes.get(word) ?? codes.size;
    codes.set(word, code);
    return code;
  };
  for (const [at, subject] of subjects.entries()) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    visitSubject(subject, {
      word: (term) => wordAt.set(term, at),
      pair: (term) => pairAt.set(term, at),
      twoWords: (first, second) => twoWordsAt.set(codeOf(first) * MOST_CODES + codeOf(second), at),
    });
  }
  return (tokens) => {
    const found = new Set<number>();
    const note = (at: number | undefined) => {
      if (at !== undefined) found.add(at);
    };
    visitSubjects(tokens, {
      word: (term) => note(wordAt.get(term)),
      pair: (term) => note(pairAt.get(term)),
      twoWords(first, second) {
        const [one, other] = [codes.get(first), codes.get(second)];
        if (one !== undefined && other !== undefined) note(twoWordsAt.get(one * MOST_CODES + other));
      },
    });
    return found;
  };
}
