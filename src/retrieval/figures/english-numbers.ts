const LOW = "zero one two three four five six seven eight nine".split(" ");
const TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const values = new Map([
  ...[...LOW, ...TEENS].map((word, value) => [word, value] as const),
  ...TENS.map((word, index) => [word, (index + 2) * 10] as const),
]);
const scales = new Map([
  ["hundred", 100],
  ["thousand", 1_000],
  ["million", 1_000_000],
  ["billion", 1_000_000_000],
]);

const SMALL = `(?:(?:${TENS.join("|")})(?:[\\s-](?:${LOW.slice(1).join("|")}))?|${TEENS.join("|")}|${LOW.join("|")})\\b`;
/** "And" belongs to a number behind "hundred" and "thousand" only: "three and five" are two. */
const AND = "(?:\\sand\\s|[\\s-])";
const GROUP = `(?:(?:an?|${SMALL})[\\s-]hundred\\b(?:${AND}${SMALL}(?![\\s-](?:hundred|thousand|million|billion)\\b))?|${SMALL})`;
const SCALED = `(?:an?|${GROUP})[\\s-](?:thousand|million|billion)\\b`;
const ENGLISH = new RegExp(`\\b(?:${SCALED}(?:[\\s-]${SCALED}){0,2}(?:${AND}${GROUP})?|${GROUP})`, "g");

/** Calls `write` for each number in English words of a folded text, and puts what it returns in its place. */
export function replaceEnglish(text: string, write: (value: number) => string): string {
  return text.replace(ENGLISH, (words) => write(englishValue(words)));
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
    } else part += values.get(word) ?? 0;
  }
  return sum + part;
}
