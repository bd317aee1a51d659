const DIGITS = "零一二三四五六七八九";
const SCALES = new Map([
  ["十", 10],
  ["百", 100],
  ["千", 1_000],
  ["万", 10_000],
  ["亿", 100_000_000],
]);
const DIGIT = "〇零一二两三四五六七八九";
// Begins with a digit or with ten: what begins with "千" or "万" is a word ("千万", "万一"); weekdays and ordinals are names.
const HAN = new RegExp(
  `(?<![周期拜第])(?!零下)([${DIGIT}十][${DIGIT}十百千万亿]*)(?:点([${DIGIT}]+)(?![十分刻]))?(?=(折)?)`,
  "gu",
);
const SHORTEST_YEAR = 4;
/** UTF-16 units behind a numeral that say what it counts. */
const NEAR = 8;

/** What a numeral says: one value, two that are one of them ("三五" before "天": three to five), or null where it cannot be told. */
export type HanNumber = number | readonly [number, number] | null;

/** Calls `write` for each numeral in Chinese characters of a folded text, and puts what it returns in its place; `after` is how the text goes on. */
export function replaceHan(text: string, write: (value: HanNumber, numeral: string, after: string) => string): string {
  return text.replace(
    HAN,
    (found: string, whole: string, decimals: string | undefined, tenths: string | undefined, at: number) => {
      const after = text.slice(at + found.length, at + found.length + NEAR);
      const value = hanNumber(plain(whole));
      if (decimals !== undefined)
        return write(typeof value === "number" ? Number(`${value}.${digitsOf(decimals)}`) : null, found, after);
      // "八五折": 8.5 tenths.
      if (tenths !== undefined && /^[一二三四五六七八九]{2}$/.test(whole))
        return write(Number(digitsOf(whole)) / 10, found, after);
      return write(value, found, after);
    },
  );
}

const plain = (numeral: string) => numeral.replaceAll("〇", "零").replaceAll("两", "二");
const digitsOf = (numeral: string) => Array.from(plain(numeral), (digit) => DIGITS.indexOf(digit)).join("");

function hanNumber(numeral: string): HanNumber {
  const digits = Array.from(numeral, (character) => DIGITS.indexOf(character));
  if (digits.every((digit) => digit >= 0)) {
    // "二零二六" is read digit by digit; "七八" is "seven or eight".
    if (digits.length >= SHORTEST_YEAR) return Number(digits.join(""));
    const [one = 0, other = 0] = digits;
    if (digits.length === 1) return one;
    return digits.length === 2 && one > 0 && one < other && other - one <= 2 ? [one, other] : null;
  }
  return rangeOf(numeral) ?? scaledValue(numeral);
}

/** "十七八" and "二三十": two values beside each other; undefined: it is none of these. */
function rangeOf(numeral: string): readonly [number, number] | undefined {
  const found = /^(.*?)([一二三四五六七八])([二三四五六七八九])([十百千万]?)$/u.exec(numeral);
  if (!found) return undefined;
  const [, before = "", one = "", other = "", scale = ""] = found;
  if (DIGITS.indexOf(other) !== DIGITS.indexOf(one) + 1 || (before !== "" && !before.endsWith("十"))) return undefined;
  const [low, high] = [scaledValue(before + one + scale), scaledValue(before + other + scale)];
  return low === null || high === null ? undefined : [low, high];
}

function scaledValue(numeral: string): number | null {
  let sum = 0;
  let section = 0;
  let digit: number | undefined;
  /** The scale right before: behind it a last digit counts its tenths ("一千二": 1,200). */
  let last = 1;
  for (const character of numeral) {
    const scale = SCALES.get(character);
    if (scale === undefined) {
      const value = DIGITS.indexOf(character);
      if (digit !== undefined && digit > 0) return null;
      if (value === 0) last = 1;
      digit = value;
      continue;
    }
    if (scale >= 10_000) {
      sum = (sum + section + (digit ?? 0)) * scale;
      section = 0;
    } else section += (digit ?? 1) * scale;
    digit = undefined;
    last = scale;
  }
  return sum + section + (digit ?? 0) * (last >= 100 ? last / 10 : 1);
}
