/** The languages that the server answers in. */
export type Language = "en" | "zh";

const HAN = /\p{Script=Han}/gu;
const LATIN_WORD = /[\p{Script=Latin}\p{M}]+/gu;

/**
 * Chinese as soon as a fifth of the units is Han: a Han character says about as much as half a Latin word, and Chinese
 * sentences carry Latin names ("LLM", "Wi-Fi") while English ones hardly carry Han. Without either it is English.
 */
export function detectLanguage(text: string): Language {
  const han = text.match(HAN)?.length ?? 0;
  if (han === 0) return "en";
  const words = text.match(LATIN_WORD)?.length ?? 0;
  return han / 2 >= (han / 2 + words) * HAN_SHARE ? "zh" : "en";
}

const HAN_SHARE = 0.2;
