import fc from "fast-check";
import { expect, it } from "vitest";
import { createPairNumbers } from "../../src/text/pair-numbers.ts";

/** Few and many different ones, so that keys meet each other's places; also those whose highest bit is set. */
const key = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 0xffff_ffff }));

it("finds the number of each key, as a map does, however many there are", () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(key), fc.array(key, { minLength: 3_000, maxLength: 3_000 })), (keys) => {
      const known = new Map<number, number>();
      const numbers = createPairNumbers();
      for (const one of keys) {
        expect(numbers.find(one)).toBe(known.get(one) ?? -1);
        if (known.has(one)) continue;
        numbers.put(one, known.size);
        known.set(one, known.size);
      }
      for (const [one, number] of known) expect(numbers.find(one)).toBe(number);
    }),
    { numRuns: 20 },
  );
});
