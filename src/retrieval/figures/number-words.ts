/** Stands before a number that was written in words: small ones count things more often than they state a fact. */
export const SPELLED = "\uE000";

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const english = new Map([
  ...[...ONES, "seventeen", "eighteen", "nineteen"].map((word, value) => [word, value] as const),
  ...TENS.map((word, index) => [word, (index + 2) * 10] as const),
]);
const scales = new Map([
  ["hundred", 100],
  ["thousand", 1_000],
  ["million", 1_000_000],
]);
const WORD = [...english.keys()].sort((a, b) => b.length - a.length).join("|");
const ENGLISH = new RegExp(
  `\\b(?:(?:${WORD})|an?(?=[\\s-](?:hundred|thousand|million)\\b))(?:(?:[\\s-]|\\sand\\s)(?:${WORD}|hundred|thousand|million))*\\b`,
  "g",
);

const HAN_DIGITS = "零一二三四五六七八九";
const HAN_SCALES = new Map([
  ["十", 10],
  ["百", 100],
  ["千", 1_000],
  ["万", 10_000],
  ["亿", 100_000_000],
]);
// Begins with a digit or with ten: what begins with "千" or "万" is a word ("千万", "万一"); weekdays and ordinals are names.
const HAN = /(?<![周期拜第])[〇零一二两三四五六七八九十][〇零一二两三四五六七八九十百千万亿]*/gu;
const SHORTEST_YEAR = 4;

const ENGLISH_HALF = /\bhalf an? (?=(?:year|month|day|hour|minute)\b)/g;
const HAN_HALF = /(?<![个\d〇零一二两三四五六七八九十])半(?=年|天|小时|个(?:月|小时|星期|钟头))/gu;
/** A length of time that is stated: "a day" may be any day, "within a day" is one. */
const ONE =
  /\b(within|takes?|lasts?|for|up to|have|has|least|most) an? (?=(?:(?:full|whole|working|business|calendar) )?(?:year|month|week|day|hour|minute)\b)/g;

/**
 * Writes numbers in words as digits behind `SPELLED`: "thirty-five", "a hundred and twenty", "三十五", "二〇二六", "within a week", "半年".
 * The text is folded: lower case, compatibility forms plain. Says nothing of what is no number ("一样", "七八").
 */
export function spelledAsDigits(text: string): string {
  return text
    .replace(ENGLISH_HALF, `${SPELLED}0.5 `)
    .replace(HAN_HALF, `${SPELLED}0.5`)
    .replace(ONE, `$1 ${SPELLED}1 `)
    .replace(ENGLISH, (words) => `${SPELLED}${englishValue(words)}`)
    .replace(HAN, (numeral) => {
      const value = hanValue(numeral.replaceAll("〇", "零").replaceAll("两", "二"));
      return value === undefined ? numeral : `${SPELLED}${value}`;
    });
}

function englishValue(words: string): number {
  let sum = 0;
  let part = 0;
  for (const word of words.split(/[\s-]+/)) {
    const scale = scales.get(word);
    if (word === "hundred") part = Math.max(1, part) * 100;
    else if (scale !== undefined) {
      sum += Math.max(1, part) * scale;
      part = 0;
    } else part += english.get(word) ?? 0;
  }
  return sum + part;
}

function hanValue(numeral: string): number | undefined {
  const digits = Array.from(numeral).map((character) => HAN_DIGITS.indexOf(character));
  if (digits.every((digit) => digit >= 0)) {
    const [only] = digits;
    // "二零二六" is read digit by digit; "七八" is no number but "seven or eight".
    return digits.length >= SHORTEST_YEAR ? Number(digits.join("")) : digits.length === 1 ? only : undefined;
  }
  let sum = 0;
  let section = 0;
  let digit: number | undefined;
  for (const [index, character] of Array.from(numeral).entries()) {
    const scale = HAN_SCALES.get(character);
    if (scale === undefined) {
      digit = digits[index] ?? 0;
    } else if (scale >= 10_000) {
      sum = (sum + section + (digit ?? 0)) * scale;
      section = 0;
      digit = undefined;
    } else {
      section += (digit ?? 1) * scale;
      digit = undefined;
    }
  }
  return sum + section + (digit ?? 0);
}
