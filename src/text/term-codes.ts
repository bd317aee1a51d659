import { createPairNumbers } from "./pair-numbers.ts";
import { textOfUnits, unitsOf } from "./pair-table.ts";
import { createTokeniser, type Tokeniser, type TokenKind } from "./tokenise.ts";

/**
 * Tokens as one number each, for those who go through many texts: what is known of a term is then found by its number, and no text
 * is looked up twice.
 */
export interface TermCodes {
  /** Each different term once, by number; it only grows. */
  readonly terms: readonly string[];
  /** The codes of the tokens, which the functions below take apart. */
  readonly tokenise: Tokeniser<number>;
  /** UTF-16 units of all terms, by which whoever keeps them can see what they take. */
  readonly units: () => number;
  /** The number of a term, a new one where it is not known. No term is empty or has a NUL. */
  readonly numberOf: (term: string) => number;
}

const WORD = 0;
const STOP = 1;
const PAIR = 2;
const DENIED = 3;

const kindCodes: Readonly<Record<TokenKind, number>> = { word: WORD, pair: PAIR, denied: DENIED };

/** The number of the term of a token, an index in `terms`. */
export const numberOfCode = (code: number) => code >>> 2;
export const isPairCode = (code: number) => (code & 3) === PAIR;
/** A word of grammar. Of a pair, nobody asks. */
export const isStopCode = (code: number) => (code & 3) === STOP;
/** A word that is not of grammar, and not the opposite of one that is denied. */
export const isPlainCode = (code: number) => (code & 3) === WORD;

export function createTermCodes(): TermCodes {
  const terms: string[] = [];
  let units = 0;
  const long = new Map<string, number>();
  /** Of terms of one or two units, which are most of a text without spaces. */
  const short = createPairNumbers();

  /** The next number. */
  function add(term: string): number {
    terms.push(term);
    units += term.length;
    return terms.length - 1;
  }

  function shortOf(key: number): number {
    const known = short.find(key);
    if (known >= 0) return known;
    short.put(key, terms.length);
    return add(textOfUnits(key));
  }

  function longOf(term: string): number {
    const known = long.get(term);
    if (known !== undefined) return known;
    long.set(term, terms.length);
    return add(term);
  }

  const numberOf = (term: string) => (term.length === 1 || term.length === 2 ? shortOf(unitsOf(term)) : longOf(term));

  return {
    terms,
    units: () => units,
    numberOf,
    tokenise: createTokeniser(
      (term, kind, stop) => {
        return (numberOf(term) << 2) | (kind === "word" && stop ? STOP : kindCodes[kind]);
      },
      { pairOf: (pair) => (shortOf(pair) << 2) | PAIR },
    ),
  };
}
