import { createKindAt, widthAt } from "./character-kinds.ts";

/** The languages that the server answers in. */
export type Language = "en" | "zh";

const OTHER = 1;
const LATIN = 2;
const HAN = 3;
/** A mark that is a Han character, too: it counts as one and goes on with a word. */
const HAN_MARK = 4;
const isHan = /\p{Script=Han}/u;
const isLatin = /[\p{Script=Latin}\p{M}]/u;
const HAN_SHARE = 0.2;

const kindAt = createKindAt((character) => {
  if (isHan.test(character)) return isLatin.test(character) ? HAN_MARK : HAN;
  return isLatin.test(character) ? LATIN : OTHER;
});

/**
 * Chinese as soon as a fifth of the units is Han: a Han character says about as much as half a Latin word, and Chinese
 * sentences carry Latin names ("LLM", "Wi-Fi") while English ones hardly carry Han. Without either it is English.
 */
export function detectLanguage(text: string): Language {
  // An expression finds none faster than one can look at each character.
  if (!isHan.test(text)) return "en";
  let han = 0;
  let words = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at += widthAt(text, at)) {
    const kind = kindAt(text, at);
    if (kind >= HAN) han += 1;
    const goesOn = kind === LATIN || kind === HAN_MARK;
    if (goesOn && !inWord) words += 1;
    inWord = goesOn;
  }
  return han / 2 >= (han / 2 + words) * HAN_SHARE ? "zh" : "en";
}
