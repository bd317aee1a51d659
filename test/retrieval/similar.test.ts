import { describe, expect, it } from "vitest";
import { createHarness } from "./harness.ts";

const english = (days: number) =>
  `Unopened goods can be returned within ${days} days, with the receipt and the seal intact. Large machines are collected at your door by our own drivers, who bring the packaging along.`;
const chinese = (days: number) =>
  `未拆封的商品可在${days}天内凭收据退货，封条须保持完好。大型机器由我们的司机上门取件，并自带包装材料，您无需支付任何运费。`;

describe("passages that say nearly the same", () => {
  it.each([
    ["English", english],
    ["Chinese", chinese],
  ])("are reported, as two facts may differ by one number: %s", async (_, text) => {
    const { knowledge, context } = createHarness();
    const first = await knowledge.add({ name: "2024.md", content: `# Returns 2024\n\n${text(30)}\n` }, context());
    await knowledge.add({ name: "other.md", content: "# Tea\n\nGreen tea is brewed at 80 degrees.\n" }, context());
    const second = await knowledge.add(
      { name: "2025.md", content: `# Policy\n\n## Sending back\n\n${text(45)}\n` },
      context(),
    );
    expect(first.similar).toEqual([]);
    expect(second.similar).toEqual([
      {
        chunkId: `${second.documentId}.0`,
        other: { documentId: first.documentId, title: "Returns 2024", chunkId: `${first.documentId}.0` },
        similarity: expect.any(Number),
      },
    ]);
    expect(second.similar[0]?.similarity).toBeGreaterThanOrEqual(0.9);
    expect(second.similar[0]?.similarity).toBeLessThan(1);
  });

  it("are not those that say exactly the same, nor the version before, nor what only has words in common", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ name: "a.txt", content: english(30) }, context());
    expect((await knowledge.add({ name: "b.txt", content: english(30) }, context())).similar).toEqual([]);
    const { similar } = await knowledge.add(
      { name: "c.txt", content: "Goods can be returned at your door." },
      context(),
    );
    expect(similar).toEqual([]);
    await knowledge.remove(
      (await knowledge.add({ name: "b.txt", content: english(30) }, context())).documentId,
      context(),
    );
    const next = await knowledge.add({ name: "a.txt", content: english(45) }, context());
    expect(next.similar).toEqual([]);
    await knowledge.rollback(next.documentId, undefined, context());
    expect((await knowledge.get(next.documentId, context())).similar).toEqual([]);
  });

  it("are one for each passage, the nearest first, at most 20, of a long document too", async () => {
    const { knowledge, context } = createHarness();
    const topics = Array.from({ length: 260 }, (_, at) => `item${at} part${at * 7} shelf${at * 13}`);
    const part = (topic: string, days: number) => `## ${topic}\n\n${english(days)} This holds for ${topic}.\n\n`;
    const content = (days: number) => topics.map((topic) => part(topic, days)).join("");
    await knowledge.add({ name: "long.md", content: content(30) }, context());
    const { similar } = await knowledge.add({ name: "copy.md", content: content(31) }, context());
    expect(similar).toHaveLength(20);
    expect(new Set(similar.map(({ chunkId }) => chunkId)).size).toBe(20);
    const all = similar.map(({ similarity }) => similarity);
    expect(all).toEqual([...all].sort((a, b) => b - a));
    for (const { chunkId, other } of similar) expect(other.chunkId.split(".")[1]).toBe(chunkId.split(".")[1]);
  });

  it("are looked for without standing in the way of a caller that leaves", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ name: "a.txt", content: english(30) }, context());
    const adding = knowledge.add({ name: "b.txt", content: english(45) }, context(AbortSignal.abort()));
    await expect(adding).rejects.toMatchObject({ errorClass: "aborted" });
    expect(knowledge.documents).toBe(1);
  });
});
