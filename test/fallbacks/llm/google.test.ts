import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { createModel } from "../../../src/fallbacks/llm/create-model.ts";
import { createLocalServers } from "./local-servers.ts";
import { say } from "./model-tasks.ts";

const servers = createLocalServers();

/** What is said after these messages, and where it was asked for. */
async function sayAfter(messages: readonly object[], model = "gemini") {
  const asked: string[] = [];
  const port = await servers.start(
    createServer(({ url = "" }, response) => {
      asked.push(url);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(messages.map((message) => `data: ${JSON.stringify(message)}\r\n\r\n`).join(""));
    }),
  );
  const baseUrl = `http://127.0.0.1:${port}`;
  return { asked, ...(await say(createModel({ provider: "google", name: "primary", model, baseUrl }), "hello")) };
}

const part = (parts: readonly object[], finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts }, ...(finishReason && { finishReason }) }],
});

describe("a model of Google", () => {
  it("may say, think and count in one message", async () => {
    const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 3, thoughtsTokenCount: 5, totalTokenCount: 15 };
    const said = await sayAfter([
      part([{ text: "Hm.", thought: true }, { text: "one " }, { text: "two" }]),
      { ...part([{ text: "" }], "STOP"), usageMetadata },
    ]);
    // Thoughts are paid for as output.
    expect(said).toMatchObject({ text: "one two", usage: { inputTokens: 7, outputTokens: 8 }, error: undefined });
  });

  it.each([
    ["a prompt that is blocked", [{ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }]],
    ["a reply that is withheld in the middle", [part([{ text: "one" }]), { candidates: [{ finishReason: "SAFETY" }] }]],
    ["a reply that is a recitation", [part([{ text: "one" }], "RECITATION")]],
  ])("%s is content_filtered", async (_, messages) => {
    expect((await sayAfter(messages)).error?.errorClass).toBe("content_filtered");
  });

  it("fault 6, 20: has not ended where nothing says why, and is empty where nothing was said", async () => {
    expect((await sayAfter([part([{ text: "one" }])])).error?.message).toContain("ends in the middle");
    expect((await sayAfter([{ candidates: [{ finishReason: "STOP" }] }])).error?.message).toContain("empty");
  });

  it.each([
    ["gemini", "/v1beta/models/gemini:streamGenerateContent?alt=sse"],
    ["models/gemini", "/v1beta/models/gemini:streamGenerateContent?alt=sse"],
    ["tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse"],
  ])("is found by its name, tuned or not: %s", async (model, path) => {
    expect((await sayAfter([part([{ text: "one" }], "STOP")], model)).asked).toEqual([path]);
  });
});
