import type { Language } from "../../../text/language.ts";
import type { LanguagePacks } from "../../rules/language-pack.ts";

/** Notation that every language numbers with: circled digits, keycaps, citations, numbers in brackets. */
const MARKS = [
  /[\u2460-\u2473\u24EA\u2776-\u277F]/gu,
  /\d\uFE0F?\u20E3/gu,
  /\[\d{1,2}\](?:\(#[^\s)]*\))?/gu,
  /[（(]\d{1,2}[)）]/gu,
];
const PERCENT = /^\s*%/;
/** UTF-16 units behind a number that say whether it measures. */
const NEAR = 40;

/** A sentence without the numbers that only number or count its parts. One that measures is a figure however it is written. */
export function withoutNumbering(sentence: string, language: Language, packs: LanguagePacks): string {
  const measures = [PERCENT, packs.en.grounding.units, packs.zh.grounding.units];
  const { uncounted, enumerates } = packs[language].grounding;
  const unnumbered = [...MARKS, ...uncounted].reduce(
    (text, form) =>
      text.replace(form, (found: string, ...rest: (string | number | undefined)[]) => {
        const end = Number(rest.find((part) => typeof part === "number")) + found.length;
        const after = text.slice(end, end + NEAR);
        return measures.some((measure) => measure.test(after)) ? found : " ";
      }),
    sentence,
  );
  return enumerates.reduce((text, form) => text.replace(form, " "), unnumbered);
}
