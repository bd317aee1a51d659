import { foldText } from "../../text/normalise.ts";
import { type DateFigure, datesIn, isSameDate } from "./dates.ts";
import { withoutMarks, withPlainDigits, withPlainFractions } from "./marks.ts";
import { type NameFigure, namesIn } from "./names.ts";
import { hasUnreadNumber, SPELLED, spelledAsDigits } from "./number-words.ts";
import { isSameQuantity, type QuantityFigure, quantitiesIn } from "./quantities.ts";
import { stretchesOf } from "./stretches.ts";
import { isSameTelephone } from "./telephones.ts";
import { isHour, isSameTime, type TimeFigure } from "./times.ts";

/** What a text states exactly: numbers, prices, dates, times, order and telephone numbers, addresses. */
export type Figure = QuantityFigure | DateFigure | TimeFigure | NameFigure;

const DIGITS = new RegExp(`${SPELLED}|\uE002|\\d(?:[\\d.:]*\\d)?`, "gu");

const A_SPAN = /(?<!half |half-)\ban?[\s-](?=(?:year|month|week|day|hour|minute)\b(?! and a (?:half|quarter)))/g;

/** The figures of a text, in no order; the same one may be there more than once. Takes a time in proportion to the text's length. */
export function figuresIn(text: string): readonly Figure[] {
  return stretchesOf(text).flatMap((stretch) => {
    const { names, rest } = namesIn(plain(stretch));
    const { dates, rest: numbers } = datesIn(rest);
    return [...names, ...dates, ...quantitiesIn(numbers)];
  });
}

/** What a text bears out: its figures, and "a year" as one year. */
export function figuresBorneOutBy(text: string): readonly Figure[] {
  return stretchesOf(withoutMarks(text)).flatMap((stretch) =>
    figuresIn(foldText(withPlainFractions(stretch)).replaceAll(A_SPAN, "1 ")),
  );
}

/** The text in plain letters without its names, dates and digits: what it says besides its figures. */
export function withoutFigures(text: string): string {
  return stretchesOf(text)
    .map((stretch) => datesIn(namesIn(plain(stretch)).rest).rest.replaceAll(DIGITS, " "))
    .join("");
}

/**
 * Whether a text has a number that cannot be read for sure ("三六五天", "a couple of days"): it is none of the figures, and what is
 * said with it can be neither borne out nor ruled out.
 */
export function hasUnreadFigure(text: string): boolean {
  return stretchesOf(text).some((stretch) => hasUnreadNumber(folded(stretch)));
}

/** Without the signs that mark numbers here; gaps are short, so that none takes long to pass over. */
function folded(text: string): string {
  return foldText(withPlainDigits(withPlainFractions(withoutMarks(text))))
    .replaceAll(/[\uE000-\uE002]/g, "")
    .replaceAll(/\n\s*\n/g, "\n\n")
    .replaceAll(/[^\S\n]{2,}/g, " ");
}

/** Numbers and instants in the forms that are looked for: "1,000" and "1000" are one number, "4,90 €" has a decimal point. */
function plain(text: string): string {
  return spelledAsDigits(
    folded(text)
      .replaceAll(/(?<![\d.,])(\d{1,3}(?:\.\d{3})*),(\d{2})(?=\s?(?:€|eur))/g, decimal)
      .replaceAll(/(?<=€\s?)(\d{1,3}(?:\.\d{3})*),(\d{2})(?!\d)/g, decimal)
      .replaceAll(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)/g, (digits) => `\uE002${digits.replaceAll(",", "")}`)
      .replaceAll(
        /(?<!\d)(\d{4}-\d{2}-\d{2})t(\d{2}:\d{2})(?::\d{2}(?:\.\d{1,9})?)?(?:z|[+-]\d{2}:?\d{2})?(?![a-z\d])/g,
        "$1 $2",
      )
      .replaceAll(SIZES, (sizes) => sizes.replaceAll(/\s?[x×]\s?/g, " × ")),
  );
}

/** "10x20x30": numbers, no code. */
const SIZES = /(?<![a-z\d.])\d{1,6}(?:\.\d{1,3})?(?:\s?[x×]\s?\d{1,6}(?:\.\d{1,3})?){1,4}/g;
const decimal = (_: string, whole: string, part: string) => `${whole.replaceAll(".", "")}.${part}`;

/** What else a text says that has this figure: a discount in tenths is one in percent. */
function alsoSaid(figure: Figure): readonly Figure[] {
  if (figure.kind !== "quantity" || figure.unit?.kind !== "discount") return [figure];
  const share = figure.value > 10 ? figure.value : figure.value * 10;
  const percent = { kind: "percent", factor: 1 };
  return [
    figure,
    { ...figure, value: share, unit: percent, off: false },
    { ...figure, value: 100 - share, unit: percent, off: true },
  ];
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
  if (one.kind === "name" && other.kind === "name") return isSameName(one, other) || isSameName(other, one);
  if (one.kind === "quantity" && other.kind === "time") return one.unit === null && isHour(one.value, other);
  if (one.kind === "quantity" && other.kind === "name") return isSameCode(one, other);
  if ((one.kind === "time" || one.kind === "name") && other.kind === "quantity") return isSame(other, one);
  // The year of a date, named alone.
  return one.kind === "quantity" && other.kind === "date" && one.unit === null && one.value === other.year;
}

/** A number of an order may be told without its letters. */
function isSameName(one: NameFigure, other: NameFigure): boolean {
  if (one.address && other.address) return isSameTelephone(one.text, other.text);
  return one.text === other.text || (/^\d{7,}$/.test(other.text) && one.text.replace(/^[a-z]+/, "") === other.text);
}

/** "iOS 17" and "iOS17", "2.1" and "v2.1". */
function isSameCode({ code, unit, value }: QuantityFigure, { text }: NameFigure): boolean {
  return unit === null && (code === text || (/^v\d+\.\d+$/.test(text) && Number(text.slice(1)) === value));
}
