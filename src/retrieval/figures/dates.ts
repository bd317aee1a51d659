import { SPELLED } from "./number-words.ts";
import { type TimeFigure, timeForms } from "./times.ts";
import { unitOf } from "./units.ts";

/** A day or a month as a text names it; what it does not say is null. */
export interface DateFigure {
  readonly kind: "date";
  readonly year: number | null;
  readonly month: number;
  readonly day: number | null;
  /** "06/05/2026": day and month may change places. */
  readonly swaps?: true;
}

const MONTHS =
  "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
const names = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const monthOf = (word: string | undefined) => names.indexOf((word ?? "").slice(0, 3)) + 1;
const N = (digits: string) => `${SPELLED}?(\\d{${digits}})`;
const TH = "(?:st|nd|rd|th)?";
const TO = "\\s*(?:[-–—~]|to|through|thru|until|till|and|至|到)\\s*(?:the\\s)?";
const HAN_TO = "\\s*(?:[-–—~]|至|到|和|、)\\s*";

type Dated = readonly (DateFigure | TimeFigure | undefined)[];
/** @param after how the text goes on; null: the form is no date there. */
type Read = (groups: readonly (string | undefined)[], after: string) => Dated | null;

function date(year: string | undefined, month: number, day: string | undefined): DateFigure | undefined {
  if (month < 1 || month > 12 || Number(day ?? 1) < 1 || Number(day ?? 1) > 31) return undefined;
  return {
    kind: "date",
    year: year === undefined ? null : Number(year),
    month,
    day: day === undefined ? null : Number(day),
  };
}

/** Two dates of one month: "October 1-7". */
const both = (year: string | undefined, month: number, from: string | undefined, to: string | undefined): Dated => [
  date(year, month, from),
  date(year, month, to),
];

function dayAndMonth(
  first: string | undefined,
  second: string | undefined,
  year: string | undefined,
  sign: string,
): Dated {
  const [dayFirst, monthFirst] = [date(year, Number(second), first), date(year, Number(first), second)];
  // With dots the day is always first.
  if (sign === "." || !monthFirst) return [dayFirst ?? monthFirst];
  return [dayFirst ? { ...dayFirst, swaps: true } : monthFirst];
}

/** What makes the second number of "October 1 to 7" another thing: "7 days", "7 pm", "7:30", "7%". */
const NO_DAY = /^(?:\s*[ap]\.?m\b|[:%]|\.\d|\s*(?:working|business|more)\b|\s*o'clock)/;
const isDay = (after: string) => !NO_DAY.test(after) && unitOf(after, "") === null;

/** Each form with what it says; an earlier one has the text to itself. */
const forms: readonly (readonly [RegExp, Read])[] = [
  [/(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/g, ([y, , m, d]) => [date(y, Number(m), d)]],
  [/(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)/g, ([a, sign, b, y]) => dayAndMonth(a, b, y, sign ?? "")],
  [
    new RegExp(
      `(?:${N("4")}\\s*年\\s*)?(?<!\\d)${N("1,2")}\\s*月\\s*${N("1,2")}\\s*[日号]?${HAN_TO}${N("1,2")}\\s*[日号](?!\\d)`,
      "g",
    ),
    ([y, m, d, to]) => both(y, Number(m), d, to),
  ],
  [
    new RegExp(`${N("4")}\\s*年\\s*${N("1,2")}\\s*月(?:\\s*${N("1,2")}\\s*[日号])?`, "g"),
    ([y, m, d]) => [date(y, Number(m), d)],
  ],
  [new RegExp(`(?<!\\d)${N("1,2")}\\s*月\\s*${N("1,2")}\\s*[日号]`, "g"), ([m, d]) => [date(undefined, Number(m), d)]],
  [new RegExp(`(?<!\\d)${N("1,2")}\\s*月`, "g"), ([m]) => [date(undefined, Number(m), undefined)]],
  [
    new RegExp(`\\b(${MONTHS})\\.?\\s+${N("1,2")}${TH}${TO}${N("1,2")}${TH}(?!\\d)(?:,?\\s+(\\d{4})(?!\\d))?`, "g"),
    ([m, d, to, y], after) => (y === undefined && !isDay(after) ? null : both(y, monthOf(m), d, to)),
  ],
  [
    new RegExp(
      `(?<![\\d.:])${N("1,2")}${TH}${TO}${N("1,2")}${TH}\\s+(?:of\\s+)?(${MONTHS})\\b\\.?(?:,?\\s+(\\d{4})(?!\\d))?`,
      "g",
    ),
    ([d, to, m, y]) => both(y, monthOf(m), d, to),
  ],
  [
    new RegExp(`\\b(${MONTHS})\\.?\\s+(?:the\\s)?${N("1,2")}${TH}(?![\\d:])(?:,?\\s+(\\d{4})(?!\\d))?`, "g"),
    ([m, d, y]) => [date(y, monthOf(m), d)],
  ],
  [
    new RegExp(`\\b${N("1,2")}${TH}\\s+(?:of\\s+)?(${MONTHS})\\b\\.?(?:,?\\s+(\\d{4})(?!\\d))?`, "g"),
    ([d, m, y]) => [date(y, monthOf(m), d)],
  ],
  [new RegExp(`\\b(${MONTHS})\\.?\\s+(\\d{4})\\b`, "g"), ([m, y]) => [date(y, monthOf(m), undefined)]],
  ...timeForms,
];

/** UTF-16 units behind a date that say whether it is one. */
const NEAR = 40;

/** The dates and times of day of a folded text, and the text with each of them blanked. */
export function datesIn(text: string): { readonly dates: readonly (DateFigure | TimeFigure)[]; readonly rest: string } {
  const dates: (DateFigure | TimeFigure)[] = [];
  let rest = text;
  for (const [form, read] of forms) {
    const before = rest;
    rest = before.replace(form, (found: string, ...parts: (string | number | undefined)[]) => {
      const at = Number(parts.find((part) => typeof part === "number"));
      const groups = parts.filter((part) => typeof part !== "number").slice(0, -1);
      const end = at + found.length;
      const stated = read(groups, before.slice(end, end + NEAR));
      const said = stated?.filter((one) => one !== undefined) ?? [];
      // What is no date of a calendar is left for other readings.
      if (said.length === 0) return found;
      dates.push(...said);
      return " ".repeat(found.length);
    });
  }
  return { dates, rest };
}

/** Whether the other names the same day or month, and all that this one says of it. */
export function isSameDate(one: DateFigure, other: DateFigure): boolean {
  return readings(one).some((said) => readings(other).some((known) => isSameReading(said, known)));
}

function readings(one: DateFigure): readonly DateFigure[] {
  return one.swaps && one.day !== null ? [one, { ...one, month: one.day, day: one.month }] : [one];
}

function isSameReading(one: DateFigure, other: DateFigure): boolean {
  if (one.month !== other.month) return false;
  return (one.day === null || one.day === other.day) && (one.year === null || one.year === other.year);
}
