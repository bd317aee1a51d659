import fc from "fast-check";
import { expect, it } from "vitest";
import { choose } from "../../src/retrieval/choose.ts";

const fits = (...all: readonly number[]) => all.map((fit) => ({ fit }));

it("takes the first in the order that answers nearly, where one answers for sure", () => {
  const ordered = fits(0.3, 0.46, 0.9, 0.95);
  expect(choose(ordered, 3)).toEqual({ kept: ordered.slice(0, 3), answering: ordered[1] });
  expect(choose(fits(0.3, 0.46), 3).answering).toBeUndefined();
});

it("puts last, and takes, what answers for sure behind those that do not, also where one does nearly", () => {
  const ordered = fits(0.46, 0.1, 0.1, 0.6, 0.95, 0.1);
  expect(choose(ordered, 3)).toEqual({ kept: [ordered[0], ordered[1], ordered[4]], answering: ordered[4] });
  expect(choose(ordered, 1)).toEqual({ kept: [ordered[4]], answering: ordered[4] });
});

it("answers exactly where anything does, with what is kept, in the order", () => {
  const items = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }).map((all) => fits(...all));
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 8 }), (ordered, k) => {
      const { kept, answering } = choose(ordered, k);
      expect(kept).toHaveLength(Math.min(k, ordered.length));
      expect(kept.map((one) => ordered.indexOf(one))).toEqual(
        kept.map((one) => ordered.indexOf(one)).sort((a, b) => a - b),
      );
      expect(answering !== undefined).toBe(ordered.some(({ fit }) => fit >= 0.5));
      if (answering) expect(kept).toContain(answering);
    }),
  );
});
