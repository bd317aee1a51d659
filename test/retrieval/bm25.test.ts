import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBm25Index } from "../../src/retrieval/bm25.ts";
import { createPostings } from "../../src/retrieval/postings.ts";

/** BM25 written down plainly, over all texts for every question. */
function naiveScores(texts: ReadonlyMap<string, readonly string[]>, query: ReadonlyMap<string, number>) {
  const all = [...texts.values()];
  const average = all.reduce((sum, terms) => sum + terms.length, 0) / all.length;
  return [...texts].flatMap(([id, terms]) => {
    let score = 0;
    for (const [term, weight] of query) {
      const frequency = terms.filter((other) => other === term).length;
      const holding = all.filter((other) => other.includes(term)).length;
      const rarity = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
      score += (weight * rarity * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * terms.length) / average));
    }
    return score > 0 ? [{ id, score }] : [];
  });
}

describe("the BM25 index", () => {
  it("equals naive scoring after random adds, replacements and removes", () => {
    const word = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const step = fc.record({
      id: fc.constantFrom("1", "2", "3", "4", "5"),
      terms: fc.array(word, { minLength: 1, maxLength: 8 }),
      remove: fc.boolean(),
    });
    const query = fc.uniqueArray(word, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), query, (steps, asked) => {
        const index = createBm25Index();
        const texts = new Map<string, readonly string[]>();
        for (const { id, terms, remove } of steps) {
          if (remove) index.remove(id);
          else index.add(id, terms);
          if (remove) texts.delete(id);
          else texts.set(id, terms);
        }
        const weights = new Map(asked.map((term, at) => [term, 1 / (at + 1)]));
        const expected = new Map(naiveScores(texts, weights).map(({ id, score }) => [id, score]));
        const found = index.search(weights, 10);
        expect(new Set(found.map(({ id }) => id))).toEqual(new Set(expected.keys()));
        for (const { id, score } of found) expect(score).toBeCloseTo(expected.get(id) ?? Number.NaN, 8);
        expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
        expect(index.documents).toBe(texts.size);
      }),
    );
  });

  it("knows how many texts hold a term, removed ones not among them", () => {
    const index = createBm25Index();
    index.add("1", ["a", "a"]);
    index.add("2", ["a", "b"]);
    index.remove("1");
    index.remove("never there");
    expect([index.holding("a"), index.holding("b"), index.holding("c")]).toEqual([1, 1, 0]);
  });

  it("scores the same whichever part a text is in, and forgets a part that is detached", () => {
    const texts: readonly (readonly [string, readonly string[]])[] = [
      ["1", ["a", "b"]],
      ["2", ["b", "b", "c"]],
      ["3", ["a"]],
    ];
    const one = createBm25Index();
    const parted = createBm25Index();
    const part = createPostings();
    for (const [id, terms] of texts) one.add(id, terms);
    for (const [id, terms] of texts)
      if (id === "1") parted.add(id, terms);
      else part.add(id, terms);
    parted.attach("part", part);
    const query = new Map([
      ["a", 1],
      ["b", 0.5],
    ]);
    expect(parted.search(query, 10)).toEqual(one.search(query, 10));
    expect([parted.documents, parted.holding("b")]).toEqual([3, 2]);
    parted.detach("part");
    expect(parted.search(query, 10).map(({ id }) => id)).toEqual(["1"]);
    expect([parted.documents, parted.holding("b"), parted.holding("c")]).toEqual([1, 1, 0]);
  });
});
