import { tokenise } from "../text/tokenise.ts";

/** A word behind others of its sentence. */
const INNER_WORD = /(?<=[^\s.!?:。！？：]["'’”)\]]?[ \t]+["'“‘([]?)\p{L}[\p{L}\p{N}'’-]+/gu;
const ABBREVIATION = /(?<![\p{L}\p{N}])\p{Lu}{2,}(?![\p{L}\p{N}])/gu;
const MYSELF = /^I['’]/u;
const CAPITAL = /^\p{Lu}/u;
/** "E4", "ipv4", "sm-s901". */
const CODE = /^[a-z]+[-_]?\d/u;
const LATIN = /^[a-z]{2}/u;

/**
 * Tells of the terms of a question which stand for a name, that no text says in other words: codes of letters and digits, abbreviations,
 * words in capitals within a sentence, and in a question in Chinese what is written in Latin letters.
 */
export function namesIn(question: string): (term: string) => boolean {
  const isChinese = /\p{Script=Han}/u.test(question);
  const written = new Set(writtenNames(question).flatMap((name) => tokenise(name).map(({ term }) => term)));
  return (term) => written.has(term) || CODE.test(term) || (isChinese && LATIN.test(term));
}

/** Where most words have capitals, as in a heading or in anger, these say nothing. */
function writtenNames(question: string): readonly string[] {
  const inner = question.match(INNER_WORD) ?? [];
  const capital = inner.filter((word) => CAPITAL.test(word) && !MYSELF.test(word));
  return capital.length * 2 > inner.length ? [] : [...capital, ...(question.match(ABBREVIATION) ?? [])];
}
