import { replaceEnglish } from "./english-numbers.ts";
import { type HanNumber, replaceHan } from "./han-numbers.ts";

/** Stands before a number that was written in words: small ones count things more often than they state a fact. */
export const SPELLED = "\uE000";

const SPAN = "(?:year|month|week|day|hour|minute)";
const WORKING = "(?:(?:full|whole|working|business|calendar) )?";
const ENGLISH_HALF = new RegExp(`\\bhalf(?: an? |-)(?=${SPAN}\\b)`, "g");
const HAN_HALF = /(?<![个\d〇零一二两三四五六七八九十])半(?=年|天|小时|个(?:月|小时|星期|钟头))/gu;
/** A length of time that is stated: "a day" may be any day, "within a day" is one. */
const ONE = new RegExp(
  `\\b(within|takes?|lasts?|for|up to|have|has|least|most) an? (?=${WORKING}${SPAN}\\b)|\\b()an? (?=fortnight\\b|${SPAN} and a (?:half|quarter)\\b)`,
  "g",
);
const NUMBER = `(?<![\\d.])(${SPELLED}?\\d{1,9})`;
const AND_PART = new RegExp(
  `${NUMBER}(\\s${WORKING}(?:${SPAN}s?|weeks?))? and (?:a|one|${SPELLED}1) (half|quarter)\\b`,
  "g",
);
const MIXED = /(?<![\d/.])(\d{1,3})\s([1-3])\/([2-4])(?![\d/])/g;
/** "一个半小时", "两年半". */
const HAN_AND_HALF = new RegExp(
  `${NUMBER}\\s?(?:(个)半(?=[月小钟星])|(年|天|周|元|块|米|公斤|小时|个(?:月|小时|星期|钟头))半(?![\\d载价天年个小]))`,
  "gu",
);
const HALF_PRICE = /\bhalf[\s-]price\b|\bhalf (?:the price|off)\b|半价|(?<![\d\uE000])对折/gu;
const WHOLE = /百分(?:之)?百(?!\p{Script=Han}?[分之])/gu;
const PARTS = new Map([
  ["third", 3],
  ["quarter", 4],
  ["fifth", 5],
  ["tenth", 10],
]);
const SHARE = new RegExp(
  `(?<![\\d.])(?:an?|${SPELLED}?(\\d))[\\s-](third|quarter|fifth|tenth)s?(?=\\s(?:of|off)\\b)|(?<![\\d.])(\\d)\\/(\\d{1,2})(?=\\s(?:of|off)\\b)`,
  "g",
);
const HAN_SHARE = new RegExp(`(?<![\\d.])${SPELLED}?(\\d{1,2})分之${SPELLED}?(\\d{1,2})(?!\\d)`, "gu");
const DOZEN = /\b(?:(half|two|three)(?: a)?[\s-]|an? )?dozen\b/g;
const dozens: Readonly<Record<string, number>> = { half: 6, two: 24, three: 36 };
/** Words and numerals that count, and do not say for sure how many. */
const UNCLEAR =
  /\bcouple (?:of )?(?:more )?(?:\w+ )?(?:years?|months?|weeks?|days?|hours?|minutes?|euros?|dollars?|pounds?|%)/;
const COUNTED = /^(?:个|多)?\s*(?:[年月日天周元块折度米]|小时|钟头|分钟|星期|工作日|公斤)/u;
const UNREAD = "\uE001";

/**
 * Writes numbers in words as digits behind `SPELLED`: "thirty-five", "two and a half", "三十五", "二〇二六", "within a week", "半年", "两年半";
 * shares as percent. The text is folded: lower case, compatibility forms plain. Says nothing of what is no number ("一样"), or
 * what cannot be read for sure ("三六五天"): `hasUnreadNumber`.
 */
export function spelledAsDigits(text: string): string {
  return written(text).replaceAll(UNREAD, "");
}

/** Whether a folded text counts something in words whose number cannot be told for sure. */
export function hasUnreadNumber(text: string): boolean {
  return UNCLEAR.test(text) || written(text).includes(UNREAD);
}

function written(text: string): string {
  const first = text
    .replace(HALF_PRICE, `${SPELLED}5折`)
    .replace(WHOLE, "100%")
    .replace(ENGLISH_HALF, `${SPELLED}0.5 `)
    .replace(HAN_HALF, `${SPELLED}0.5`)
    .replace(DOZEN, (_, many?: string) => `${SPELLED}${dozens[many ?? ""] ?? 12}`)
    .replace(ONE, (_, before?: string) => `${before === undefined ? "" : `${before} `}${SPELLED}1 `);
  const digits = replaceHan(
    replaceEnglish(first, (value) => `${SPELLED}${value}`),
    hanAsDigits,
  );
  return digits
    .replace(MIXED, (_, whole: string, part: string, of: string) => String(Number(whole) + Number(part) / Number(of)))
    .replace(AND_PART, (_, number: string, unit: string | undefined, part: string) => {
      return `${number}${part === "half" ? ".5" : ".25"}${unit ?? ""}`;
    })
    .replace(HAN_AND_HALF, (_, number: string, each?: string, unit?: string) => `${number}.5${each ?? unit ?? ""}`)
    .replace(SHARE, (found: string, count?: string, part?: string, over?: string, under?: string) =>
      percentOf(Number(over ?? count ?? 1), under === undefined ? PARTS.get(part ?? "") : Number(under), found),
    )
    .replace(HAN_SHARE, (found: string, under: string, over: string) => percentOf(Number(over), Number(under), found));
}

function hanAsDigits(value: HanNumber, numeral: string, after: string): string {
  if (typeof value === "number") return `${SPELLED}${value}`;
  // "七八" alone may be a name, and "四五" the end of a list.
  if (!COUNTED.test(after)) return numeral;
  if (value === null) return `${numeral}${UNREAD}`;
  return `${SPELLED}${value[0]}-${SPELLED}${value[1]}`;
}

function percentOf(over: number, under: number | undefined, found: string): string {
  return under ? `${SPELLED}${Number(((100 * over) / under).toFixed(6))}%` : found;
}
