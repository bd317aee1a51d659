import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPairTable, textOfUnits, unitsOf } from "../../src/text/pair-table.ts";

/** One or two units, of few and of many different ones, so that keys meet each other's places. */
const unit = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0x4e00, max: 0x9fff }), fc.constant(0xffff));
const short = fc.array(unit, { minLength: 1, maxLength: 2 }).map((units) => String.fromCharCode(...units));

describe("a table of pairs", () => {
  it("has a key of its own for each text of one or two units", () => {
    fc.assert(fc.property(short, (text) => textOfUnits(unitsOf(text)) === text));
  });

  it("keeps what was made of each key, as a map does", () => {
    fc.assert(
      fc.property(fc.array(short, { minLength: 1, maxLength: 2_500 }), (texts) => {
        const known = new Map<string, number>();
        let made = 0;
        const table = createPairTable(() => made++);
        for (const text of texts) {
          const expected = known.get(text) ?? known.size;
          known.set(text, expected);
          expect(table.of(unitsOf(text))).toBe(expected);
        }
        expect([table.size, made]).toEqual([known.size, known.size]);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps as many as there are, and nothing after it was cleared", () => {
    let made = 0;
    const table = createPairTable((units) => {
      made += 1;
      return units;
    });
    for (const _ of ["first", "again"]) {
      for (let key = 1; key <= 3_000; key += 1) expect(table.of(key << 13)).toBe(key << 13);
    }
    expect([table.size, made]).toEqual([3_000, 3_000]);
    table.clear();
    expect(table.size).toBe(0);
    expect([table.of(1 << 13), made]).toEqual([1 << 13, 3_001]);
  });
});
