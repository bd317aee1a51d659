import { foldText } from "../../text/normalise.ts";
import { type DateFigure, datesIn, isSameDate, isSameTime, type TimeFigure } from "./dates.ts";
import { type NameFigure, namesIn } from "./names.ts";
import { SPELLED, spelledAsDigits } from "./number-words.ts";
import { type Unit, unitOf } from "./units.ts";

/** A number with what it counts. */
export interface QuantityFigure {
  readonly kind: "quantity";
  readonly value: number;
  /** Null: none, or none that is known. */
  readonly unit: Unit | null;
  /** It was written in words. */
  readonly spelled: boolean;
}

/** What a text states exactly: numbers, prices, dates, times, order and telephone numbers, addresses. */
export type Figure = QuantityFigure | DateFigure | TimeFigure | NameFigure;

const NUMBER = new RegExp(`(${SPELLED})?(\\d+(?:\\.\\d+)?)(?:\\s*(万|千|亿)|(k)(?![a-z]))?`, "gu");
const scales: Readonly<Record<string, number>> = { k: 1_000, 千: 1_000, 万: 10_000, 亿: 100_000_000 };
/** Between two numbers that share their unit: "3-5 days", "30 or 60 days". */
const JOINT = /^\s*(?:[-–—~～、,/]|to|or|and|至|到|或|和)\s*[¥￥$€£]?\s*$/;
const PERCENT_BEFORE = /百分之\s*$/;
const FIRST_YEAR = 1_900;
const LAST_YEAR = 2_100;

/** The figures of a text, in no order; the same one may be there more than once. */
export function figuresIn(text: string): readonly Figure[] {
  const { names, rest } = namesIn(plain(text));
  const { dates, rest: numbers } = datesIn(rest);
  return [...names, ...dates, ...quantitiesIn(numbers)];
}

/** What a text bears out: its figures, and "a year" as one year. */
export function figuresBorneOutBy(text: string): readonly Figure[] {
  return figuresIn(foldText(text).replaceAll(/(?<!half )\ban?[\s-](?=(?:year|month|week|day|hour|minute)\b)/g, "1 "));
}

/** The text in plain letters without its names, dates and digits: what it says besides its figures. */
export function withoutFigures(text: string): string {
  return datesIn(namesIn(plain(text)).rest).rest.replaceAll(new RegExp(`${SPELLED}|[\\d.:]*\\d`, "gu"), " ");
}

/** "1,000" and "1000" are one number. */
function plain(text: string): string {
  return spelledAsDigits(foldText(text).replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, ""));
}

function quantitiesIn(text: string): readonly QuantityFigure[] {
  const found = [...text.matchAll(NUMBER)].map((match) => {
    const [whole, spelled, digits = "", han, k] = match;
    const end = match.index + whole.length;
    const before = text.slice(0, match.index);
    const value = Number(digits) * (scales[han ?? k ?? ""] ?? 1);
    const unit = PERCENT_BEFORE.test(before) ? { kind: "percent", factor: 1 } : unitOf(text.slice(end), before);
    // "2026年" is no length of time.
    const isYear = unit?.kind === "months" && unit.factor > 1 && value >= FIRST_YEAR && value <= LAST_YEAR;
    return { value, unit: isYear ? null : unit, spelled: spelled !== undefined, start: match.index, end };
  });
  for (let at = found.length - 2; at >= 0; at -= 1) {
    const [one, next] = [found[at], found[at + 1]];
    if (!one || !next || !JOINT.test(text.slice(one.end, next.start))) continue;
    one.unit ??= next.unit;
  }
  return found.map(({ value, unit, spelled }) => ({ kind: "quantity", value, unit, spelled }));
}

/** What else a text says that has this figure: a discount in tenths is one in percent. */
function alsoSaid(figure: Figure): readonly Figure[] {
  if (figure.kind !== "quantity" || figure.unit?.kind !== "discount") return [figure];
  const share = figure.value > 10 ? figure.value : figure.value * 10;
  const percent = { kind: "percent", factor: 1 };
  return [figure, ...[share, 100 - share].map((value) => ({ ...figure, value, unit: percent }))];
}

/** Whether one of the others says the same: the same value of the same unit, or of none on one side. */
export function isAmong(figure: Figure, others: readonly Figure[]): boolean {
  const said = alsoSaid(figure);
  return others.some((other) => alsoSaid(other).some((known) => said.some((one) => isSame(one, known))));
}

function isSame(one: Figure, other: Figure): boolean {
  if (one.kind === "quantity" && other.kind === "quantity") return isSameQuantity(one, other);
  if (one.kind === "date" && other.kind === "date") return isSameDate(one, other);
  if (one.kind === "time" && other.kind === "time") return isSameTime(one, other);
  if (one.kind === "name" && other.kind === "name") return one.text === other.text;
  // "At 9" and "9:00".
  if (one.kind === "quantity" && other.kind === "time")
    return one.unit === null && one.value * 60 === other.minutes % 720;
  if (one.kind === "time" && other.kind === "quantity") return isSame(other, one);
  // The year of a date, named alone.
  return one.kind === "quantity" && other.kind === "date" && one.unit === null && one.value === other.year;
}

const CLOSE = 1e-9;

function isSameQuantity(one: QuantityFigure, other: QuantityFigure): boolean {
  const isEqual = (a: number, b: number) => Math.abs(a - b) <= CLOSE * Math.max(1, Math.abs(a), Math.abs(b));
  if (!one.unit || !other.unit) return isEqual(one.value, other.value);
  if (one.unit.kind !== other.unit.kind) return false;
  return isEqual(one.value * one.unit.factor, other.value * other.unit.factor);
}
