import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Passage, SearchOptions } from "../../src/retrieval/knowledge.ts";
import { createHarness } from "./harness.ts";

const secret = {
  name: "secret.md",
  content: "# Prices\n\nThe dealer price of the kettle is 7 euros.\n",
  audience: ["agent"],
};
const open = {
  name: "open.md",
  content: "# Prices\n\nThe price of the kettle is 30 euros.\n",
  metadata: { product: "kettle" },
};
const question = "What is the dealer price of the kettle?";

describe("who may read what", () => {
  it("finds a document only for whoever has one of its roles", async () => {
    const { knowledge, context } = createHarness();
    const { documentId } = await knowledge.add(secret, context());
    await knowledge.add(open, context());
    const names = async (roles: readonly string[], options: SearchOptions = {}) => {
      const { passages } = await knowledge.search(question, options, context(undefined, roles));
      return passages.map(({ quote }) => (quote.includes("dealer") ? "secret" : "open")).sort();
    };
    expect(await names([])).toEqual(["open"]);
    expect(await names(["user"])).toEqual(["open"]);
    expect(await names(["user", "agent"])).toEqual(["open", "secret"]);
    expect(await names([], { roles: "all" })).toEqual(["open", "secret"]);
    expect(await names(["agent"], { roles: new Set(["user"]) })).toEqual(["open"]);
    const chunkId = `${documentId}.0`;
    expect((await knowledge.passage(chunkId, context(undefined, ["agent"]))).quote).toMatch(/dealer/);
    await expect(knowledge.passage(chunkId, context())).rejects.toMatchObject({ code: "passage_not_found" });
  });

  it("tells nothing of a hidden document: neither its sentences nor how sure it would make", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(secret, context());
    const hidden = await knowledge.search(question, {}, context());
    expect(hidden).toEqual({ passages: [], answerable: false, confidence: 0, sentences: [], reading: [], related: [] });
    const seen = await knowledge.search(question, {}, context(undefined, ["agent"]));
    expect(seen).toMatchObject({
      answerable: true,
      sentences: [{ quote: "The dealer price of the kettle is 7 euros." }],
    });
  });

  it("hides and shows from the instant in which that is said", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(secret, context());
    const found = async () => (await knowledge.search(question, {}, context())).answerable;
    expect(await found()).toBe(false);
    await knowledge.add({ ...secret, audience: [] }, context());
    expect(await found()).toBe(true);
    await knowledge.add({ ...secret, audience: ["admin"] }, context());
    expect(await found()).toBe(false);
  });

  it("finds only what has all the metadata that is asked for", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ ...secret, audience: [] }, context());
    await knowledge.add(open, context());
    const count = async (where: Record<string, string>) =>
      (await knowledge.search(question, { where }, context())).passages.length;
    expect(await count({})).toBe(2);
    expect(await count({ product: "kettle" })).toBe(1);
    expect(await count({ product: "pump" })).toBe(0);
    expect(await count({ product: "kettle", toString: "x" })).toBe(0);
  });

  it("finds what is behind hundreds that may not be found, on both paths", async () => {
    const { knowledge, context } = createHarness();
    for (let at = 0; at < 150; at += 1) {
      await knowledge.add({ name: `${at}.txt`, content: `The dealer price ${at}.`, audience: ["agent"] }, context());
    }
    const content = "The price of the kettle is what it says on the label of the kettle.";
    await knowledge.add({ name: "open.txt", content }, context());
    const { passages } = await knowledge.search("dealer price", {}, context());
    expect(passages.map(({ quote, stages }) => [quote, stages.vectorRank, stages.lexicalRank])).toEqual([
      [content, 1, 1],
    ]);
  });

  it("reports passages that say nearly the same, but none that whoever asks may not know of", async () => {
    const { knowledge, context } = createHarness();
    const text = (days: number) =>
      `Unopened goods can be returned within ${days} days, with the receipt and the seal intact. Large machines are collected at your door by our own drivers, who bring the packaging along.`;
    const first = await knowledge.add({ name: "a.txt", content: text(30), audience: ["agent"] }, context());
    const second = await knowledge.add({ name: "b.txt", content: text(45) }, context());
    expect(second.similar).toEqual([]);
    const third = await knowledge.get(second.documentId, context(undefined, ["agent"]));
    expect(third.similar).toEqual([
      {
        chunkId: `${second.documentId}.0`,
        other: { documentId: first.documentId, title: "a", chunkId: `${first.documentId}.0` },
        similarity: expect.any(Number),
      },
    ]);
    await knowledge.remove(first.documentId, context());
    expect((await knowledge.get(second.documentId, context(undefined, ["agent"]))).similar).toEqual([]);
  });

  const words = ["kettle", "lid", "lever", "red", "green", "seal", "pump", "price"];
  const roles = ["user", "agent", "admin"];
  const documents = fc.array(
    fc.record({
      content: fc.array(fc.constantFrom(...words), { minLength: 2, maxLength: 6 }),
      audience: fc.subarray(roles),
      product: fc.constantFrom("a", "b"),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it("finds what a search would find that had looked at everything and left out the rest before it counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.subarray(roles),
        fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
        fc.subarray(words, { minLength: 1, maxLength: 3 }),
        async (given, asking, product, asked) => {
          const { knowledge, context } = createHarness();
          for (const [index, { content, audience, product: of }] of given.entries()) {
            const text = `${content.join(" ")} number${index}.`;
            await knowledge.add(
              { name: `${index}.txt`, content: text, audience, metadata: { product: of } },
              context(),
            );
          }
          const isVisible = ({ documentId }: Passage) => {
            const { audience, product: of } = byId.get(documentId) ?? { audience: [""], product: "" };
            const isReadable = audience.length === 0 || audience.some((role) => asking.includes(role));
            return isReadable && (product === undefined || of === product);
          };
          const byId = new Map<string, (typeof given)[number]>();
          for (const { documentId, name } of (await knowledge.list({ limit: 200 }, context())).items) {
            const one = given[Number(name.replace(".txt", ""))];
            if (one) byId.set(documentId, one);
          }
          const query = asked.join(" ");
          const where = product === undefined ? {} : { where: { product } };
          const options = { k: 20, scoreThreshold: 0 };
          const filtered = await knowledge.search(query, { ...options, ...where }, context(undefined, asking));
          expect(filtered.passages.every(isVisible)).toBe(true);
          const visible = given.filter((_, index) =>
            [...byId].some(([documentId, one]) => one === given[index] && isVisible({ documentId } as Passage)),
          );
          const holding = visible.filter(({ content }) => content.some((word) => asked.includes(word)));
          // Few enough that all are weighed: then each that has a word of the question is there.
          if (visible.length <= 12)
            expect(filtered.passages.length).toBeGreaterThanOrEqual(Math.min(12, holding.length));
          if (holding.length > 0) expect(filtered.passages.length).toBeGreaterThan(0);
          const best = Math.max(0, ...filtered.passages.map(({ score }) => score));
          expect(filtered.confidence).toBeCloseTo(best, 3);
          // All of them visible: the same as without a filter.
          const whole = await knowledge.search(query, { ...options, roles: "all" }, context());
          if (visible.length === given.length) expect(filtered).toEqual(whole);
          const kept = whole.passages.filter(isVisible).map(({ chunkId }) => chunkId);
          if (given.length <= 12) expect(filtered.passages.map(({ chunkId }) => chunkId).sort()).toEqual(kept.sort());
        },
      ),
      { numRuns: 60 },
    );
  });
});
