import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { SearchResult } from "../../src/retrieval/knowledge.ts";
import { addSamples, createHarness } from "./harness.ts";

const question = z.object({
  id: z.string(),
  question: z.string(),
  answerable: z.boolean(),
  document: z.string().nullable(),
  heading: z.string().nullable(),
  facts: z.array(z.array(z.string())),
});
type Question = z.infer<typeof question>;

const questions = readFileSync(new URL("../data/questions.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => question.parse(JSON.parse(line)));

describe("the sample knowledge base, without any model", () => {
  const harness = createHarness();
  const ready = addSamples(harness);
  const search = async (text: string) => {
    await ready;
    return harness.knowledge.search(text, {}, harness.context());
  };

  async function isAnsweredRight(asked: Question, { sentences }: SearchResult): Promise<boolean> {
    const { items } = await harness.knowledge.list({ limit: 200 }, harness.context());
    const document = items.find(({ name }) => name === asked.document?.replace("/", "-"));
    const cited = sentences.filter(({ documentId }) => documentId === document?.documentId);
    const inSection = cited.filter(({ heading }) => heading.split(" › ").at(-1) === asked.heading || heading === "");
    const text = inSection.map(({ quote }) => quote).join("\n");
    return inSection.length > 0 && asked.facts.every((fact) => fact.some((words) => text.includes(words)));
  }

  it("answers at least 90 % of the answerable questions from the right section with the fact", async () => {
    const answerable = questions.filter((asked) => asked.answerable);
    const wrong: string[] = [];
    for (const asked of answerable)
      if (!(await isAnsweredRight(asked, await search(asked.question)))) wrong.push(asked.id);
    expect(answerable.length).toBeGreaterThanOrEqual(60);
    expect(wrong.length, `wrong: ${wrong.join(", ")}`).toBeLessThanOrEqual(answerable.length * 0.1);
  });

  it("refuses at least 90 % of the unanswerable ones, citing nothing", async () => {
    const unanswerable = questions.filter((asked) => !asked.answerable);
    const answered: string[] = [];
    for (const asked of unanswerable) if ((await search(asked.question)).sentences.length > 0) answered.push(asked.id);
    expect(unanswerable.length).toBeGreaterThanOrEqual(30);
    expect(answered.length, `answered: ${answered.join(", ")}`).toBeLessThanOrEqual(unanswerable.length * 0.1);
  });

  it("cites only verbatim spans of the documents", async () => {
    for (const asked of questions) {
      const { sentences, passages } = await search(asked.question);
      for (const { documentId, chunkId, start, end, quote } of [...sentences, ...passages]) {
        const { text } = await harness.knowledge.get(documentId, harness.context());
        expect(text.slice(start, end)).toBe(quote);
        expect(harness.knowledge.passage(chunkId).quote).toContain(quote);
      }
    }
  });
});
