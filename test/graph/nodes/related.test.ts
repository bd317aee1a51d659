import { describe, expect, it } from "vitest";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import { createCompose } from "../../../src/graph/nodes/compose.ts";
import { composeByRule } from "../../../src/graph/nodes/compose-by-rule.ts";
import { createComposeTask } from "../../../src/graph/nodes/compose-task.ts";
import { relatedText } from "../../../src/graph/nodes/related-text.ts";
import { relatedOf } from "../../../src/graph/nodes/sources.ts";
import type { Recognition } from "../../../src/graph/state.ts";
import type { ToolResult } from "../../../src/graph/tools/tool-call.ts";
import type { Source } from "../../../src/retrieval/knowledge.ts";
import { contextOf, knowledgeResult, layerOf, packs, recognitionOf, searchOf, sourceOf, stateOf } from "./bench.ts";

/** A passage under this heading of a document of this name. */
function passage(heading: string, documentId = "doc_1"): Source {
  return sourceOf(`All about ${heading}.`, { heading, documentId, chunkId: `${documentId}.${heading}`, score: 0.25 });
}

function refused(...related: Source[]): ToolResult {
  return { name: "search_knowledge", status: "not_found", data: { query: "q", search: { ...searchOf(), related } } };
}

function compose(recognition: Partial<Recognition>, ...results: ToolResult[]): string {
  return composeByRule({ message: "m", history: [], recognition: recognitionOf(recognition), results }, packs);
}

const headings = (results: readonly ToolResult[]) =>
  relatedOf(results, ["knowledge_qa"]).map(({ documentId, heading }) => `${documentId} ${heading}`);

describe("where the answer to a refused question may be", () => {
  it("is each section once, in the order of the questions, at most three", () => {
    const first = refused(passage("A"), passage("B"));
    const second = refused(passage("B"), passage("B", "doc_2"), passage("C"));
    expect(headings([first, second])).toEqual(["doc_1 A", "doc_1 B", "doc_2 B"]);
  });

  it("is no section that the same answer cites, and none of a search that found its answer", () => {
    const cited: ToolResult = {
      name: "search_knowledge",
      status: "found",
      data: { query: "q", search: { ...searchOf(), sentences: [passage("A")], related: [passage("C")] } },
    };
    expect(headings([refused(passage("A"), passage("B")), cited])).toEqual(["doc_1 B"]);
  });

  it("is nowhere while help pages cannot be searched, and after an outburst", () => {
    expect(relatedOf([{ name: "search_knowledge", status: "unavailable", data: null }], ["knowledge_qa"])).toEqual([]);
    expect(relatedOf([refused(passage("A"))], ["knowledge_qa", "emotion_sensitive"])).toEqual([]);
  });

  it("is a place without its words", () => {
    const { quote: _, ...place } = passage("A");
    expect(relatedOf([refused(passage("A"))], ["knowledge_qa"])).toEqual([place]);
  });
});

describe("the line that says so", () => {
  const line = (language: "en" | "zh", ...related: Source[]) => relatedText(related, packs[language]);

  it("names the innermost headings, each name once, or the title where there is none", () => {
    const related = [passage("Vacuum › Large items"), passage(""), passage("Kettle › Large items", "doc_2")];
    expect(line("en", ...related)).toBe("Perhaps this helps: “Large items”, “Returns”.");
    expect(line("zh", passage("大件商品"), passage("退货运费"))).toBe("也许可以看看：「大件商品」、「退货运费」。");
    expect(line("en")).toBeUndefined();
  });

  it("cuts what is very long, never inside a character, and takes no name for a template", () => {
    expect(line("en", passage("x".repeat(60)))).toBe(`Perhaps this helps: “${"x".repeat(60)}”.`);
    expect(line("en", passage("x".repeat(61)))).toBe(`Perhaps this helps: “${"x".repeat(59)}…”.`);
    expect(line("en", passage(`${"x".repeat(58)}🙂 and more`))).toBe(`Perhaps this helps: “${"x".repeat(58)}…”.`);
    expect(line("en", passage("{names} $& {name}"))).toBe("Perhaps this helps: “{names} $& {name}”.");
  });
});

describe("a reply by rule to a question without an answer", () => {
  const { en, zh } = packs;

  it("says it is not known, then the line, in the language of the reply", () => {
    expect(compose({}, refused(passage("Large items")))).toBe(
      `${en.replies.refusal}\n\nPerhaps this helps: “Large items”.`,
    );
    expect(compose({ language: "zh" }, refused(passage("大件商品")))).toBe(
      `${zh.replies.refusal}\n\n也许可以看看：「大件商品」。`,
    );
  });

  it("has the line after the hint to ask in the other language", () => {
    const search = { ...searchOf(), related: [passage("大件商品")], otherLanguage: "zh" };
    const result: ToolResult = { name: "search_knowledge", status: "not_found", data: { query: "q", search } };
    expect(compose({}, result)).toBe(
      `${en.replies.refusal}\n\n${en.replies.pagesIn.zh}\n\nPerhaps this helps: “大件商品”.`,
    );
  });

  it("says both once for two such questions, beside the answer to a third", () => {
    const answered = knowledgeResult("Thirty days.");
    expect(compose({}, answered, refused(passage("A")))).toBe(
      `Thirty days.\n\n${en.replies.refusal}\n\nPerhaps this helps: “A”.`,
    );
    const results = [refused(passage("A")), answered, refused(passage("B"))];
    expect(compose({}, ...results)).toBe(`${en.replies.refusal}\n\nPerhaps this helps: “A”, “B”.\n\nThirty days.`);
  });

  it("has no such line for an outburst", () => {
    const upset: Partial<Recognition> = { intents: ["knowledge_qa", "emotion_sensitive"] };
    expect(compose(upset, refused(passage("A")))).toBe(en.replies.moreHelp);
    expect(compose(upset, refused(passage("A")), knowledgeResult("Thirty days."))).toBe(
      `${en.replies.moreHelp}\n\nThirty days.`,
    );
  });
});

describe("a turn with a question without an answer", () => {
  it("has the places as data beside the reply, whoever writes it", async () => {
    const state = stateOf({ recognition: recognitionOf(), results: [refused(passage("A"))] });
    const { reply } = await createCompose({ llm: layerOf("llm", createMockModel()), packs })(state, contextOf());
    expect(reply).toMatchObject({ sources: [], related: [{ heading: "A", chunkId: "doc_1.A" }], resolved: false });
    expect(reply?.text).toContain("“A”");
  });

  it("gives a model neither the names nor the words, so that it cannot take them for knowledge", () => {
    const input = {
      message: "m",
      history: [],
      recognition: recognitionOf(),
      results: [refused(passage("Large items"))],
    };
    const { system, messages } = createComposeTask(packs).prompt(input);
    expect(JSON.stringify([system, messages])).not.toContain("Large items");
  });
});
