import { SPELLED } from "./number-words.ts";

/** A time of day. `exact`: it says which half of the day. */
export interface TimeFigure {
  readonly kind: "time";
  /** Minutes since midnight. */
  readonly minutes: number;
  readonly exact: boolean;
}

const LATE = /下午|晚|傍晚|p/;
export const HALF_DAY = 720;
const DAY = 1_440;
const HOURS = 24;

/** @returns undefined where the day has no such time. */
function time(hour: string | undefined, minute: string | undefined, part: string | undefined): TimeFigure | undefined {
  const hours = Number(hour);
  const more = minute === "半" ? 30 : Number(minute ?? 0);
  if (hours > HOURS || more >= 60) return undefined;
  const isLate = part !== undefined && hours < 12 && (LATE.test(part) || (part === "中午" && hours < 4));
  // "晚上12点", "凌晨12点" and "12 a.m." are midnight.
  const isMidnight = part !== undefined && hours === 12 && /^(?:a|凌晨|晚)/.test(part);
  const minutes = (hours * 60 + more + (isLate || isMidnight ? HALF_DAY : 0)) % DAY;
  return { kind: "time", minutes, exact: part !== undefined || hours > 12 || hours === 0 };
}

const N = `${SPELLED}?(\\d{1,2})`;
// "早一点" is "a little earlier".
const PART_OF_DAY = `(上午|早上|凌晨|清晨|中午|下午|晚上|傍晚|[早晚](?!\\s*${SPELLED}1点))`;
const AM_PM = "([ap])\\.?m\\b\\.?";
const AT_HOUR = `\\s*[点时](?!候|间|尚|效|段|常|刻|代)(?:${N}\\s*分|(半)|钟|整)?`;
const O_CLOCK = `(?<![\\d.:])${N}${AT_HOUR}`;
/** In words "三点" may be three points. */
const O_CLOCK_IN_DIGITS = `(?<![\\d.:${SPELLED}])(\\d{1,2})${AT_HOUR}`;
const TO = "\\s*(?:[-–—~]|至|到)\\s*";

type ReadTimes = (groups: readonly (string | undefined)[]) => readonly (TimeFigure | undefined)[];

/** Each form with what it says; an earlier one has the text to itself. */
export const timeForms: readonly (readonly [RegExp, ReadTimes])[] = [
  [
    new RegExp(`${PART_OF_DAY}?\\s*(?<![\\d.:])(\\d{1,2}):(\\d{2})(?!\\d)(?::\\d{2}(?!\\d))?(?:\\s*${AM_PM})?`, "g"),
    ([part, h, m, half]) => [time(h, m, half ?? part)],
  ],
  [new RegExp(`(?<![\\d.])${N}\\s*${AM_PM}`, "g"), ([h, half]) => [time(h, undefined, half)]],
  [
    new RegExp(`${PART_OF_DAY}\\s*${N}\\s*[点时](?:\\s*${N}\\s*分|(半))?`, "g"),
    ([part, h, m, half]) => [time(h, m ?? half, part)],
  ],
  // "9点至21点": bare hours, sure where there are two of them, or where they begin or end something.
  [
    new RegExp(`${O_CLOCK}${TO}(?:次日|第二天)?${O_CLOCK}`, "g"),
    ([h, m, half, to, toM, toHalf]) => [time(h, m ?? half, undefined), time(to, toM ?? toHalf, undefined)],
  ],
  [
    new RegExp(
      `${O_CLOCK_IN_DIGITS}(?=\\s*(?:前|后|之前|之后|以前|以后|起|开|关|营|上班|下班|截|结束|打烊|[-–—~至到]))`,
      "g",
    ),
    ([h, m, half]) => [time(h, m ?? half, undefined)],
  ],
  [new RegExp(`(?<=[-–—~至到])\\s*${O_CLOCK_IN_DIGITS}`, "g"), ([h, m, half]) => [time(h, m ?? half, undefined)]],
  [new RegExp(`(?<!\\d)${N}\\s*点(?:钟|整|(半)|${N}分)`, "g"), ([h, half, m]) => [time(h, m ?? half, undefined)]],
  [new RegExp(`(?<![\\d.])${N}\\s?o'clock\\b`, "g"), ([h]) => [time(h, undefined, undefined)]],
  [/\b(?:12 )?(?:noon|midday)\b|正午/g, () => [{ kind: "time", minutes: HALF_DAY, exact: true }]],
  [/\bmidnight\b|午夜|(?<=[至到])零点/g, () => [{ kind: "time", minutes: 0, exact: true }]],
];

/** "9:00" may be either half of the day. */
export function isSameTime(one: TimeFigure, other: TimeFigure): boolean {
  if (one.minutes === other.minutes) return true;
  return !(one.exact && other.exact) && one.minutes % HALF_DAY === other.minutes % HALF_DAY;
}

/** Whether a bare number is this time: "at 9", "9-17". */
export function isHour(hours: number, { minutes, exact }: TimeFigure): boolean {
  if (hours > HOURS || hours < 0) return false;
  const said = (hours * 60) % DAY;
  return (
    said === minutes ||
    (hours <= 12 && said % HALF_DAY === minutes % HALF_DAY) ||
    (!exact && said === minutes + HALF_DAY)
  );
}
