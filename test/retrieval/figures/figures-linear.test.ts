import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  figuresBorneOutBy,
  figuresIn,
  hasUnreadFigure,
  withoutFigures,
} from "../../../src/retrieval/figures/figures.ts";
import { stretchesOf } from "../../../src/retrieval/figures/stretches.ts";

const LONG = 65_536;
/** Four times the text; a square would be sixteen times. Below the floor a garbage collection weighs more than the work. */
const MOST_TIMES = 10;
const FLOOR_MS = 60;

const readers = { figuresIn, figuresBorneOutBy, withoutFigures, hasUnreadFigure };
const parts = [
  "1",
  "1.",
  ".",
  "123-",
  "12 ",
  "a",
  "a-",
  "a.",
  "a1",
  "(",
  "(1",
  "[1",
  "1*",
  "@",
  "三",
  "half ",
  "one ",
  " ",
  "½",
];

/** Processor time, which other processes do not lengthen. */
function costMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe("the time that figures take", () => {
  it("is not exponential on a run of digits behind a number", () => {
    for (const reader of Object.values(readers)) reader(`12 ${"1".repeat(2_000)}.`);
    expect(figuresIn(`12 ${"1".repeat(101)}.`)).toHaveLength(2);
  });

  it.each(parts)("is in proportion to a text of %j", (part) => {
    const text = `12 ${part.repeat(LONG / part.length)}.`;
    for (const reader of Object.values(readers)) {
      const quarter = costMs(() => reader(text.slice(0, LONG / 4)));
      const whole = costMs(() => reader(text));
      expect(whole).toBeLessThan(MOST_TIMES * Math.max(quarter, FLOOR_MS));
    }
  });
});

describe("stretches", () => {
  it("are the text, none too long", () => {
    const text = fc.array(fc.constantFrom("word ", "词", "。", ". ", ", ", "\n", "30 days ", "😀", "x".repeat(700)), {
      maxLength: 900,
    });
    fc.assert(
      fc.property(text, (pieces) => {
        const whole = pieces.join("");
        const stretches = stretchesOf(whole);
        expect(stretches.join("")).toBe(whole);
        expect(Math.max(...stretches.map(({ length }) => length))).toBeLessThanOrEqual(1_000);
        expect(stretches.some((stretch) => /\p{Surrogate}/u.test(stretch))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it("cut no figure", () => {
    expect(figuresIn("within 30 days and so on, ".repeat(200))).toHaveLength(200);
    expect(figuresIn("可在三十天内退货，".repeat(300))).toHaveLength(300);
  });
});
