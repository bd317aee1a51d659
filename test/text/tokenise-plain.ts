import { stemmer } from "stemmer";
import { baseForm } from "../../src/text/irregular.ts";
import { foldText } from "../../src/text/normalise.ts";
import { isStopWord } from "../../src/text/stop-words.ts";
import type { Token } from "../../src/text/tokenise.ts";
import { plainChineseWords } from "./chinese-words-plain.ts";

// Making a segmenter costs milliseconds, using one microseconds.
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}々ー";
const RUN = new RegExp(
  `(?<unspaced>[${UNSPACED}][${UNSPACED}\\p{M}]*)|(?<spaced>(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+(?:['._-](?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+)*)`,
  "gu",
);

/** `tokenise` written down plainly: one expression for the runs, a segmenter for each, nothing kept. */
export function plainTokens(text: string): readonly Token[] {
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
    for (const word of wordsOf(unspaced)) add(word, word, isStopWord(word));
    for (const term of pairsOf(unspaced)) tokens.push({ term, kind: "pair", stop: isStopWord(term) });
  }
  return tokens;
}

function wordsOf(run: string): readonly string[] {
  return /^\p{Script=Han}+$/u.test(run)
    ? plainChineseWords(run)
    : Array.from(segmenter.segment(run), ({ segment }) => segment);
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
