import { describe, expect, it } from "vitest";
import type { Chat, ChatReply, ChatRequest } from "../../src/graph/chat-types.ts";
import { chatReply, gate, postJson, startServer } from "./test-server.ts";

/** Remembers what it is asked. */
function listeningChat(change: Partial<ChatReply> = {}): Chat & { readonly asked: readonly ChatRequest[] } {
  const asked: ChatRequest[] = [];
  return {
    asked,
    async run(request) {
      asked.push(request);
      return chatReply(request, change);
    },
  };
}

const user = (content: unknown) => ({ role: "user", content });
const bot = (content: unknown) => ({ role: "assistant", content });

function complete(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return postJson(`${url}/v1/chat/completions`, { model: "understudy", ...body }, headers);
}

describe("POST /v1/chat/completions", () => {
  it("gives the reply in the protocol's shape, with our receipt in a field of its own", async () => {
    const since = new Date("2026-01-15T10:00:00.000Z");
    const chat = listeningChat({
      reply: "Two years.",
      servedBy: "secondary",
      usage: { inputTokens: 12, outputTokens: 5 },
      degradation: [{ layer: "llm", mode: "equal", by: "secondary", reason: "open", since }],
    });
    const { url } = await startServer({ chat });
    const before = Math.floor(Date.now() / 1_000);
    const response = await complete(url, { messages: [user("How long is the warranty?")] });
    const { created, ...json } = (await response.json()) as { created: number };
    expect(response.status).toBe(200);
    expect(json).toEqual({
      id: "chatcmpl-turn_1",
      object: "chat.completion",
      model: "understudy",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Two years.", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
      understudy: {
        session_id: "ses_1",
        turn_id: "turn_1",
        intents: ["knowledge_qa"],
        sources: [],
        related: [],
        degradation: [{ layer: "llm", mode: "equal", by: "secondary", reason: "open", since: since.toISOString() }],
        served_by: "secondary",
        escalation: null,
        durability: "disk",
      },
    });
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(Math.ceil(Date.now() / 1_000));
    expect(response.headers.get("x-served-by")).toBe("secondary");
    expect(response.headers.get("x-degraded")).toBe("llm;by=secondary;mode=equal");
    expect(response.headers.get("x-request-id")).toBeTruthy();
  });

  it("asks as the key and the `user`, in a session of its own, for no tier in particular", async () => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    await complete(url, { messages: [user("hello")] });
    await complete(url, { messages: [user("hello")], user: "ada" });
    expect(
      chat.asked.map(({ owner, tier, sessionId, turnId }) => ({ owner, tier: tier ?? null, sessionId, turnId })),
    ).toEqual(
      ["guest", "ada"].map((name) => ({
        owner: { keyId: "open", user: name },
        tier: null,
        sessionId: undefined,
        turnId: undefined,
      })),
    );
  });

  it("takes the key of a repeated request for the id of the turn", async () => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    const ok = await complete(url, { messages: [user("hi")] }, { "idempotency-key": "stainless-node-retry-1" });
    const wrong = await complete(url, { messages: [user("hi")] }, { "idempotency-key": "not an id" });
    expect(ok.status).toBe(200);
    expect(chat.asked.map(({ turnId }) => turnId)).toEqual(["stainless-node-retry-1"]);
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: { param: "idempotency-key" } });
  });

  it.each([
    ["one question", [user("a")], "a", []],
    ["turns before it", [user("a"), bot("b"), user("c")], "c", [{ user: "a", bot: "b" }]],
    [
      "parts, and several messages of one side",
      [
        user("a"),
        user([
          { type: "text", text: "b" },
          { type: "text", text: "c" },
        ]),
        bot("d"),
        bot([{ type: "text", text: "e" }]),
        user([{ type: "text", text: "f" }]),
      ],
      "f",
      [{ user: "a\nb\nc", bot: "d\ne" }],
    ],
    [
      "a question that nobody answered",
      [user("a"), bot("b"), user("c"), user("d")],
      "d",
      [
        { user: "a", bot: "b" },
        { user: "c", bot: null },
      ],
    ],
    ["a greeting before the first question", [bot("Welcome!"), user("a")], "a", []],
    [
      "an answer without text, and a refusal",
      [user("a"), bot(null), user("b"), { role: "assistant", refusal: "No." }, user("c")],
      "c",
      [{ user: "a\nb", bot: "No." }],
    ],
    [
      "instructions, which are not ours",
      [
        { role: "system", content: "You are a pirate." },
        user("a"),
        { role: "developer", content: "Rhyme." },
        bot("b"),
        user("c"),
      ],
      "c",
      [{ user: "a", bot: "b" }],
    ],
  ])("reads the history: %s", async (_name, messages, message, given) => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    const response = await complete(url, { messages });
    expect(response.status).toBe(200);
    expect(chat.asked.map((request) => [request.message, request.given])).toEqual([[message, given]]);
  });

  it("takes what other servers take, and what asks for nothing special", async () => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    const response = await complete(url, {
      messages: [{ ...user("hi"), name: "ada" }],
      temperature: 0.2,
      top_p: 1,
      seed: 7,
      stop: ["\n"],
      max_tokens: 5,
      max_completion_tokens: 5,
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      parallel_tool_calls: true,
      metadata: { a: "b" },
      store: false,
      reasoning_effort: "low",
      n: 1,
      tools: [],
      tool_choice: "none",
      functions: null,
      logprobs: false,
      response_format: { type: "text" },
      modalities: ["text"],
      audio: null,
      stream: false,
      stream_options: null,
      user: null,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "hi" } }] });
  });

  const tool = { type: "function", function: { name: "f", parameters: {} } };
  const hi = [user("hi")];
  it.each<[string, object, string]>([
    ["tools", { messages: hi, tools: [tool] }, "tools"],
    ["tools that are no list", { messages: hi, tools: "none" }, "tools"],
    ["tool_choice", { messages: hi, tool_choice: "auto" }, "tool_choice"],
    ["functions", { messages: hi, functions: [{ name: "f" }] }, "functions"],
    ["function_call", { messages: hi, function_call: "auto" }, "function_call"],
    ["several answers", { messages: hi, n: 2 }, "n"],
    ["probabilities", { messages: hi, logprobs: true }, "logprobs"],
    ["probabilities of others", { messages: hi, top_logprobs: 3 }, "top_logprobs"],
    ["JSON", { messages: hi, response_format: { type: "json_object" } }, "response_format.type"],
    ["a schema", { messages: hi, response_format: { type: "json_schema", json_schema: {} } }, "response_format.type"],
    ["spoken answers", { messages: hi, modalities: ["text", "audio"] }, "modalities[1]"],
    ["a voice", { messages: hi, audio: { voice: "x" } }, "audio"],
    ["no model", { messages: hi, model: undefined }, "model"],
    ["no messages", {}, "messages"],
    ["none in the list", { messages: [] }, "messages"],
    ["too many", { messages: Array.from({ length: 501 }, () => user("a")) }, "messages"],
    ["the last word is not the user's", { messages: [user("a"), bot("b")] }, "messages[1].role"],
    ["an unknown role", { messages: [{ role: "wizard", content: "a" }, user("b")] }, "messages[0].role"],
    [
      "the result of a tool",
      { messages: [user("a"), { role: "tool", content: "b", tool_call_id: "c" }, user("d")] },
      "messages[1].role",
    ],
    [
      "a call of a tool",
      { messages: [user("a"), { ...bot(null), tool_calls: [{ id: "c" }] }, user("d")] },
      "messages[1].tool_calls",
    ],
    ["an image", { messages: [user([{ type: "image_url", image_url: { url: "data:," } }])] }, "messages[0].content"],
    ["no content", { messages: [{ role: "user" }] }, "messages[0].content"],
    ["a blank question", { messages: [user(" \n")] }, "messages[0].content"],
    ["a question that is too long", { messages: [user("x".repeat(8_001))] }, "messages[0].content"],
    ["an endless name", { messages: hi, user: "u".repeat(129) }, "user"],
  ])("refuses %s and names the parameter", async (_name, body, param) => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    const response = await complete(url, body);
    const json = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(400);
    expect(json).toEqual({
      error: { message: expect.any(String), type: "invalid_request_error", param, code: "invalid_request" },
    });
    expect(json.error.message).not.toContain("Invalid input");
    expect(chat.asked).toEqual([]);
  });

  it("takes the longest question and 500 messages, and a megabyte in all", async () => {
    const chat = listeningChat();
    const { url } = await startServer({ chat });
    const past = Array.from({ length: 499 }, (_, index) => (index % 2 === 0 ? user("a") : bot("b")));
    const longest = await complete(url, { messages: [...past, user("x".repeat(8_000))] });
    const large = await complete(url, { messages: [user("a"), bot("b".repeat(900_000)), user("c")] });
    const tooLarge = await complete(url, { messages: [user("a"), bot("b".repeat(1_000_000)), user("c")] });
    expect([longest.status, large.status, tooLarge.status]).toEqual([200, 200, 413]);
    expect(await tooLarge.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "payload_too_large" },
    });
  });

  it("counts its turns together with those of the other routes", async () => {
    const begun = gate();
    const go = gate();
    const chat: Chat = {
      async run(request) {
        begun.open();
        await go.opened;
        return chatReply(request);
      },
    };
    const { url } = await startServer({ chat, settings: { turnsAtOnce: 1 } });
    const first = postJson(`${url}/api/v1/chat`, { message: "hi" });
    await begun.opened;
    const second = await complete(url, { messages: hi });
    go.open();
    expect([(await first).status, second.status]).toEqual([200, 429]);
  });

  it("gives the place of a turn back, whatever has become of it", async () => {
    let fail = true;
    const chat: Chat = {
      async run(request) {
        if (fail) throw new Error("a defect");
        return chatReply(request);
      },
    };
    const { url } = await startServer({ chat, settings: { turnsAtOnce: 1 } });
    expect((await complete(url, { messages: hi })).status).toBe(500);
    fail = false;
    expect((await complete(url, { messages: hi })).status).toBe(200);
  });
});
