import { type Figure, isAmong } from "../../../retrieval/figures/figures.ts";
import type { QuantityFigure } from "../../../retrieval/figures/quantities.ts";

/** Minutes of a day: a length of time in days and shorter ones is counted in minutes, see `unitOf`. */
export const DAY = 1_440;
const SHORTEST_MONTH = 28;
const LONGEST_MONTH = 31;
/** Days of a month as people count them, from round ones to those of a year. */
const ROUND_MONTH = 30;
const LONG_MONTH = 30.5;

/** A length of time in whole days. */
export function daysFigure(days: number): QuantityFigure {
  return { kind: "quantity", value: days, unit: { kind: "minutes", factor: DAY }, spelled: false };
}

/** Whether one of the others is the same, or the same length of time in another unit: "90 days" is "three months". */
export function isBorneOutBy(figure: Figure, others: readonly Figure[]): boolean {
  return isAmong(figure, others) || others.some((other) => isSameSpan(figure, other));
}

/** Whether one is days, weeks or hours, and the other one as long in months or years. */
export function isSameSpan(one: Figure, other: Figure): boolean {
  if (one.kind !== "quantity" || other.kind !== "quantity") return false;
  if (one.unit?.kind === "months" && other.unit?.kind === "minutes") return isSameSpan(other, one);
  if (one.unit?.kind !== "minutes" || other.unit?.kind !== "months") return false;
  const days = (one.value * one.unit.factor) / DAY;
  const months = other.value * other.unit.factor;
  if (months === 1) return days >= SHORTEST_MONTH && days <= LONGEST_MONTH;
  return months > 0 && days >= ROUND_MONTH * months && days <= Math.ceil(LONG_MONTH * months);
}
