import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { AIMessageChunk } from "@langchain/core/messages";
import type { LLMResult } from "@langchain/core/outputs";
import { describe, expect, it } from "vitest";
import { FailoverError } from "../../src/index.ts";
import { startPair, thrownBy, tokensIn } from "./rig.ts";

/** Notes what a tracer would be told. */
class Notes extends BaseCallbackHandler {
  readonly name = "notes";
  override readonly awaitHandlers = true;
  readonly told: string[] = [];
  tokens = "";
  end: LLMResult | undefined;
  error: unknown;

  override handleChatModelStart(): void {
    this.told.push("start");
  }
  override handleLLMNewToken(token: string): void {
    this.tokens += token;
  }
  override handleLLMEnd(output: LLMResult): void {
    this.told.push("end");
    this.end = output;
  }
  override handleLLMError(error: unknown): void {
    this.told.push("error");
    this.error = error;
  }
  get message(): AIMessageChunk {
    const [generation] = this.end?.generations[0] ?? [];
    if (!generation || !("message" in generation)) throw new Error("no message was told");
    return generation.message as AIMessageChunk;
  }
}

describe("FailoverChatModel: callbacks", () => {
  it("a call that fails over has one start and one end, with the tokens and who served", async () => {
    const { first, model } = await startPair();
    first.fault("500");
    const notes = new Notes();
    await model.invoke("Hello", { callbacks: [notes] });
    expect(notes.told).toEqual(["start", "end"]);
    expect(notes.message.content).toBe("The second model speaks.");
    expect(notes.message.response_metadata).toMatchObject({ served_by: "second", model_provider: "openai" });
    expect(tokensIn(notes.message)).toBeGreaterThan(0);
    expect(notes.end?.llmOutput?.["tokenUsage"]).toMatchObject({ totalTokens: tokensIn(notes.message) });
  });

  it("a stream that fails over has one start and one end, and the pieces of the model that served", async () => {
    const { first, model } = await startPair();
    first.fault("reset-0");
    const notes = new Notes();
    let text = "";
    for await (const chunk of await model.stream("Hello", { callbacks: [notes] })) text += chunk.text;
    expect(notes.told).toEqual(["start", "end"]);
    expect(notes.tokens).toBe(text);
    expect(notes.message.content).toBe("The second model speaks.");
    expect(notes.message.response_metadata["served_by"]).toBe("second");
    expect(tokensIn(notes.message)).toBeGreaterThan(0);
    expect(notes.end?.llmOutput?.["tokenUsage"]).toMatchObject({ totalTokens: tokensIn(notes.message) });
  });

  it("a call that fails has one start and one error", async () => {
    const { first, second, model } = await startPair();
    first.fault("500");
    second.fault("429");
    const notes = new Notes();
    await thrownBy(model.invoke("Hello", { callbacks: [notes] }));
    expect(notes.told).toEqual(["start", "error"]);
    expect(notes.error).toBeInstanceOf(FailoverError);
  });

  it("streamEvents of version 2: one start, the pieces, one end with the output", async () => {
    const { first, model } = await startPair();
    first.fault("500");
    const events = [];
    for await (const event of model.streamEvents("Hello", { version: "v2" })) events.push(event);
    expect(events.filter(({ event }) => event === "on_chat_model_start")).toHaveLength(1);
    const ends = events.filter(({ event }) => event === "on_chat_model_end");
    expect(ends).toHaveLength(1);
    const { content, response_metadata } = (ends.at(0)?.data.output ?? {}) as AIMessageChunk;
    expect(content).toBe("The second model speaks.");
    expect(response_metadata["served_by"]).toBe("second");
    const pieces = events.filter(({ event }) => event === "on_chat_model_stream");
    expect(pieces.map(({ data }) => (data.chunk as AIMessageChunk).text).join("")).toBe(content);
  });

  it("streamEvents in blocks of content", async () => {
    const { first, model } = await startPair();
    first.fault("500");
    const message = await model.streamEvents("Hello");
    expect(message.text).toBe("The second model speaks.");
  });
});
