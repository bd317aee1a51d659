import { describe, expect, it } from "vitest";
import { conflictsCommand } from "../../src/commands/conflicts.ts";
import { createHarness } from "../retrieval/harness.ts";
import { knowledgeServer } from "../server/knowledge-rig.ts";

async function run(args: readonly string[]) {
  let out = "";
  const terminal = { out: (text: string) => void (out += `${text}\n`), err: () => {}, interactive: false };
  return { code: await conflictsCommand.run(args, terminal), out };
}

const opened = (days: number) =>
  `## Opened goods\n\nOpened goods can be returned within ${days} days of delivery. An opened appliance must be clean, complete and in its original box.\n`;
const cost = (yuan: number) =>
  `## 运费\n\n每次退货由顾客承担运费${yuan}元，从退款中扣除。重量超过15公斤的大件由师傅上门取件，请提前预约时间。\n`;

describe("conflicts", () => {
  it("shows each with both documents, over pages and in both languages, and ends with 1", async () => {
    const { knowledge, context } = createHarness();
    const { url } = await knowledgeServer({
      knowledge: { conflicts: (page, given) => knowledge.conflicts({ ...page, limit: 1 }, given) },
    });
    expect(await run(["--url", url])).toEqual({ code: 0, out: "pairs of passages that contradict each other: 0\n" });
    await knowledge.add({ name: "returns.md", content: `# Returns\n\n${opened(14)}` }, context());
    await knowledge.add({ name: "faq.md", content: `# FAQ\n\n${opened(21)}` }, context());
    await knowledge.add({ name: "运费.md", content: `# 退货\n\n${cost(12)}` }, context());
    await knowledge.add({ name: "问题.md", content: `# 常见问题\n\n${cost(15)}` }, context());
    const { code, out } = await run(["--url", url]);
    expect(code).toBe(1);
    const lines = out.trimEnd().split("\n");
    expect(lines).toContain(
      "figure    faq.md › Opened goods: Opened goods can be returned within 21 days of delivery.",
    );
    expect(lines).toContain(
      "          returns.md › Opened goods: Opened goods can be returned within 14 days of delivery.",
    );
    expect(lines).toContain("figure    问题.md › 运费: 每次退货由顾客承担运费15元，从退款中扣除。");
    expect(lines.at(-1)).toBe("pairs of passages that contradict each other: 2");
    const json = await run(["--url", url, "--json"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject([
      { similarity: expect.any(Number), one: { document_id: expect.any(String) }, differences: [{ kind: "figure" }] },
      { other: { chunk_id: expect.any(String) }, differences: [{ one: { words: [{ start: expect.any(Number) }] } }] },
    ]);
  });

  it("takes no words", async () => {
    await expect(run(["x"])).rejects.toThrow("x: a server is given with --url");
  });
});
