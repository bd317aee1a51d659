import fc from "fast-check";
import { expect, it } from "vitest";
import { createStretches } from "../../src/text/stretches.ts";

const spans = (text: string) => {
  const all: (readonly [number, number])[] = [];
  for (let from = 0; from < text.length; from += 1) {
    for (let to = from + 1; to <= text.length; to += 1) all.push([from, to]);
  }
  return all;
};
const text = fc.string({ unit: fc.constantFrom("a", "b", "款", "\ud800"), maxLength: 8 });

it("are known by what they say, wherever they stand, in this text and another", () => {
  const stretches = createStretches();
  const others = createStretches();
  fc.assert(
    fc.property(text, text, (first, second) => {
      stretches.begin(first);
      const known = new Set<string>();
      for (const [from, to] of spans(first)) {
        expect(stretches.add(from, to)).toBe(!known.has(first.slice(from, to)));
        known.add(first.slice(from, to));
      }
      others.begin(second);
      for (const [from, to] of spans(second)) {
        others.add(from, to);
        expect(stretches.hasLastOf(others)).toBe(known.has(second.slice(from, to)));
      }
    }),
  );
});

it("may be many, and are forgotten with the next text", () => {
  const stretches = createStretches();
  const count = 5_000;
  const many = Array.from({ length: count }, (_, at) => String(at).padStart(4, "0")).join("");
  for (const round of [1, 2]) {
    stretches.begin(many);
    for (let at = 0; at < count; at += 1) expect(stretches.add(at * 4, at * 4 + 4), `${round}: ${at}`).toBe(true);
    for (let at = 0; at < count; at += 1) expect(stretches.add(at * 4, at * 4 + 4), `${round}: ${at}`).toBe(false);
  }
  stretches.begin("0000");
  expect(stretches.add(0, 4)).toBe(true);
});
