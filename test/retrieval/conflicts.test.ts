import { describe, expect, it } from "vitest";
import type { Conflict } from "../../src/retrieval/knowledge.ts";
import { addSamples, createHarness, type Harness } from "./harness.ts";

const english = (days: number) =>
  `## Opened goods\n\nOpened goods can be returned within ${days} days of delivery. An opened appliance must be clean, complete and in its original box. Missing accessories are charged at their list price.\n`;
const chinese = (days: number) =>
  `## 已拆封的商品\n\n已拆封的商品，签收后${days}天内可以退货。退回的电器要擦拭干净、配件齐全，并使用原包装盒。缺少的配件按标价从退款中扣除。\n`;
const faq = (days: number) => ({ name: "faq.md", content: `# FAQ\n\n${english(days)}` });
const wenti = (days: number) => ({ name: "问题.md", content: `# 常见问题\n\n${chinese(days)}` });

async function shop(): Promise<Harness> {
  const harness = createHarness();
  const { knowledge, context } = harness;
  await knowledge.add({ name: "returns.md", content: `# Returns\n\n${english(14)}` }, context());
  await knowledge.add({ name: "退货.md", content: `# 退货\n\n${chinese(14)}` }, context());
  return harness;
}

async function all({ knowledge, context }: Harness, limit = 200): Promise<readonly Conflict[]> {
  const found: Conflict[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await knowledge.conflicts(after === undefined ? { limit } : { limit, after }, context());
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    after = page.next;
  }
  return found;
}

describe("conflicting passages", () => {
  it("are found in both languages, with both documents, and the words and where they stand", async () => {
    const harness = await shop();
    const { knowledge, context } = harness;
    await knowledge.add(faq(21), context());
    await knowledge.add(wenti(21), context());
    for (const limit of [1, 200]) {
      const found = await all(harness, limit);
      const told = found.map(({ one, other, differences }) => [
        one.name,
        other.name,
        one.heading,
        differences.map((each) => [each.kind, each.one.words[0]?.quote, each.other.words[0]?.quote]),
      ]);
      expect(told.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))).toEqual([
        ["faq.md", "returns.md", expect.stringContaining("Opened goods"), [["figure", "21", "14"]]],
        ["问题.md", "退货.md", expect.stringContaining("已拆封的商品"), [["figure", "21", "14"]]],
      ]);
      for (const { one, other, differences, similarity } of found) {
        expect(similarity).toBeGreaterThanOrEqual(0.9);
        for (const [side, key] of [
          [one, "one"],
          [other, "other"],
        ] as const) {
          const { text } = await knowledge.get(side.documentId, context());
          for (const { [key]: sentence } of differences) {
            for (const { start, end, quote } of [sentence, ...sentence.words]) {
              expect(text.slice(start, end)).toBe(quote);
            }
          }
        }
      }
    }
  });

  it("are gone when a version or a deletion settles them, and pages that agree have none", async () => {
    const harness = await shop();
    const { knowledge, context } = harness;
    await addSamples(harness);
    expect(await all(harness)).toEqual([]);
    await knowledge.add(faq(21), context());
    const { documentId } = await knowledge.add(wenti(21), context());
    expect(await all(harness)).not.toEqual([]);
    await knowledge.add(faq(14), context());
    await knowledge.remove(documentId, context());
    expect(await all(harness)).toEqual([]);
  });

  it("are told once where both documents name each other", async () => {
    const harness = await shop();
    const { knowledge, context } = harness;
    await knowledge.add(faq(21), context());
    await knowledge.add({ name: "returns.md", content: "# Returns\n\nWe take nothing back.\n" }, context());
    expect(await all(harness)).toEqual([]);
    await knowledge.add({ name: "returns.md", content: `# Returns\n\n${english(14)}` }, context());
    const { items } = await knowledge.list({ limit: 10 }, context());
    expect(items.filter(({ similar }) => similar.length > 0)).toHaveLength(2);
    expect(await all(harness)).toHaveLength(1);
  });

  it("come in pages of 1 to 200", async () => {
    const { knowledge, context } = createHarness();
    for (const limit of [0, 201, 1.5]) {
      await expect(knowledge.conflicts({ limit }, context())).rejects.toMatchObject({ code: "invalid_request" });
    }
  });
});
