import { SPELLED } from "./number-words.ts";

/** A day or a month as a text names it; what it does not say is null. */
export interface DateFigure {
  readonly kind: "date";
  readonly year: number | null;
  readonly month: number;
  readonly day: number | null;
}

/** A time of day. `exact`: it says which half of the day. */
export interface TimeFigure {
  readonly kind: "time";
  /** Minutes since midnight. */
  readonly minutes: number;
  readonly exact: boolean;
}

const MONTHS =
  "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
const names = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const monthOf = (word: string) => names.indexOf(word.slice(0, 3)) + 1;
const N = (digits: string) => `${SPELLED}?(\\d{${digits}})`;

type Read = (groups: readonly (string | undefined)[]) => DateFigure | TimeFigure;

const date = (year: string | undefined, month: number, day: string | undefined): DateFigure => ({
  kind: "date",
  year: year === undefined ? null : Number(year),
  month,
  day: day === undefined ? null : Number(day),
});

const LATE = /下午|晚上|傍晚|p/;
const HALF_DAY = 720;

function time(hour: string | undefined, minute: string | undefined, part: string | undefined): TimeFigure {
  const hours = Number(hour) % 24;
  const late = part !== undefined && LATE.test(part) && hours < 12 ? HALF_DAY : 0;
  const midnight = part?.startsWith("a") === true && hours === 12 ? HALF_DAY : 0;
  const minutes = hours * 60 + (minute === "半" ? 30 : Number(minute ?? 0)) + late - midnight;
  return { kind: "time", minutes, exact: part !== undefined || hours > 12 || hours === 0 };
}

const PART_OF_DAY = "(上午|早上|凌晨|清晨|中午|下午|晚上|傍晚)";
const AM_PM = "([ap])\\.?m\\b\\.?";

/** Each form with what it says; an earlier one has the text to itself. */
const forms: readonly (readonly [RegExp, Read])[] = [
  [/(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/g, ([y, m, d]) => date(y, Number(m), d)],
  [
    new RegExp(`${N("4")}\\s*年\\s*${N("1,2")}\\s*月(?:\\s*${N("1,2")}\\s*[日号])?`, "g"),
    ([y, m, d]) => date(y, Number(m), d),
  ],
  [new RegExp(`${N("1,2")}\\s*月\\s*${N("1,2")}\\s*[日号]`, "g"), ([m, d]) => date(undefined, Number(m), d)],
  [new RegExp(`${N("1,2")}\\s*月`, "g"), ([m]) => date(undefined, Number(m), undefined)],
  [
    new RegExp(`\\b(${MONTHS})\\.?\\s+${N("1,2")}(?:st|nd|rd|th)?(?!\\d)(?:,?\\s+(\\d{4}))?`, "g"),
    ([m, d, y]) => date(y, monthOf(m ?? ""), d),
  ],
  [
    new RegExp(`\\b${N("1,2")}(?:st|nd|rd|th)?\\s+(?:of\\s+)?(${MONTHS})\\b\\.?(?:,?\\s+(\\d{4}))?`, "g"),
    ([d, m, y]) => date(y, monthOf(m ?? ""), d),
  ],
  [new RegExp(`\\b(${MONTHS})\\.?\\s+(\\d{4})\\b`, "g"), ([m, y]) => date(y, monthOf(m ?? ""), undefined)],
  [
    new RegExp(`${PART_OF_DAY}?\\s*(?<!\\d)(\\d{1,2}):(\\d{2})(?!\\d)(?:\\s*${AM_PM})?`, "g"),
    ([part, h, m, half]) => time(h, m, half ?? part),
  ],
  [new RegExp(`(?<![\\d.])${N("1,2")}\\s*${AM_PM}`, "g"), ([h, half]) => time(h, undefined, half)],
  [
    new RegExp(`${PART_OF_DAY}\\s*${N("1,2")}\\s*[点时](?:\\s*${N("1,2")}\\s*分|(半))?`, "g"),
    ([part, h, m, half]) => time(h, m ?? half, part),
  ],
  [/(?<!\d)(\d{1,2})\s*点(?:钟|整|(半)|(\d{1,2})分)/g, ([h, half, m]) => time(h, m ?? half, undefined)],
];

/** The dates and times of day of a folded text, and the text with each of them blanked. */
export function datesIn(text: string): { readonly dates: readonly (DateFigure | TimeFigure)[]; readonly rest: string } {
  const dates: (DateFigure | TimeFigure)[] = [];
  let rest = text;
  for (const [form, read] of forms) {
    rest = rest.replace(form, (found: string, ...groups: (string | number | undefined)[]) => {
      dates.push(read(groups.filter((group) => typeof group !== "number").slice(0, -1)));
      return " ".repeat(found.length);
    });
  }
  return { dates, rest };
}

/** Whether the other names the same day or month, and all that this one says of it. */
export function isSameDate(one: DateFigure, other: DateFigure): boolean {
  if (one.month !== other.month) return false;
  return (one.day === null || one.day === other.day) && (one.year === null || one.year === other.year);
}

/** "9:00" may be either half of the day. */
export function isSameTime(one: TimeFigure, other: TimeFigure): boolean {
  if (one.minutes === other.minutes) return true;
  return !(one.exact && other.exact) && one.minutes % HALF_DAY === other.minutes % HALF_DAY;
}
