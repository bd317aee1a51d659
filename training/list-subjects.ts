import { MOST_CODES, ONE_OF_TWO, PAIR, type SubjectList, WORD } from "../src/text/subject-list.ts";
import { visitSubject } from "../src/text/subjects.ts";

/** A word or a pair of characters. */
interface Entry {
  readonly text: string;
  readonly isPair: boolean;
  /** Absent of a word that is only known as one of two. */
  subject?: string;
  isOneOfTwo: boolean;
  /** From 1 up, of one of two. */
  code: number;
}

export interface Listed {
  readonly list: SubjectList;
  /** By place; undefined of a word that is only known as one of two. */
  readonly subjects: readonly (string | undefined)[];
}

/**
 * Brings subjects into the order of a list, and adds the words that two words are made of.
 * @throws {RangeError} for more than 65,535 words that are one of two.
 */
export function listSubjects(subjects: Iterable<string>): Listed {
  const words = new Map<string, Entry>();
  const pairs = new Map<string, Entry>();
  const two: { readonly subject: string; readonly first: Entry; readonly second: Entry }[] = [];
  const entryOf = (text: string, isPair: boolean): Entry => {
    const known = isPair ? pairs : words;
    const entry = known.get(text) ?? { text, isPair, isOneOfTwo: false, code: 0 };
    known.set(text, entry);
    return entry;
  };
  const oneOfTwo = (text: string): Entry => Object.assign(entryOf(text, false), { isOneOfTwo: true });
  for (const subject of subjects) {
    visitSubject(subject, {
      word: (text) => Object.assign(entryOf(text, false), { subject }),
      pair: (text) => Object.assign(entryOf(text, true), { subject }),
      twoWords: (first, second) => two.push({ subject, first: oneOfTwo(first), second: oneOfTwo(second) }),
    });
  }

  // Words come first, and a sort leaves equals in their order.
  const entries = [...words.values(), ...pairs.values()].sort((a, b) =>
    a.text < b.text ? -1 : a.text > b.text ? 1 : 0,
  );
  const coded = entries.filter(({ isOneOfTwo }) => isOneOfTwo);
  if (coded.length > MOST_CODES)
    throw new RangeError(`${coded.length} words are one of two, of which there may be ${MOST_CODES}`);
  coded.forEach((entry, at) => {
    entry.code = at + 1;
  });
  two.sort((a, b) => a.first.code - b.first.code || a.second.code - b.second.code);
  let end = 0;
  return {
    subjects: [...entries.map(({ subject }) => subject), ...two.map(({ subject }) => subject)],
    list: {
      units: Uint16Array.from(entries.flatMap(({ text }) => Array.from(text.split(""), (unit) => unit.charCodeAt(0)))),
      begins: Uint32Array.from([0, ...entries.map(({ text }) => (end += text.length))]),
      kinds: Uint8Array.from(entries, kindOf),
      firsts: Uint16Array.from(two, ({ first }) => first.code),
      seconds: Uint16Array.from(two, ({ second }) => second.code),
    },
  };
}

const kindOf = ({ subject, isPair, isOneOfTwo }: Entry) =>
  (subject === undefined ? 0 : isPair ? PAIR : WORD) | (isOneOfTwo ? ONE_OF_TWO : 0);
