import { expect, it } from "vitest";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import { createHarness } from "./harness.ts";

const ANSWER = "Unopened goods can be returned within 30 days";
const question = "How many days to return unopened goods?";
const pages = {
  name: "pages.md",
  content: [
    `## Unopened goods\n\n${ANSWER}.`,
    ...Array.from({ length: 60 }, (_, at) => `## Hall ${at}\n\nGoods stand in hall ${at} for some days.`),
  ].join("\n\n"),
};

/** To it the question is about anything rather than what answers. */
const model: Embeddings = {
  name: "model",
  probe: async () => {},
  embed: async (texts) => ({
    space: "model-a",
    vectors: texts.map((text) => Float32Array.from(text.includes(ANSWER) ? [-1, 0] : [1, text.length / 1_000])),
  }),
};
const reranker: Reranker = {
  name: "model",
  score: async (_, texts) => texts.map((text) => (text.includes(ANSWER) ? 0 : 1)),
};

it.each([
  ["vectors", { model }],
  ["vectors and an order", { model, rerankers: [reranker] as const }],
])("what answers by its words is not lost behind the %s of a model that does not know the base", async (_, options) => {
  const { knowledge, context } = createHarness(options);
  await knowledge.load(context());
  await knowledge.add(pages, context());
  await expect.poll(() => knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "model" });
  const found = await knowledge.search(question, { k: 5, scoreThreshold: 0 }, context());
  expect(found.passages).toHaveLength(5);
  expect(found).toMatchObject({ answerable: true, sentences: [{ quote: expect.stringContaining(ANSWER) }] });
  expect(found.passages.at(-1)?.stages).toMatchObject({ lexicalRank: 1, vectorRank: null });
});
