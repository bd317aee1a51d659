import type { Money } from "../../../fallbacks/business/port.ts";
import type { DateFigure } from "../../../retrieval/figures/dates.ts";
import { type Figure, figuresIn } from "../../../retrieval/figures/figures.ts";
import type { QuantityFigure } from "../../../retrieval/figures/quantities.ts";
import { DAY, daysFigure } from "./spans.ts";

const MS_A_DAY = 86_400_000;
const MS_AN_HOUR = 3_600_000;
/** Where on earth a day ends last and begins first, hours from UTC. */
const LATEST = -12;
const EARLIEST = 14;
const WEEK = 7;
/** Amounts of one currency up to which any of them may be added up; of more, pairs and all. */
const MOST_ADDED = 6;
/** Dates and lengths of time of the user's from which something is reckoned. */
const MOST_TOLD = 12;
/** Currencies beside their signs and words that others share: "元" and "$" of Hong Kong, "¥" of Japan. */
const ALSO: Readonly<Record<string, readonly string[]>> = { hkd: ["usd", "cny"], jpy: ["cny"] };

export interface Known {
  readonly amounts: readonly Money[];
  /** How many of a kind there are. */
  readonly counts: readonly number[];
  /** Of the records of the user. */
  readonly recorded: readonly Figure[];
  /** Of the help pages. */
  readonly pages: readonly Figure[];
  /** Of what the user has said: since when, how long ago. They bear out nothing themselves, only what follows with the pages. */
  readonly told: readonly Figure[];
  /** Undefined: nothing is reckoned from it. */
  readonly today: Date | undefined;
}

/**
 * What follows from figures by arithmetic: sums and differences of the amounts, how many there are, the days between
 * two dates or a date and today, and the day on which a term of the pages ends that begins on a date of the records or on one in
 * the past that the user has named.
 */
export function derivedFrom({ amounts, counts, recorded, pages, today }: Known): readonly Figure[] {
  const own = new Set(recorded.map(dayOf).filter((day) => day !== undefined));
  const others = pages.map(dayOf).filter((day) => day !== undefined);
  const now = today === undefined ? [] : todays(today);
  const ends = [...own].flatMap((day) => [...pages, ...recorded].flatMap((figure) => endsOf(day, figure)));
  const days = new Set(now.flatMap((day) => [...own, ...others, ...ends].flatMap((other) => daysBetween(day, other))));
  for (const one of own) for (const other of own) if (one < other) for (const n of daysBetween(one, other)) days.add(n);
  return [
    ...sumsOf(amounts),
    ...countsUpTo(Math.max(0, ...counts)),
    ...[...new Set([...now, ...ends])].map(dateFigure),
    ...[...days].map(daysFigure),
  ];
}

/** What follows from what the user has named: the days in the past, when a term of the pages ends that begins on one, and how many days lie between. */
export function toldFrom({ pages, told, today }: Known) {
  const now = today === undefined ? [] : todays(today);
  const spans = told.filter(({ kind }) => kind === "date" || kind === "quantity").slice(0, MOST_TOLD);
  const begun = now.length === 0 ? [] : begunOn(spans, now);
  const since = spans.flatMap((figure) => now.flatMap((day) => daysBefore(day, figure)));
  const ends = [...new Set([...begun, ...since])].flatMap((day) => pages.flatMap((figure) => endsOf(day, figure)));
  const days = new Set(now.flatMap((day) => [...begun, ...ends].flatMap((other) => daysBetween(day, other))));
  return { begun: begun.map(dateFigure), ends: [...new Set(ends)].map(dateFigure), days: [...days].map(daysFigure) };
}

/** What number of day a full date is; undefined for any other figure. */
function dayOf(figure: Figure): number | undefined {
  if (figure.kind !== "date" || figure.year === null || figure.day === null) return undefined;
  return Date.UTC(figure.year, figure.month - 1, figure.day) / MS_A_DAY;
}

