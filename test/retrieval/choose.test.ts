import fc from "fast-check";
import { expect, it } from "vitest";
import { choose } from "../../src/retrieval/choose.ts";

const fits = (...all: readonly number[]) => all.map((fit) => ({ fit }));
const always = () => true;
const never = () => false;

it("takes the first in the order that answers nearly, where one answers for sure", () => {
  const ordered = fits(0.3, 0.46, 0.9, 0.95);
  expect(choose(ordered, 3, never)).toEqual({ kept: ordered.slice(0, 3), answering: [ordered[1]] });
  expect(choose(fits(0.3, 0.46), 3, always).answering).toEqual([]);
});

it("puts last, and takes, what answers for sure behind those that do not, also where one does nearly", () => {
  const ordered = fits(0.46, 0.1, 0.1, 0.6, 0.95, 0.1);
  expect(choose(ordered, 3, always)).toEqual({ kept: [ordered[0], ordered[1], ordered[4]], answering: [ordered[4]] });
  expect(choose(ordered, 1, always)).toEqual({ kept: [ordered[4]], answering: [ordered[4]] });
});

it("takes beside the first the likeliest of those behind it that answer too, are about as likely as the best, and may be", () => {
  const ordered = fits(0.7, 0.1, 0.5, 0.6);
  expect(choose(ordered, 4, always).answering).toEqual([ordered[0], ordered[3]]);
  expect(choose(ordered, 3, always).answering).toEqual([ordered[0], ordered[2]]);
  expect(choose(ordered, 4, (first, other) => first.fit === 0.7 && other.fit === 0.5).answering).toEqual([
    ordered[0],
    ordered[2],
  ]);
  // Odds of 2.33 and 0.84, which is more than e times less, and of 0.88.
  expect(choose(fits(0.7, 0.456), 2, always).answering).toEqual([{ fit: 0.7 }]);
  expect(choose(fits(0.7, 0.468), 2, always).answering).toEqual([{ fit: 0.7 }, { fit: 0.468 }]);
  // What answers neither for sure nor nearly, and what stands before the first.
  expect(choose(fits(0.5, 0.44), 2, always).answering).toEqual([{ fit: 0.5 }]);
  expect(choose(fits(0.44, 0.5), 2, always).answering).toEqual([{ fit: 0.5 }]);
  // The best need not be the first, nor cited.
  const behind = fits(0.46, 0.9);
  expect(choose(behind, 2, always).answering).toEqual(behind);
  const three = fits(0.46, 0.9, 0.5);
  expect(choose(three, 3, (_, other) => other.fit !== 0.9).answering).toEqual([three[0]]);
});

it("answers exactly where anything does, with what is kept, in the order", () => {
  const items = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }).map((all) => fits(...all));
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 8 }), fc.boolean(), (ordered, k, mayJoin) => {
      const { kept, answering } = choose(ordered, k, () => mayJoin);
      expect(kept).toHaveLength(Math.min(k, ordered.length));
      const places = (some: readonly (typeof ordered)[number][]) => some.map((one) => ordered.indexOf(one));
      expect(places(kept)).toEqual(places(kept).toSorted((a, b) => a - b));
      expect(answering.length > 0).toBe(ordered.some(({ fit }) => fit >= 0.5));
      expect(answering.length).toBeLessThanOrEqual(mayJoin ? 2 : 1);
      expect(places(answering)).toEqual([...new Set(places(answering))].toSorted((a, b) => a - b));
      expect(kept).toEqual(expect.arrayContaining([...answering]));
      expect(answering.every(({ fit }) => fit >= 0.45)).toBe(true);
    }),
  );
});
