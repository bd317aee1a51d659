import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bm25Index, createBm25Index, rarityOf } from "../../src/retrieval/bm25.ts";
import { createTermCodes } from "../../src/text/term-codes.ts";
import { packedWords } from "./prepared-samples.ts";

type Texts = readonly (readonly string[])[];

const common = createTermCodes();
let packed = 0;
const asked = ["the", "a", "退款"];

/** Every other document comes with the list of terms of those before, as from one thread; the others with one of their own. */
function pack(texts: Texts) {
  packed += 1;
  return packedWords(texts, packed % 2 === 0 ? common : createTermCodes());
}

const run = <T>(work: Generator<number, T>): T => {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
};

const countsOf = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** How often a passage has a term. */
function frequencyIn(terms: readonly string[], term: string): number {
  let counts = countsOf.get(terms);
  if (!counts) {
    const counted = new Map<string, number>();
    for (const one of terms) counted.set(one, (counted.get(one) ?? 0) + 1);
    counts = counted;
    countsOf.set(terms, counts);
  }
  return counts.get(term) ?? 0;
}

/** BM25 written down plainly, over all passages for every question; added up in the promised order. */
function naiveSearch(
  documents: ReadonlyMap<string, Texts>,
  query: ReadonlyMap<string, number>,
  limit: number,
  accept: (documentId: string) => boolean = () => true,
) {
  const passages = [...documents].flatMap(([name, texts]) =>
    texts.map((terms, index) => ({ name, id: `${name}.${index}`, terms })),
  );
  const average = passages.reduce((sum, { terms }) => sum + terms.length, 0) / passages.length;
  const asked = [...query]
    .map(([term, weight]) => {
      const holding = passages.filter(({ terms }) => frequencyIn(terms, term) > 0).length;
      const rarity = Math.log(1 + (passages.length - holding + 0.5) / (holding + 0.5));
      return { term, weight: weight * rarity * 2.2 };
    })
    .sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1));
  return passages
    .filter(({ name }) => accept(name))
    .map(({ id, terms }) => {
      let score = 0;
      for (const { term, weight } of asked) {
        const frequency = frequencyIn(terms, term);
        score += (weight * frequency) / (frequency + 1.2 * 0.25 + ((1.2 * 0.75) / average) * terms.length);
      }
      return { id, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

/** What passages hold of some terms, written down plainly; added up in the order of the terms. */
function naiveSharing(
  documents: ReadonlyMap<string, Texts>,
  weighed: readonly { readonly index: number; readonly weight: number }[],
  {
    limit,
    least,
    accept = () => true,
  }: {
    readonly limit: number;
    readonly least: number;
    readonly accept?: ((documentId: string) => boolean) | undefined;
  },
) {
  return [...documents]
    .filter(([name]) => accept(name))
    .flatMap(([name, texts]) => texts.map((terms, index) => ({ id: `${name}.${index}`, terms })))
    .map(({ id, terms }) => {
      const held = weighed.filter(({ index }) => frequencyIn(terms, asked[index] ?? "") > 0);
      return { id, score: held.reduce((sum, { weight }) => sum + weight, 0) };
    })
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

const holdingIn = (documents: ReadonlyMap<string, Texts>, term: string) =>
  [...documents.values()].flat().filter((terms) => frequencyIn(terms, term) > 0).length;

describe("the BM25 index", () => {
  const word = fc.constantFrom("a", "b", "c", "d", "e", "退款", "𠀀", "é", "");
  // Some words are in nearly every passage and some in hardly one, as in a language.
  const skewed = fc.oneof({ weight: 6, arbitrary: fc.constantFrom("the", "of") }, { weight: 2, arbitrary: word });
  const texts = fc.array(fc.array(skewed, { maxLength: 8 }), { maxLength: 6 });
  const name = fc.constantFrom("d", "e", "f.g", "h");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), name, texts }),
    fc.record({ kind: fc.constant("stage" as const), name, texts }),
    fc.record({ kind: fc.constant("half" as const), name, texts }),
    fc.record({ kind: fc.constant("resume" as const) }),
    fc.record({ kind: fc.constant("remove" as const), name }),
    fc.record({ kind: fc.constant("pack" as const), after: fc.nat(30) }),
    fc.record({
      kind: fc.constant("search" as const),
      query: fc.dictionary(skewed, fc.double({ min: 0.01, max: 3, noNaN: true }), { minKeys: 1, maxKeys: 5 }),
      limit: fc.integer({ min: 1, max: 4 }),
      least: fc.double({ min: 0, max: 8, noNaN: true }),
      refused: fc.option(name, { nil: undefined }),
    }),
  );

  it("finds and scores exactly as the plain formula, whatever came, was replaced, removed and packed before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 1, 16), (steps, mostHidden) => {
        const index = createBm25Index({ mostHidden });
        const documents = new Map<string, Texts>();
        /** What was last to be written under a name. */
        const latest = new Map<string, Texts>();
        const halves = new Map<string, ReturnType<Bm25Index["stage"]>>();
        let packing: { readonly work: ReturnType<Bm25Index["compact"]>; left: number } | undefined;
        for (const now of steps) {
          if (packing) {
            packing.left -= 1;
            if (packing.work.next().done || packing.left < 0) {
              run(packing.work);
              packing = undefined;
            }
          }
          if ("name" in now && now.kind !== "remove") latest.set(now.name, now.texts);
          if (now.kind === "put") {
            index.put(now.name, pack(now.texts));
            documents.set(now.name, now.texts);
          } else if (now.kind === "stage") {
            run(index.stage(now.name, pack(now.texts)));
            documents.delete(now.name);
            if (now.texts.length % 2 === 0) {
              index.put(now.name);
              documents.set(now.name, now.texts);
            }
          } else if (now.kind === "half") {
            const work = index.stage(now.name, pack(now.texts));
            documents.delete(now.name);
            work.next();
            halves.get(now.name)?.return();
            halves.delete(now.name);
            if (now.texts.length % 3 > 0) halves.set(now.name, work);
            else work.return();
          } else if (now.kind === "resume") {
            for (const [half, work] of halves) {
              run(work);
              const texts = latest.get(half);
              if (!texts || !index.has(half)) continue;
              index.put(half);
              documents.set(half, texts);
            }
            halves.clear();
          } else if (now.kind === "remove") {
            halves.get(now.name)?.return();
            halves.delete(now.name);
            index.remove(now.name);
            documents.delete(now.name);
            latest.delete(now.name);
            expect(index.has(now.name)).toBe(false);
          } else if (now.kind === "pack") {
            packing ??= { work: index.compact(), left: now.after };
          } else {
            const query = new Map(Object.entries(now.query));
            const accept = now.refused === undefined ? undefined : (id: string) => id.slice(0, -2) !== now.refused;
            const wanted = now.refused === undefined ? undefined : (other: string) => other !== now.refused;
            const expected = naiveSearch(documents, query, now.limit, wanted);
            expect(index.search(query, now.limit, accept)).toEqual(expected);
            const isEnough = ({ score }: { readonly score: number }) => score >= now.least;
            expect(index.search(query, now.limit, accept, now.least).filter(isEnough)).toEqual(
              expected.filter(isEnough),
            );
            const indices = [...query.keys()].flatMap((term) => (asked.includes(term) ? [asked.indexOf(term)] : []));
            const weighed = indices.map((at) => ({ index: at, weight: query.get(asked[at] ?? "") ?? 0 }));
            for (const least of [0.01, now.least / 8]) {
              if (least === 0) continue;
              const sharing = { limit: now.limit, least, accept };
              expect(index.sharing(asked, weighed, sharing)).toEqual(
                naiveSharing(documents, weighed, { ...sharing, accept: wanted }),
              );
            }
          }
          for (const [at, term] of asked.entries()) {
            expect(index.holding(term)).toBe(holdingIn(documents, term));
            expect(index.holdingOf(asked, at)).toBe(holdingIn(documents, term));
            expect(index.holdingOf(common.terms, common.numberOf(term))).toBe(holdingIn(documents, term));
          }
          expect(index.documents).toBe([...documents.values()].flat().length);
        }
      }),
    );
  });

  it("writes a long document in many pieces, also when all of its words are known", () => {
    const index = createBm25Index();
    const texts = Array.from({ length: 40 }, (_, at) => Array.from({ length: 600 }, (__, n) => `w${at * 300 + n}`));
    const words = packedWords(texts);
    for (const name of ["first", "second"]) {
      const steps = [...index.stage(name, words)];
      expect(steps).toHaveLength(40);
      expect(Math.max(...steps)).toBeLessThan(1_000);
      // 24,000 entries take several turns of the event loop.
      expect(steps.reduce((sum, step) => sum + step)).toBeGreaterThan(8_000);
    }
  });

  it("leaves nothing out of a large base, where most passages need not be looked at, while it changes", () => {
    const random = seeded(7);
    const index = createBm25Index();
    const documents = new Map<string, Texts>();
    let added = 0;
    const add = () => {
      const passages = Array.from({ length: 60 }, () => Array.from({ length: 3 + random(30) }, () => zipf(random)));
      documents.set(`d${added}`, passages);
      index.put(`d${added}`, pack(passages));
      added += 1;
    };
    for (let number = 0; number < 25; number += 1) add();
    for (let round = 0; round < 6; round += 1) {
      for (let question = 0; question < 10; question += 1) {
        const query = new Map(Array.from({ length: 6 }, () => [zipf(random), 0.2 + random(100) / 100]));
        const even = (id: string) => Number(id.split(".")[0]?.slice(1)) % 2 === 0;
        expect(index.search(query, 5)).toEqual(naiveSearch(documents, query, 5));
        expect(index.search(query, 5, even)).toEqual(naiveSearch(documents, query, 5, even));
      }
      const gone = `d${random(added)}`;
      documents.delete(gone);
      index.remove(gone);
      add();
      if (round % 3 === 1) run(index.compact());
      for (const term of ["w0", "w1", "w7", "w100"]) expect(index.holding(term)).toBe(holdingIn(documents, term));
    }
  });

  it("finds a passage without the word that says most, as long as the others can outweigh it", () => {
    const filler: Texts = Array.from({ length: 20 }, () => Array.from({ length: 40 }, (_, at) => `filler${at}`));
    const many = (word: string) => Array.from({ length: 9 }, () => word);
    const documents = new Map<string, Texts>([
      ["a", [["rare"]]],
      ["b", [[...many("one"), ...many("other")]]],
      ["c", filler],
    ]);
    const index = createBm25Index();
    for (const [name, texts] of documents) index.put(name, pack(texts));
    const query = new Map([
      ["rare", 1],
      ["one", 0.49],
      ["other", 0.49],
    ]);
    expect(index.search(query, 1).map(({ id }) => id)).toEqual(["b.0"]);
    expect(index.search(query, 1)).toEqual(naiveSearch(documents, query, 1));
  });

  it("counts a word that a passage has more often than fits into a byte", () => {
    const often = (times: number): Texts => [Array.from({ length: times }, () => "x")];
    const documents = new Map([
      ["a", often(254)],
      ["b", often(255)],
      ["c", often(256)],
      ["d", often(70_000)],
      ["e", [["y"]]],
    ]);
    const index = createBm25Index();
    for (const [name, texts] of documents) index.put(name, pack(texts));
    // In the packed words of a document a count ends at 65,535.
    const cut = new Map([...documents, ["d", often(70_000)]]);
    const query = new Map([["x", 1]]);
    const check = () => {
      const found = index.search(query, 9);
      const expected = naiveSearch(cut, query, 9);
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at]?.score ?? 0, 4);
    };
    check();
    run(index.compact());
    check();
    index.remove("a");
    cut.delete("a");
    run(index.compact());
    check();
  });

  it("finds nothing of a document that is staged, and everything of one that is put, in the same instant", () => {
    const index = createBm25Index();
    index.put("old", pack([["tea"], ["milk"]]));
    const work = index.stage("new", pack([["tea", "tea"], ["cup"]]));
    const seen = () => [
      index.search(new Map([["tea", 1]]), 9).map(({ id }) => id),
      index.holding("cup"),
      index.documents,
    ];
    while (!work.next().done) expect(seen()).toEqual([["old.0"], 0, 2]);
    expect(seen()).toEqual([["old.0"], 0, 2]);
    index.put("new");
    index.remove("old");
    expect(seen()).toEqual([["new.0"], 1, 2]);
    expect(() => index.put("unknown")).toThrow("unknown");
  });

  it("asks about a document once", () => {
    const index = createBm25Index();
    const passages: Texts = Array.from({ length: 300 }, (_, number) => ["tea", `cup${number}`]);
    index.put("one", pack(passages));
    index.put("other", pack(passages));
    const asked: string[] = [];
    const found = index.search(new Map([["tea", 1]]), 5, (id) => {
      asked.push(id);
      return id.startsWith("other");
    });
    expect(found.map(({ id }) => id)).toEqual(["other.0", "other.1", "other.10", "other.100", "other.101"]);
    expect(asked.length).toBe(2);
  });

  it("says when packing is worth it, and gives the room back", () => {
    const index = createBm25Index();
    const passages: Texts = Array.from({ length: 500 }, (_, number) => ["tea", `cup${number}`]);
    for (const name of ["a", "b", "c", "d"]) index.put(name, pack(passages));
    expect(index.isLoose).toBe(false);
    for (const name of ["a", "b", "c"]) index.remove(name);
    expect(index.isLoose).toBe(true);
    index.put("f", pack(passages.slice(0, 1)));
    const packing = index.compact();
    packing.next();
    index.remove("f");
    index.put("e", pack(passages.slice(0, 1)));
    index.remove("e");
    const { base, documents } = run(packing);
    expect([index.has("d"), index.has("e"), index.has("f")]).toEqual([true, false, false]);
    // One more was there when it began.
    expect([base.lengths.length, base.entries.length, documents.length]).toEqual([501, 1_002, 2]);
    expect(index.isLoose).toBe(false);
    expect(index.search(new Map([["cup7", 1]]), 2).map(({ id }) => id)).toEqual(["d.7"]);
  });
});

it("gives a term that all hold some weight", () => {
  expect(rarityOf(10, 10)).toBeGreaterThan(0);
});

/** Whole numbers below a limit, the same in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const zipf = (random: (below: number) => number) => `w${Math.floor(2_000 ** (random(1_000) / 1_000)) - 1}`;