/** The days not after today that the dates are; one without a year is the latest of its kind. */
function begunOn(told: readonly Figure[], now: readonly number[]): readonly number[] {
  const last = Math.max(...now);
  const year = new Date(last * MS_A_DAY).getUTCFullYear();
  return told.flatMap((figure) => {
    if (figure.kind !== "date" || figure.day === null) return [];
    const years = figure.year === null ? [year, year - 1] : [figure.year];
    const days = years.map((each) => dayOf({ ...figure, year: each })).filter((day) => day !== undefined);
    return days.filter((day) => day <= last).slice(0, 1);
  });
}

/** The day that is so many days, weeks or months before. */
function daysBefore(day: number, figure: Figure): readonly number[] {
  return figure.kind === "quantity" ? endsOf(day, figure, -1) : [];
}

function dateFigure(day: number): DateFigure {
  const date = new Date(day * MS_A_DAY);
  return { kind: "date", year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The days that it is now somewhere on earth: nobody says where the user is. */
function todays(now: Date): readonly number[] {
  const dayAt = (hours: number) => Math.floor((now.getTime() + hours * MS_AN_HOUR) / MS_A_DAY);
  return [...new Set([LATEST, 0, EARLIEST].map(dayAt))];
}

/** The day on which a term ends that begins on that day, or with -1 begins that ends on it; none where the figure is no term. */
function endsOf(from: number, figure: Figure, way: 1 | -1 = 1): readonly number[] {
  if (figure.kind !== "quantity" || figure.value <= 0) return [];
  const amount = figure.value * (figure.unit?.factor ?? 0);
  if (figure.unit?.kind === "minutes" && amount % DAY === 0) return [from + (way * amount) / DAY];
  if (figure.unit?.kind !== "months" || !Number.isInteger(amount)) return [];
  const date = new Date(from * MS_A_DAY);
  return [Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + way * amount, date.getUTCDate()) / MS_A_DAY];
}

/** All of them, and the working ones. */
function daysBetween(one: number, other: number): readonly number[] {
  const [from, to] = one < other ? [one, other] : [other, one];
  const weeks = Math.floor((to - from) / WEEK);
  let working = weeks * 5;
  for (let day = from + weeks * WEEK + 1; day <= to; day += 1) {
    const weekday = new Date(day * MS_A_DAY).getUTCDay();
    if (weekday !== 0 && weekday !== 6) working += 1;
  }
  return [to - from, working];
}

const countsUpTo = (most: number): readonly QuantityFigure[] =>
  Array.from({ length: most }, (_, index) => ({
    kind: "quantity",
    value: index + 1,
    unit: { kind: "pieces", factor: 1 },
    spelled: false,
  }));

function sumsOf(amounts: readonly Money[]): readonly Figure[] {
  return [...new Set(amounts.map(({ currency }) => currency))].flatMap((currency) => {
    const values = amounts.filter((amount) => amount.currency === currency).map(({ amount }) => Number(amount));
    const example = figuresIn(`1 ${currency}`).find(({ kind }) => kind === "quantity");
    if (example?.kind !== "quantity") return [];
    const units = [example.unit, ...(ALSO[example.unit?.kind ?? ""] ?? []).map((kind) => ({ kind, factor: 1 }))];
    return [...added(values)].flatMap((value) => units.map((unit) => ({ ...example, value, unit })));
  });
}

/** The values, their sums and the differences of two. */
function added(values: readonly number[]): ReadonlySet<number> {
  const sums = new Set<number>(values);
  const exact = (value: number) => Number(value.toFixed(4));
  for (const [at, one] of values.entries())
    for (const other of values.slice(at + 1)) {
      sums.add(exact(one + other));
      sums.add(exact(Math.abs(one - other)));
    }
  sums.add(exact(values.reduce((sum, value) => sum + value, 0)));
  if (values.length > MOST_ADDED) return sums;
  const some = [0];
  for (const value of values) some.push(...some.map((sum) => exact(sum + value)));
  for (const sum of some.slice(1)) sums.add(sum);
  return sums;
}
