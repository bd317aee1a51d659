import { stemmer } from "stemmer";
import { type ChineseWords, chineseWords } from "./chinese-words.ts";
import { baseForm } from "./irregular.ts";
import { foldText } from "./normalise.ts";
import { createPairTable, textOfUnits } from "./pair-table.ts";
import { visitRuns } from "./runs.ts";
import { isStopWord } from "./stop-words.ts";
import { createStretchTable } from "./stretch-table.ts";
import { createUnits } from "./units.ts";

const MOST_SPACED = 60_000;
const MOST_SEGMENTS = 40_000;
const MOST_PAIRS = 50_000;

/**
 * `word`: from spaces or from segmentation. `pair`: two neighbouring characters of a script without spaces.
 * `denied`: follows the word that the text denies ("not opened", "没拆封") and stands for its opposite.
 */
export type TokenKind = "word" | "pair" | "denied";

/** A unit of matching. Two texts share a subject to the extent that they share terms. */
export interface Token {
  readonly term: string;
  readonly kind: TokenKind;
  /** A word of grammar: it says nothing about the subject. */
  readonly stop: boolean;
}

/** What the words before say of those that follow. */
export interface Carry {
  /** The last word that is not of grammar is denied. */
  readonly denied: boolean;
  /** The last word was "how". */
  readonly asked: boolean;
}

export interface Tokens<T = Token> extends Carry {
  readonly tokens: readonly T[];
}

/** The tokens of the next line of a text. Those of all lines, one behind the other, are those of the whole text. */
export type Tokeniser<T> = (text: string, before: Carry) => Tokens<T>;

/** The beginning of a text. */
export const NO_CARRY: Carry = { denied: false, asked: false };

/**
 * The terms of a text in reading order, mixed scripts included. Spaced words are folded and, when English, stemmed
 * (Porter 1980); a compound (`e-mail`, `16GB`) also gives its parts. Unspaced runs give their words
 * (`visitRuns` says which) and every pair of neighbouring characters, since the same phrase may be cut differently in another context.
 * What is denied gets a term of its own: "not opened" that of "unopened", "没拆封" that of "未拆封".
 */
export function tokenise(text: string): readonly Token[] {
  return tokeniseAfter(text, NO_CARRY).tokens;
}

/** A word with all that can become of it, whatever stands before. */
interface Word<T> {
  readonly term: string;
  readonly plain: T;
  readonly stopped: T;
  readonly grammar: boolean;
  readonly measure: boolean;
  readonly how: boolean;
  readonly denial: boolean;
  /** The token of its opposite, from when it was wanted for the first time. */
  opposite: T | undefined;
}

export interface TokeniserOptions<T> {
  /** As `make`, for the pair of these two characters, as `unitsOf` gives it, for those who keep what they made by themselves. */
  readonly pairOf?: (units: number) => T;
  /** Cuts Chinese. Default: by the list of words that comes with this program. */
  readonly chinese?: ChineseWords;
}

/**
 * Tokens in another form: `make` is asked for that of a term, and what it gives is kept for a while, so that most words of a text
 * cost one look.
 */
