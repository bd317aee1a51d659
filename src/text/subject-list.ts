import type { Steps } from "./steps.ts";

/**
 * Subjects, each by its place, as a file keeps them: nothing has to be made of them but two small tables before one can be looked up.
 * First the words and the pairs of characters in the order of their code units, a word before the pair of the same characters, and among them the
 * words that are only known as one of two; then the two words.
 */
export interface SubjectList {
  /** The units of the words and pairs, one behind the other. */
  readonly units: Uint16Array;
  /** By place of a word or pair: where its units begin; one more for the end of the last. */
  readonly begins: Uint32Array;
  /** By place of a word or pair: `WORD` or `PAIR` where it is a subject, and `ONE_OF_TWO`. */
  readonly kinds: Uint8Array;
  /** Of two words, by the order of these, then of those that follow: the code of the first. The words that are one of two have codes from 1 up, in their order. */
  readonly firsts: Uint16Array;
  /** The code of the second. */
  readonly seconds: Uint16Array;
}

export const WORD = 1;
export const PAIR = 2;
export const ONE_OF_TWO = 4;
export const MOST_CODES = 0xffff;

export interface SubjectIndex {
  /** The place of the word that is written so, whether it is a subject or only one of two; -1 where there is none. */
  readonly wordAt: (text: string) => number;
  /** The place of the pair that is written so; -1 where there is none. */
  readonly pairAt: (text: string) => number;
  /** Whether the word at a place is a subject by itself. */
  readonly isSubject: (at: number) => boolean;
  /** From 1 up, of a word that is one of two; 0 of any other. */
  readonly codeOf: (at: number) => number;
  /** The place of two words, by codes from 1 up; -1 where they have none. */
  readonly twoWordsAt: (first: number, second: number) => number;
  /** How the word or pair at a place is written. */
  readonly textAt: (at: number) => string;
}

/** Subjects of one step, and the characters that one takes as long as. */
const AT_ONCE = 8_192;
const COST = 1;
const UNITS = 0x1_0000;

/**
 * Finds subjects by binary search among those that begin with the same unit, or the same word: a few steps, however many there are, and
 * nobody can write a text that takes more.
 * @throws {Error} when the list is not in its order, or has more than 65,535 words that are one of two.
 */
export function* createSubjectIndex({ units, begins, kinds, firsts, seconds }: SubjectList): Steps<SubjectIndex> {
  const codes = new Uint16Array(kinds.length);
  let code = 0;
  for (let at = 0; at < kinds.length; at += 1) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    if (((kinds[at] as number) & ONE_OF_TWO) === 0) continue;
    code += 1;
    codes[at] = code;
  }
  if (code > MOST_CODES) throw new Error(`${code} words are one of two, of which there may be ${MOST_CODES}`);
  const kindOf = (at: number) => kinds[at] as number;
  const byUnit = yield* beginningsOf(kinds.length, UNITS, (at) => units[begins[at] as number] as number);
  const byFirst = yield* beginningsOf(firsts.length, code + 1, (at) => firsts[at] as number);

  /** Whether what is at the place comes before the text, which begins with the same unit. */
  function isBefore(at: number, text: string): boolean {
    const begin = begins[at] as number;
    const length = (begins[at + 1] as number) - begin;
    const both = Math.min(length, text.length);
    for (let unit = 1; unit < both; unit += 1) {
      const difference = (units[begin + unit] as number) - text.charCodeAt(unit);
      if (difference !== 0) return difference < 0;
    }
    return length < text.length;
  }

  function firstNotBefore(text: string): number {
    const first = text.charCodeAt(0);
    let at = byUnit[first] as number;
    for (let high = byUnit[first + 1] as number; at < high; ) {
      const middle = (at + high) >>> 1;
      if (isBefore(middle, text)) at = middle + 1;
      else high = middle;
    }
    return at;
  }

  /** False behind the last place. */
  function isWrittenSo(at: number, text: string): boolean {
    const begin = begins[at] as number;
    if ((begins[at + 1] as number) - begin !== text.length) return false;
    for (let unit = 0; unit < text.length; unit += 1) if (units[begin + unit] !== text.charCodeAt(unit)) return false;
    return true;
  }

  return {
    wordAt(text) {
      const at = firstNotBefore(text);
      return isWrittenSo(at, text) && (kindOf(at) & PAIR) === 0 ? at : -1;
    },
    pairAt(text) {
      const at = firstNotBefore(text);
      if (!isWrittenSo(at, text)) return -1;
      if ((kindOf(at) & PAIR) !== 0) return at;
      return isWrittenSo(at + 1, text) ? at + 1 : -1;
    },
    isSubject: (at) => (kindOf(at) & WORD) !== 0,
    codeOf: (at) => codes[at] as number,
    twoWordsAt(first, second) {
      const end = byFirst[first + 1] as number;
      let at = byFirst[first] as number;
      for (let high = end; at < high; ) {
        const middle = (at + high) >>> 1;
        if ((seconds[middle] as number) < second) at = middle + 1;
        else high = middle;
      }
      return at < end && seconds[at] === second ? kinds.length + at : -1;
    },
    textAt(at) {
      let text = "";
      for (let unit = begins[at] as number; unit < (begins[at + 1] as number); unit += 1)
        text += String.fromCharCode(units[unit] as number);
      return text;
    },
  };
}

/** By key, where those begin that have it or a higher one; one more for the end. @param keyOf rises with the place, and is below `keys`. */
function* beginningsOf(count: number, keys: number, keyOf: (at: number) => number): Steps<Uint32Array> {
  const starts = new Uint32Array(keys + 1);
  let before = -1;
  for (let at = 0; at < count; at += 1) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    const key = keyOf(at);
    if (!(key >= before && key < keys)) throw new Error("the subjects are not in their order");
    // Nothing has a key between the two.
    if (key > before) starts.fill(at, before + 1, key + 1);
    before = key;
  }
  return starts.fill(count, before + 1);
}
