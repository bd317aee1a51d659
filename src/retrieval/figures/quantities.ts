import { SPELLED } from "./number-words.ts";
import { type Unit, unitOf } from "./units.ts";

/** A number with what it counts. */
export interface QuantityFigure {
  readonly kind: "quantity";
  readonly value: number;
  /** Null: none, or none that is known. */
  readonly unit: Unit | null;
  /** It was written in words. */
  readonly spelled: boolean;
  /** The Latin word right before it with its digits, where they may be a code: "ios17" of "iOS 17". */
  readonly code?: string;
  /** Of percent, where it is said: whether they come off the price. */
  readonly off?: boolean;
}

const NUMBER = new RegExp(
  `(${SPELLED})?\uE002?(\\d+(?:\\.\\d+)?)(?:\\s*(百万|千万|万|千|亿)|\\s(hundred|thousand|million|billion)\\b|(k)(?![a-z])|(m|bn)(?![a-z]))?`,
  "gu",
);
const scales: Readonly<Record<string, number>> = {
  k: 1_000,
  千: 1_000,
  万: 10_000,
  百万: 1_000_000,
  千万: 10_000_000,
  亿: 100_000_000,
  hundred: 100,
  thousand: 1_000,
  million: 1_000_000,
  billion: 1_000_000_000,
  m: 1_000_000,
  bn: 1_000_000_000,
};
/** Between two numbers that share their unit: "3-5 days", "30 or 60 days", "10 × 20 cm". */
const JOINT = /^\s*(?:[-–—~～、,/×]|to|or|and|至|到|或|和)\s*[¥￥$€£]?\s*$/;
const PERCENT_BEFORE = /百分之\s*$/;
const PERMILLE_BEFORE = /千分之\s*$/;
const CURRENCY_BEFORE = /[¥$€£]\s?$/;
const WORD_BEFORE = /(?<![a-z])([a-z]{1,12})[\s-]?$/;
const OFF_AFTER = /^\s*(?:%|percent|per cent)\s*(?:off|discount|less|cheaper|reduction)\b/;
const OFF_BEFORE = /(?:discount of|优惠|减|便宜|省|降)\s*$/;
const MINUS_BEFORE = /(?:^|[^\d\sc°%])\s*[-−]$|(?:\bminus|零下)\s*$/;
/** "These two items" counts what was said. */
const SAID_BEFORE = /(?:\b(?:these|those|the|following|both|all)\s|[这那]|以下|下列)\s*$/;
const FIRST_YEAR = 1_900;
const LAST_YEAR = 2_100;
/** UTF-16 units beside a number that say what it counts. */
const NEAR = 40;
/** The numbers of a folded text whose words are digits, with their units. */
export function quantitiesIn(text: string): readonly QuantityFigure[] {
  const found = [...text.matchAll(NUMBER)].map((match) => {
    const [all, spelled, digits = "", han, word, k, m] = match;
    const before = text.slice(Math.max(0, match.index - NEAR), match.index);
    // "$2m" are two million, "2m" two metres.
    const isMetres = m !== undefined && !CURRENCY_BEFORE.test(before);
    const end = match.index + all.length - (isMetres ? m.length : 0);
    const scale = scales[han ?? word ?? k ?? (isMetres ? "" : (m ?? ""))] ?? 1;
    const unit = unitAt(text.slice(end, end + NEAR), before, spelled !== undefined);
    const isBelowZero = unit?.kind === "degrees" && MINUS_BEFORE.test(before);
    const value = Number(digits) * scale * (isBelowZero ? -1 : 1);
    // "2026年" is no length of time.
    const isYear = unit?.kind === "months" && unit.factor > 1 && value >= FIRST_YEAR && value <= LAST_YEAR;
    const label = spelled === undefined ? WORD_BEFORE.exec(before)?.[1] : undefined;
    const off = unit?.kind === "percent" && (OFF_AFTER.test(text.slice(end, end + NEAR)) || OFF_BEFORE.test(before));
    return {
      value,
      off,
      unit: isYear ? null : unit,
      spelled: spelled !== undefined,
      label,
      digits,
      start: match.index,
      end,
    };
  });
  for (let at = found.length - 2; at >= 0; at -= 1) {
    const [one, next] = [found[at], found[at + 1]];
    if (!one || !next || next.start - one.end > NEAR || !JOINT.test(text.slice(one.end, next.start))) continue;
    one.unit ??= next.unit;
  }
  return found.map(({ value, unit, spelled, label, digits, off }) => ({
    kind: "quantity",
    value,
    unit,
    spelled,
    ...(label !== undefined && unit === null && { code: label + digits }),
    ...(off && { off }),
  }));
}

function unitAt(after: string, before: string, spelled: boolean): Unit | null {
  if (PERCENT_BEFORE.test(before)) return { kind: "percent", factor: 1 };
  if (PERMILLE_BEFORE.test(before)) return { kind: "percent", factor: 0.1 };
  const unit = unitOf(after, before);
  return unit?.kind === "pieces" && spelled && SAID_BEFORE.test(before) ? null : unit;
}

const CLOSE = 1e-9;

/** The same value of the same unit, or of none on one side. */
export function isSameQuantity(one: QuantityFigure, other: QuantityFigure): boolean {
  const isEqual = (a: number, b: number) => a === b || Math.abs(a - b) <= CLOSE * Math.max(1, Math.abs(a), Math.abs(b));
  if (!one.unit || !other.unit) return isEqual(one.value, other.value);
  if (one.unit.kind !== other.unit.kind) return false;
  // "80 % off" is not "20 % off", and not "at 80 %".
  if (one.off !== undefined && other.off !== undefined && one.off !== other.off) return false;
  return isEqual(one.value * one.unit.factor, other.value * other.unit.factor);
}
