import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/evaluation/evaluate.ts";
import type { AnswerQuestion, AnswerSet } from "../../src/evaluation/sets.ts";
import type { DocumentInfo, SearchResult, Source } from "../../src/retrieval/knowledge.ts";
import { testContext } from "../support/context.ts";

const text = "Thirty days. The seal must be intact.";

function source(heading: string, start = 0, end = 12): Source {
  const quote = text.slice(start, end);
  return { documentId: "doc_1", title: "Returns", heading, chunkId: "doc_1.0", start, end, quote, score: 0.4 };
}

const answer = (...sentences: Source[]): SearchResult => ({
  passages: [],
  answerable: true,
  confidence: 0.9,
  sentences,
  reading: sentences,
  related: [],
});
const refusal = (...related: Source[]): SearchResult => ({
  passages: [],
  answerable: false,
  confidence: 0.2,
  sentences: [],
  reading: related,
  related,
});

/** What each question finds. */
const found: Readonly<Record<string, SearchResult>> = {
  right: answer(source("Seal › Unopened")),
  "wrong section": answer(source("Opened")),
  named: refusal(source("Opened"), source("Seal › Unopened")),
  "another named": refusal(source("Opened")),
  "none named": refusal(),
  Peru: refusal(source("Unopened")),
};

function question(words: string, should_answer = true): AnswerQuestion {
  const gold_sections = should_answer ? ["returns.md#Unopened"] : [];
  const key_facts = should_answer ? [["Thirty"]] : [];
  return { id: words, lang: "en", question: words, should_answer, gold_sections, key_facts, forbidden_facts: [] };
}

/** The shares of each figure, in English, of these questions. */
async function figures(...questions: AnswerQuestion[]) {
  const set: AnswerSet = { kind: "answers", name: "set", directory: undefined, questions };
  const info = { documentId: "doc_1", name: "returns.md" } as DocumentInfo;
  const [report, ...others] = await evaluate(set, {
    open: async () => ({
      knowledge: {
        search: async (words) => found[words] ?? refusal(),
        list: async () => ({ items: [info], next: null }),
        get: async () => ({ ...info, text }),
      },
      close: async () => {},
    }),
    read: () => [],
    context: () => testContext(),
  });
  expect(others).toEqual([]);
  const row = Object.entries(report?.rows["understudy"] ?? {});
  return Object.fromEntries(row.map(([what, { value, n }]) => [what, [value, n]]));
}

describe("the figures of answers", () => {
  it("count of the refused questions that have an answer those whose right section is named", async () => {
    const asked = ["right", "wrong section", "named", "another named", "none named"].map((words) => question(words));
    expect(await figures(...asked, question("Peru", false))).toMatchObject({
      "complete and correct": [0.2, 5],
      wrong: [0.2, 5],
      "refused though answerable": [0.6, 5],
      "refused, right section named": [1 / 3, 3],
      "unanswerable refused": [1, 1],
    });
  });

  it("have no share of refusals where there are none", async () => {
    expect(await figures(question("right"), question("Peru", false))).toMatchObject({
      "refused, right section named": [0, 0],
    });
  });
});
