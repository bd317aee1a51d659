import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTerms, type Terms, termsOf } from "../../src/retrieval/term-table.ts";
import { finished } from "./finished.ts";

/** Few different ones, so that many come twice; of every script, halves of characters and NUL too. */
const term = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.string({ unit: fc.constantFrom("a", "b", "退", "\ud83d", "\0"), maxLength: 5 }),
  fc.constantFrom("x".repeat(3_000), "款".repeat(3_000)),
);

/** What a `Map` of the same terms says. */
function expectLikeMap(terms: Terms, map: ReadonlyMap<string, number>, asked: Iterable<string>): void {
  expect(terms.size).toBe(map.size);
  expect([...terms]).toEqual([...map]);
  for (const each of asked) expect(terms.get(each)).toBe(map.get(each));
}

describe("terms with numbers", () => {
  it("are what a plain map has, whether they are packed or came later", () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 60 }), fc.array(term), fc.nat(40), (added, asked, room) => {
        const terms = createTerms(room);
        const map = new Map<string, number>();
        for (const each of added) {
          if (!map.has(each)) map.set(each, map.size);
          expect(terms.add(each)).toBe(map.get(each));
        }
        expectLikeMap(terms, map, [...added, ...asked]);
        expect(terms.packed.size).toBe(Math.min(room, map.size));
      }),
    );
  });

  it("are the same again from what is kept of them, and take more", () => {
    fc.assert(
      fc.property(fc.uniqueArray(term, { maxLength: 60 }), fc.array(term), (packed, more) => {
        const first = createTerms(packed.length);
        for (const each of packed) first.add(each);
        first.add("of another time");
        const { starts, units, ...rest } = first.packed;
        const again = termsOf({ ...rest, starts, units: units.slice(0, starts[rest.size]) });
        const map = new Map(packed.map((each, id) => [each, id]));
        expectLikeMap(again, map, [...packed, ...more]);
        for (const each of more) {
          if (!map.has(each)) map.set(each, map.size);
          again.add(each);
        }
        expectLikeMap(again, map, more);
      }),
    );
  });

  it("are the same again when the first of them are packed, whatever is added meanwhile", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(term, { maxLength: 60 }),
        fc.array(term, { maxLength: 4 }),
        fc.nat(60),
        fc.nat(60),
        (own, more, room, most) => {
          const terms = createTerms(room);
          for (const each of own) terms.add(each);
          const count = Math.min(most, own.length);
          const work = terms.repacked(count);
          const step = work.next();
          for (const each of more) terms.add(each);
          const again = step.done ? step.value : finished(work);
          const map = new Map(own.slice(0, count).map((each, id) => [each, id]));
          expectLikeMap(again, map, [...own, ...more]);
          expect(again.packed.size).toBe(count);
        },
      ),
    );
  });

  it("come with those that are added while one goes through them", () => {
    const terms = createTerms(1);
    terms.add("a");
    terms.add("b");
    const seen: string[] = [];
    for (const [each] of terms) {
      seen.push(each);
      if (each === "b") terms.add("c");
    }
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("are not made of arrays in which looking for one might never end", () => {
    const { packed } = createTerms(2);
    for (const places of [0, 1, 2, 3]) {
      expect(() => termsOf({ ...packed, places: new Uint32Array(places) })).toThrow(
        `2 terms cannot be in ${places} places`,
      );
    }
    expect(() => termsOf({ ...packed, starts: new Uint32Array(0) })).toThrow("-1 terms");
  });
});
