import { detectLanguage } from "../text/language.ts";
import { sentenceSpans } from "../text/sentences.ts";
import { tokenise } from "../text/tokenise.ts";

const WRITTEN_WORD = /\p{L}[\p{L}\p{N}'’-]*/gu;
const ABBREVIATION = /(?<![\p{L}\p{N}])\p{Lu}{2,}(?![\p{L}\p{N}])/gu;
const CAPITAL = /^\p{Lu}/u;
/** "E4", "ipv6". What begins with a digit is mostly an amount ("16gb"). */
const CODE = /^[a-z]+\d/u;
const LATIN = /^[a-z]{2}/u;
/** From so many words on a message may be written as a heading is, if so large a share of them have capitals. */
const HEADING = { words: 4, share: 0.8 } as const;

/**
 * Tells of the terms of a question which are taken for a name, that texts hardly say in other words: codes of letters and digits,
 * abbreviations, words in capitals within a sentence, and in a question in Chinese what is written in Latin letters. A word that is only
 * stressed by capitals, or that begins anew behind an emoji, is taken for one as well.
 */
export function namesIn(question: string): (term: string) => boolean {
  const isChinese = detectLanguage(question) === "zh";
  const written = new Set(writtenNames(question).flatMap((name) => tokenise(name).map(({ term }) => term)));
  return (term) => written.has(term) || CODE.test(term) || (isChinese && LATIN.test(term));
}

/** Where nearly all words have capitals, as in a heading or in anger, these say nothing. */
function writtenNames(question: string): readonly string[] {
  if (!/\p{Ll}/u.test(question)) return [];
  const sentences = sentenceSpans(question).map(
    ({ start, end }) => question.slice(start, end).match(WRITTEN_WORD) ?? [],
  );
  const words = sentences.flat();
  const capitals = words.filter((word) => CAPITAL.test(word));
  if (words.length >= HEADING.words && capitals.length >= HEADING.share * words.length) return [];
  const inner = sentences.flatMap((sentence) => sentence.slice(1)).filter((word) => word.length > 1);
  return [...inner.filter((word) => CAPITAL.test(word)), ...(question.match(ABBREVIATION) ?? [])];
}