export function createTokeniser<T>(
  make: (term: string, kind: TokenKind, stop: boolean) => T,
  { pairOf, chinese }: TokeniserOptions<T> = {},
): Tokeniser<T> {
  function createWord(term: string, word: string, grammar: boolean): Word<T> {
    return {
      term,
      plain: make(term, "word", false),
      stopped: make(term, "word", true),
      grammar,
      measure: MEASURES.has(word),
      how: word === "how",
      denial: DENIALS.has(word),
      opposite: undefined,
    };
  }

  const createSegment = (segment: string) => createWord(segment, segment, isStopWord(segment));
  const longSegmentOf = kept(MOST_SEGMENTS, createSegment);
  const shortSegments = createPairTable((units) => createSegment(textOfUnits(units)));

  /** Most words of a script without spaces have one or two characters, so that no text has to be cut out. */
  function segmentOf(run: string, start: number, end: number): Word<T> {
    if (end - start > 2) return longSegmentOf(run.slice(start, end));
    if (shortSegments.size >= MOST_SEGMENTS) shortSegments.clear();
    const first = run.charCodeAt(start);
    return shortSegments.of(end - start === 1 ? first : (first << 16) | run.charCodeAt(start + 1));
  }

  const spacedWords = createStretchTable(MOST_SPACED, (word): readonly Word<T>[] => {
    const bare = word.replace(/'s$/, "");
    const stop = isStopWord(word) || isStopWord(bare);
    const parts = stop || isDecimal(bare) ? [bare] : partsOf(bare);
    const words = parts.map((part) => createWord(stem(part), part, stop || isStopWord(part)));
    return parts.length > 1 ? [createWord(bare.replace(/['._-]/g, ""), bare, false), ...words] : words;
  });

  function opposite(word: Word<T>): T {
    const { term } = word;
    word.opposite ??= make(/^[a-z]/.test(term) ? `un${term}` : `未${term}`, "denied", false);
    return word.opposite;
  }

  const createPair = (term: string) => make(term, "pair", isStopWord(term));
  /** A pair of characters of one unit each as one number: no text has to be cut out and looked up. */
  const pairs = createPairTable((units) => createPair(textOfUnits(units)));
  const narrowPairOf = pairOf ?? ((units: number) => pairs.of(units));

  function addPairs(run: string, tokens: T[]): void {
    if (pairs.size >= MOST_PAIRS) pairs.clear();
    let before = run.codePointAt(0) ?? 0;
    for (let at = widthOf(before); at < run.length; ) {
      const code = run.codePointAt(at) ?? 0;
      const narrow = before <= 0xffff && code <= 0xffff;
      tokens.push(narrow ? narrowPairOf((before << 16) | code) : createPair(String.fromCodePoint(before, code)));
      before = code;
      at += widthOf(code);
    }
  }

  const units = createUnits();

  return (text, before) => {
    const tokens: T[] = [];
    let { denied, asked } = before;
    const add = (word: Word<T>) => {
      const stop = word.grammar || (asked && word.measure);
      asked = word.how;
      tokens.push(stop ? word.stopped : word.plain);
      if (denied && !stop) tokens.push(opposite(word));
      denied = word.denial || (denied && stop);
    };
    const folded = foldText(text);
    units.read(folded);
    const { codes } = units;
    visitRuns(folded, codes, chinese ?? chineseWords(), {
      spaced(from, to) {
        for (const word of spacedWords.of(folded, codes, from, to)) add(word);
      },
      unspaced(run, ends) {
        let start = 0;
        for (const end of ends) {
          add(segmentOf(run, start, end));
          start = end;
        }
        addPairs(run, tokens);
      },
    });
    return { tokens, denied, asked };
  };
}

/** "How long", "how much": the second word asks for a measure and says nothing about the subject. */
const MEASURES: ReadonlySet<string> = new Set(
  "long much many often old far big large high heavy tall soon quickly fast late early".split(" "),
);

const DENIALS: ReadonlySet<string> = new Set([
  ..."not never 没 没有 未 尚未 还没 还没有".split(" "),
  ..."have has had do does did is are was were".split(" ").flatMap((verb) => [`${verb}n't`, `${verb}nt`]),
]);

const isDecimal = (word: string) => /^\d+(?:\.\d+)+$/.test(word);

/** Splits at joints and between a number and its unit. */
function partsOf(word: string): readonly string[] {
  return word.split(/['._-]|(?<=\d)(?=\p{L})/u).filter((part) => part !== "");
}

function stem(word: string): string {
  return word.length > 2 && /^[a-z']+$/.test(word) ? stemmer(baseForm(word.replaceAll("'", ""))) : word;
}

const widthOf = (code: number) => (code > 0xffff ? 2 : 1);

/**
 * Keeps what was made from each key until `limit` are kept, then begins anew: most words of a text are words of the last
 * one, and an order of use would cost more than making the rare ones again.
 */
function kept<K, T>(limit: number, make: (key: K) => T): (key: K) => T {
  const known = new Map<K, T>();
  return (key) => {
    const held = known.get(key);
    if (held !== undefined) return held;
    if (known.size >= limit) known.clear();
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

/** The tokens of the next line. */
export const tokeniseAfter: Tokeniser<Token> = createTokeniser((term, kind, stop): Token => ({ term, kind, stop }));

/** The terms alone, words of grammar left out: what a text is about. */
export function contentTerms(text: string): readonly string[] {
  return tokenise(text)
    .filter((token) => !token.stop)
    .map((token) => token.term);
}
