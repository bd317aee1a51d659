import { describe, expect, it } from "vitest";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import { createCompose } from "../../../src/graph/nodes/compose.ts";
import { unansweredOf } from "../../../src/graph/nodes/unanswered.ts";
import type { ToolResult } from "../../../src/graph/tools/tool-call.ts";
import type { Passage, Source } from "../../../src/retrieval/knowledge.ts";
import { contextOf, knowledgeResult, layerOf, packs, recognitionOf, searchOf, sourceOf, stateOf } from "./bench.ts";

const from = (documentId: string, title: string) => sourceOf(`All about ${title}.`, { documentId, title });
const stages = { vectorRank: 1, lexicalRank: null, fused: 0, reranked: 0, features: {} };

function refused(query: string, related: readonly Source[] = [], passages: readonly Passage[] = []): ToolResult {
  const search = { ...searchOf(), related, passages };
  return { name: "search_knowledge", status: "not_found", data: { query, search } };
}

describe("what the knowledge base had no answer to", () => {
  it("is each question that it refused, with its language and the documents that came nearest, each once, at most three", () => {
    const passages = ["b", "c", "d"].map((id): Passage => ({ ...from(`doc_${id}`, id.toUpperCase()), stages }));
    const related = [from("doc_a", "A"), from("doc_b", "B"), from("doc_a", "A")];
    const answered = knowledgeResult("Within 14 days.");
    expect(
      unansweredOf(
        [refused("Do you sell stamps?", related, passages), answered, refused("有邮票吗")],
        ["knowledge_qa"],
      ),
    ).toEqual([
      {
        question: "Do you sell stamps?",
        language: "en",
        nearest: [
          { documentId: "doc_a", title: "A" },
          { documentId: "doc_b", title: "B" },
          { documentId: "doc_c", title: "C" },
        ],
      },
      { question: "有邮票吗", language: "zh", nearest: [] },
    ]);
  });

  it("is nothing while help pages cannot be searched, and after an outburst", () => {
    expect(unansweredOf([{ name: "search_knowledge", status: "unavailable", data: null }], ["knowledge_qa"])).toEqual(
      [],
    );
    expect(unansweredOf([refused("Is this a joke?")], ["knowledge_qa", "emotion_sensitive"])).toEqual([]);
  });

  it("is told with the reply", async () => {
    const compose = createCompose({ llm: layerOf("llm", createMockModel()), packs });
    const recognition = recognitionOf({ intents: ["knowledge_qa"] });
    const update = await compose(stateOf({ recognition, results: [refused("Do you sell stamps?")] }), contextOf());
    expect(update.reply?.unanswered).toEqual([{ question: "Do you sell stamps?", language: "en", nearest: [] }]);
  });
});
