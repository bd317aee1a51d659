import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import { describe, expect, it } from "vitest";
import { FailoverChatModel } from "../../src/index.ts";
import { finishOf, hasContent, isFiltered, tokensOf } from "../../src/langchain/content.ts";
import { thrownBy } from "./rig.ts";

function said(fields: ConstructorParameters<typeof AIMessageChunk>[0], generationInfo = {}) {
  const message = new AIMessageChunk(fields);
  return { text: message.text, message, generationInfo };
}

describe("what is content", () => {
  it.each([
    ["text", { content: "a" }, true],
    ["nothing", { content: "" }, false],
    ["blanks", { content: " \n\t" }, false],
    ["a block of text", { content: [{ type: "text" as const, text: "a" }] }, true],
    ["an empty block of text", { content: [{ type: "text" as const, text: " " }] }, false],
    ["no block", { content: [] }, false],
    ["thinking", { content: [{ type: "thinking", thinking: "..." }] }, true],
    ["thinking beside the content", { content: "", additional_kwargs: { reasoning_content: "..." } }, true],
    ["a refusal", { content: "", additional_kwargs: { refusal: "I will not." } }, true],
    [
      "the beginning of a tool call",
      { content: "", tool_call_chunks: [{ type: "tool_call_chunk" as const, name: "f", index: 0 }] },
      true,
    ],
  ])("%s", (_, fields, is) => {
    expect(hasContent(said(fields))).toBe(is);
  });

  it.each([
    [{ finish_reason: "stop" }, "stop"],
    [{ finishReason: "MAX_TOKENS" }, "MAX_TOKENS"],
    [{ done: true }, "stop"],
    [{ status: "completed" }, "completed"],
    [{ finish_reason: null, done: false, status: "in_progress" }, undefined],
  ])("an end is told by %j", (fields, finish) => {
    expect(finishOf(said({ content: "" }, fields))).toBe(finish);
    expect(finishOf(said({ content: "", response_metadata: fields }))).toBe(finish);
    expect(finishOf(said({ content: "", additional_kwargs: fields }))).toBe(finish);
  });

  it("knows the ends that a policy makes", () => {
    expect(["content_filter", "SAFETY", "refusal"].map(isFiltered)).toEqual([true, true, true]);
    expect(["stop", "length", undefined].map(isFiltered)).toEqual([false, false, false]);
  });

  it("counts tool calls of earlier turns to the prompt, and looks no closer than it must", () => {
    const call = new AIMessage({
      content: "",
      tool_calls: [{ name: "f", args: { text: "x".repeat(4_000) }, id: "1" }],
    });
    expect(tokensOf([call], 1)).toBeGreaterThan(900);
    const text = new AIMessage("word ".repeat(100));
    expect(tokensOf([text], 1)).toBeLessThan(200);
    expect(tokensOf([text], 1_000)).toBe(754);
  });
});

/** A model of a kind that nobody knows, which gives what it is told to. */
class Scripted extends BaseChatModel {
  chunks: ConstructorParameters<typeof AIMessageChunk>[0][] = [];
  override _llmType(): string {
    return "scripted";
  }
  override _generate(): Promise<ChatResult> {
    return Promise.resolve({ generations: [] });
  }
  override async *_streamResponseChunks(): AsyncGenerator<ChatGenerationChunk> {
    for (const fields of this.chunks) {
      const message = new AIMessageChunk(fields);
      yield new ChatGenerationChunk({ text: message.text, message });
    }
  }
}

async function read(model: FailoverChatModel): Promise<string> {
  let text = "";
  for await (const chunk of await model.stream("Hello")) text += chunk.text;
  return text;
}

describe("a model of an unknown kind", () => {
  const first = { content: "One, " };
  const last = { content: "two.", response_metadata: { finish_reason: "stop" } };

  it("need not say why its streams end, until it has done so once", async () => {
    const scripted = new Scripted({});
    const model = new FailoverChatModel({ models: [{ model: scripted, name: "scripted" }] });
    scripted.chunks = [first];
    expect(await read(model)).toBe("One, ");
    scripted.chunks = [first, last];
    expect(await read(model)).toBe("One, two.");
    scripted.chunks = [first];
    expect(await thrownBy(read(model))).toMatchObject({ errorClass: "bad_response", partial: true });
  });

  it("an answer without any reply in it is none", async () => {
    const model = new FailoverChatModel({ models: [{ model: new Scripted({}), name: "scripted" }] });
    expect(await thrownBy(model.invoke("Hello"))).toMatchObject({ errorClass: "bad_response" });
  });

  it("a stream that a filter has ended is thrown, and is nobody's outage", async () => {
    const scripted = new Scripted({});
    scripted.chunks = [first, { content: "", response_metadata: { finish_reason: "content_filter" } }];
    const model = new FailoverChatModel({ models: [{ model: scripted, name: "scripted" }] });
    expect(await thrownBy(read(model))).toMatchObject({ errorClass: "content_filtered", partial: true });
    expect(model.status().state).toBe("ok");
  });
});
