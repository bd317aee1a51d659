import fc from "fast-check";
import { expect, it } from "vitest";
import { createStretchTable } from "../../src/text/stretch-table.ts";
import { createUnits } from "../../src/text/units.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "款", "\ud800", "𠀋"), maxLength: 12 });

it("gives for each stretch what is made of it, whatever was asked before, and makes it once while it is kept", () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), fc.constantFrom(1, 20, 1_000), (texts, limit) => {
      const made: string[] = [];
      const table = createStretchTable(limit, (stretch) => {
        made.push(stretch);
        return { stretch };
      });
      const units = createUnits();
      for (const whole of texts) {
        units.read(whole);
        for (let from = 0; from < whole.length; from += 1) {
          const found = table.of(whole, units.codes, from, whole.length);
          expect(found.stretch).toBe(whole.slice(from));
          expect(table.of(whole, units.codes, from, whole.length)).toEqual(found);
        }
      }
      if (limit === 1_000) expect(new Set(made).size).toBe(made.length);
    }),
  );
});

it("keeps thousands, begins anew behind its limit, and keeps nothing that is very long", () => {
  let made = 0;
  const table = createStretchTable(4_000, (stretch) => {
    made += 1;
    return stretch;
  });
  const units = createUnits();
  const ask = (word: string) => {
    units.read(word);
    expect(table.of(word, units.codes, 0, word.length)).toBe(word);
  };
  for (let at = 0; at < 4_000; at += 1) ask(`word${at}`);
  for (let at = 0; at < 4_000; at += 1) ask(`word${at}`);
  expect(made).toBe(4_000);
  ask("one more");
  ask("word0");
  expect(made).toBe(4_002);
  const long = "long".repeat(100);
  ask(long);
  ask(long);
  expect(made).toBe(4_004);
});
