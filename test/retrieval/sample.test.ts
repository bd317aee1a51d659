import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type AnswerQuestion, readSets } from "../../src/evaluation/sets.ts";
import type { SearchResult } from "../../src/retrieval/knowledge.ts";
import { addSamples, createHarness } from "./harness.ts";

const [set] = readSets(fileURLToPath(new URL("../../resources/evaluation/development/", import.meta.url)));
const questions = set?.kind === "answers" ? set.questions : [];

describe("the sample knowledge base, without any model", () => {
  const harness = createHarness();
  const ready = addSamples(harness);
  const search = async (text: string) => {
    await ready;
    return harness.knowledge.search(text, {}, harness.context());
  };

  async function isAnsweredRight(asked: AnswerQuestion, { sentences }: SearchResult): Promise<boolean> {
    const { items } = await harness.knowledge.list({ limit: 200 }, harness.context());
    const names = new Map(items.map(({ documentId, name }) => [documentId, name]));
    const sections = sentences.map(
      ({ documentId, heading }) => `${names.get(documentId)}#${heading.split(" › ").at(-1)}`,
    );
    const text = sentences
      .filter((_, index) => asked.gold_sections.includes(sections[index] ?? ""))
      .map(({ quote }) => quote)
      .join("\n");
    return text !== "" && asked.key_facts.every((fact) => fact.some((words) => text.includes(words)));
  }

  it("answers at least 90 % of the answerable questions from the right section with the fact", async () => {
    const answerable = questions.filter((asked) => asked.should_answer);
    const wrong: string[] = [];
    for (const asked of answerable)
      if (!(await isAnsweredRight(asked, await search(asked.question)))) wrong.push(asked.id);
    expect(answerable.length).toBeGreaterThanOrEqual(60);
    expect(wrong.length, `wrong: ${wrong.join(", ")}`).toBeLessThanOrEqual(answerable.length * 0.1);
  });

  it("refuses at least 90 % of the unanswerable ones, citing nothing", async () => {
    const unanswerable = questions.filter((asked) => !asked.should_answer);
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
        expect((await harness.knowledge.passage(chunkId, harness.context())).quote).toContain(quote);
      }
    }
  });
});
