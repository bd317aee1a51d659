import { stemmer } from "stemmer";
import { baseForm } from "./irregular.ts";
import { foldText } from "./normalise.ts";
import { isStopWord } from "./stop-words.ts";

/** A unit of matching. Two texts share a subject to the extent that they share terms. */
export interface Token {
  readonly term: string;
  /**
   * `word`: from spaces or from segmentation. `pair`: two neighbouring characters of a script without spaces.
   * `denied`: follows the word that the text denies ("not opened", "没拆封") and stands for its opposite.
   */
  readonly kind: "word" | "pair" | "denied";
  /** A word of grammar: it says nothing about the subject. */
  readonly stop: boolean;
}

// Making a segmenter costs milliseconds, using one microseconds.
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}々ー";
const RUN = new RegExp(
  `(?<unspaced>[${UNSPACED}][${UNSPACED}\\p{M}]*)|(?<spaced>(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+(?:['._-](?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+)*)`,
  "gu",
);

/**
 * The terms of a text in reading order, mixed scripts included. Spaced words are folded and, when English, stemmed
 * (Porter 1980); a compound (`e-mail`, `16GB`) also gives its parts. Unspaced runs give the words of `Intl.Segmenter`
 * and every pair of neighbouring characters, since the same phrase may be segmented differently in another context.
 * What is denied gets a term of its own: "not opened" that of "unopened", "没拆封" that of "未拆封".
 */
export function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let denied = false;
  let asked = false;
  const add = (term: string, word: string, grammar: boolean) => {
    const stop = grammar || (asked && MEASURES.test(word));
    asked = word === "how";
    tokens.push({ term, kind: "word", stop });
    if (denied && !stop) tokens.push({ term: deniedTerm(term), kind: "denied", stop: false });
    denied = DENIAL.test(word) || (denied && stop);
  };
  for (const match of foldText(text).matchAll(RUN)) {
    const { unspaced, spaced } = match.groups ?? {};
    if (spaced !== undefined) addSpaced(spaced, add);
    if (unspaced === undefined) continue;
    for (const { segment } of segmenter.segment(unspaced)) add(segment, segment, isStopWord(segment));
    for (const term of pairsOf(unspaced)) tokens.push({ term, kind: "pair", stop: isStopWord(term) });
  }
  return tokens;
}

/** "How long", "how much": the second word asks for a measure and says nothing about the subject. */
const MEASURES = /^(?:long|much|many|often|old|far|big|large|high|heavy|tall|soon|quickly|fast|late|early)$/;

const DENIAL = /^(?:not|never|(?:have|has|had|do|does|did|is|are|was|were)n'?t|没|没有|未|尚未|还没|还没有)$/u;

const deniedTerm = (term: string) => (/^[a-z]/.test(term) ? `un${term}` : `未${term}`);

function pairsOf(run: string): readonly string[] {
  const characters = Array.from(run);
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

function addSpaced(word: string, add: (term: string, word: string, stop: boolean) => void): void {
  const bare = word.replace(/'s$/, "");
  const stop = isStopWord(word) || isStopWord(bare);
  const parts = stop || isDecimal(bare) ? [bare] : partsOf(bare);
  if (parts.length > 1) add(bare.replace(/['._-]/g, ""), bare, false);
  for (const part of parts) add(stem(part), part, stop || isStopWord(part));
}

const isDecimal = (word: string) => /^\d+(?:\.\d+)+$/.test(word);

/** Splits at joints and between a number and its unit. */
function partsOf(word: string): readonly string[] {
  return word.split(/['._-]|(?<=\d)(?=\p{L})/u).filter((part) => part !== "");
}

function stem(word: string): string {
  return word.length > 2 && /^[a-z']+$/.test(word) ? stemmer(baseForm(word.replaceAll("'", ""))) : word;
}

/** The terms alone, words of grammar left out: what a text is about. */
export function contentTerms(text: string): readonly string[] {
  return tokenise(text)
    .filter((token) => !token.stop)
    .map((token) => token.term);
}
