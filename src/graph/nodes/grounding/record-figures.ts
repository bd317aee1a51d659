import { type Figure, isAmong } from "../../../retrieval/figures/figures.ts";
import type { QuantityFigure } from "../../../retrieval/figures/quantities.ts";
import type { Language } from "../../../text/language.ts";
import type { LanguagePacks } from "../../rules/language-pack.ts";
import type { Grounds } from "./grounds.ts";
import { isBorneOutBy } from "./spans.ts";
import { agrees, claimsNone, isAddress } from "./users-figures.ts";
import type { Verdict } from "./verdict.ts";

export interface RecordSentence {
  /** See `readable`. */
  readonly plain: string;
  readonly figures: readonly Figure[];
  readonly isQuestion: boolean;
  readonly language: Language;
}

/** Digits at the end of a number by which people name it: "the order ending in 0142". */
const FEWEST_LAST = 3;
const MOST_LAST = 8;
/** How far a rounded figure may be from the exact one, as a share of it. */
const ROUNDED = 0.1;
/** The kind of units in which hours and days are counted. */
const SPAN = "minutes";

/**
 * What the figures of a sentence are worth where there are records and no help pages; `sound`: the records, or arithmetic with
 * them, have all of them. Rather lets a figure through than leaves a true sentence out: `unfounded` is one that nobody has
 * said, or that repeats the user where the records have another one of the kind.
 */
export function judgeByRecords(
  { plain, figures, isQuestion, language }: RecordSentence,
  grounds: Grounds,
  packs: LanguagePacks,
): Verdict | "sound" {
  const words = packs[language].grounding;
  const isAbout = words.approximates.test(plain);
  const isKnown = (figure: Figure) =>
    isRecorded(figure, grounds) || isDay(figure, plain, grounds) || (isAbout && isRounded(figure, grounds));
  const unknown = figures.filter((figure) => !isKnown(figure) && !isMentioned(figure, grounds));
  const users = unknown.filter((figure) => !isReachedAt(figure, plain));
  if (users.length === 0) return "sound";
  if (users.some((figure) => !isAmong(figure, grounds.said))) return "unfounded";
  if (isQuestion && !users.some(isAddress)) return "talk";
  const isClaim = users.some(
    (figure) => !claimsNone(plain, [figure], language, packs) && (isAddress(figure) || isRivalled(figure)),
  );
  if (isClaim) return "unfounded";
  return isQuestion ? "talk" : "doubted";

  /** A telephone number or address that the user left with us, and that is not called ours. */
  function isReachedAt(figure: Figure, text: string): boolean {
    return isAddress(figure) && isAmong(figure, grounds.contacts) && !words.ours.test(text);
  }

  /** The records have others of its kind, none of which the sentence names beside it. */
  function isRivalled(figure: Figure): boolean {
    if (isAmong(figure, grounds.written) && !agrees(plain, words)) return false;
    const isRival = (other: Figure) => kindOf(other) === kindOf(figure);
    return (
      grounds.recorded.some(isRival) &&
      (agrees(plain, words) || !figures.some((other) => isRival(other) && isKnown(other)))
    );
  }
}

function isRecorded(figure: Figure, { recorded, derived, own }: Grounds): boolean {
  const known = [...recorded, ...own.en.figures, ...own.zh.figures].filter((other) => isComparable(figure, other));
  // How many of what is not said for sure: no number of days.
  const isBare = figure.kind === "quantity" && figure.unit === null;
  const reckoned = isBare ? derived.filter((other) => other.kind !== "quantity" || other.unit?.kind !== SPAN) : derived;
  if (isBorneOutBy(figure, known) || isBorneOutBy(figure, reckoned)) return true;
  if (figure.kind === "quantity" && figure.unit === null) return isLastDigits(figure, recorded);
  return figure.kind === "name" && !figure.address && isLastPart(figure.text, recorded);
}

/** Two bills are no two days: what measures needs its unit on both sides. */
function isComparable(figure: Figure, other: Figure): boolean {
  if (figure.kind !== "quantity" || figure.unit === null || figure.unit.kind === "pieces") return true;
  return other.kind !== "quantity" || other.unit !== null;
}

/** A code that somebody has named, or what we have said ourselves. */
function isMentioned(figure: Figure, { said, repeated }: Grounds): boolean {
  if (figure.kind === "name" && !figure.address) return isAmong(figure, said);
  return isAmong(figure, repeated);
}

/** A date by its day alone, "the 17th" or "17日", or in numbers alone, "1/17". */
function isDay(figure: Figure, plain: string, { recorded }: Grounds): boolean {
  if (figure.kind !== "quantity") return false;
  const { unit, value } = figure;
  if (unit !== null && !(unit.kind === SPAN && new RegExp(`(?<!\\d)${value}\\s?[日号]`, "u").test(plain))) return false;
  return recorded.some(
    (other) => other.kind === "date" && (other.day === value || (unit === null && other.month === value)),
  );
}

function isRounded(figure: Figure, { recorded, derived }: Grounds): boolean {
  if (figure.kind !== "quantity") return false;
  return [...recorded, ...derived].some((other) => {
    if (other.kind !== "quantity" || (figure.unit !== null && other.unit?.kind !== figure.unit.kind)) return false;
    const exact = other.value * (figure.unit === null ? 1 : (other.unit?.factor ?? 1));
    return Math.abs(figure.value * (figure.unit?.factor ?? 1) - exact) <= ROUNDED * Math.abs(exact);
  });
}

/** UTF-16 units of the shortest code that may be written in groups. */
const SHORTEST_CODE = 6;

/** Finds the codes of records where they are written in groups: "SF 1234 567". */
export function groupedCodes(recorded: readonly Figure[]): readonly RegExp[] {
  const codes = new Set(recorded.flatMap((figure) => (figure.kind === "name" && !figure.address ? [figure.text] : [])));
  return [...codes]
    .filter((code) => /^[a-z\d]+$/.test(code) && code.length >= SHORTEST_CODE)
    .map((code) => new RegExp(`(?<![a-z\\d])${Array.from(code).join("[\\s-]?")}(?![a-z\\d])`, "giu"));
}

function isLastDigits({ value }: QuantityFigure, recorded: readonly Figure[]): boolean {
  const digits = String(value);
  return recorded.some((other) => {
    if (other.kind !== "name") return false;
    const tail = /\d+$/.exec(other.text)?.[0] ?? "";
    for (let last = FEWEST_LAST; last <= Math.min(MOST_LAST, tail.length); last += 1)
      if (String(Number(tail.slice(-last))) === digits) return true;
    return false;
  });
}

function isLastPart(text: string, recorded: readonly Figure[]): boolean {
  const tail = text.slice(text.lastIndexOf("*") + 1);
  return tail.length >= FEWEST_LAST && recorded.some((other) => other.kind === "name" && other.text.endsWith(tail));
}

/** Money of any currency is of one kind, and so are lengths of time. */
function kindOf(figure: Figure): string {
  if (figure.kind !== "quantity") return figure.kind;
  const unit = figure.unit?.kind ?? "none";
  return unit === "months" ? SPAN : MONEY.has(unit) ? "money" : unit;
}

const MONEY: ReadonlySet<string> = new Set(["cny", "usd", "eur", "gbp", "hkd", "jpy", "other dollar"]);
