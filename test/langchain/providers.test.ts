import { ChatAnthropic } from "@langchain/anthropic";
import type { AIMessageChunk } from "@langchain/core/messages";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatGroq } from "@langchain/groq";
import { ChatOllama } from "@langchain/ollama";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { FailoverChatModel } from "../../src/index.ts";
import type { ChatModelLike } from "../../src/langchain/policy.ts";
import type { FakeModel } from "../../src/rehearsal/fake-model.ts";
import { openAi, startFake, thrownBy } from "./rig.ts";

/** The clients of the others give on what the body says, and no header. */
function keepsHeaders(provider: string): boolean {
  return provider !== "google" && provider !== "ollama";
}

/** As users make them, with the retries that the packages have by default. */
const providers: readonly [string, (fake: FakeModel) => ChatModelLike][] = [
  ["openai", (fake) => openAi(fake)],
  ["anthropic", ({ origin }) => new ChatAnthropic({ model: "fake", apiKey: "sk-ant-test", anthropicApiUrl: origin })],
  ["google", ({ origin }) => new ChatGoogleGenerativeAI({ model: "fake", apiKey: "AIzaTest", baseUrl: origin })],
  ["groq", ({ origin }) => new ChatGroq({ model: "fake", apiKey: "gsk_test", baseUrl: origin })],
  ["ollama", ({ origin }) => new ChatOllama({ model: "fake", baseUrl: origin })],
];

async function startMixed(make: (fake: FakeModel) => ChatModelLike) {
  const [first, second] = [
    await startFake({ answer: () => "The first." }),
    await startFake({ answer: () => "The second." }),
  ];
  const model = new FailoverChatModel({
    models: [
      { model: make(first), name: "first" },
      { model: openAi(second), name: "second" },
    ],
  });
  return { first, second, model };
}

async function read(stream: Promise<AsyncIterable<AIMessageChunk>>) {
  let text = "";
  let by: unknown;
  for await (const chunk of await stream) {
    text += chunk.text;
    by ??= chunk.response_metadata["served_by"];
  }
  return { text, by };
}

describe.each(providers)("FailoverChatModel over %s", (provider, make) => {
  it("answers, whole and in pieces", async () => {
    const { model } = await startMixed(make);
    const reply = await model.invoke("Hello");
    expect([reply.text, reply.response_metadata["served_by"]]).toEqual(["The first.", "first"]);
    expect(await read(model.stream("Hello"))).toEqual({ text: "The first.", by: "first" });
  });

  it.each([
    ["401", /^auth$/],
    ["429", /^rate_limited$/],
    ["500", /^server$/],
    ["503", /^server$/],
    ["404", /^model_missing$/],
    // Google's client gives no cause, so that it is a failure of an unknown kind.
    ["reset", /^(network|server)$/],
    ["empty", /^bad_response$/],
    ["quota", /^quota$/],
    ["context", /^context_overflow$/],
  ])("%s: one request, then the next model", async (fault, errorClass) => {
    const { first, model } = await startMixed(make);
    first.fault(fault);
    const reply = await model.invoke("Hello");
    expect(reply.response_metadata).toMatchObject({
      served_by: "second",
      attempts: [{ model: "first", error_class: expect.stringMatching(errorClass) }, {}],
    });
    expect(first.requests).toHaveLength(1);
    const other = await startMixed(make);
    other.first.fault(fault);
    expect(await read(other.model.stream("Hello"))).toEqual({ text: "The second.", by: "second" });
    expect(other.first.requests).toHaveLength(1);
  });

  it("429 with a time: the time is kept", async () => {
    const { first, model } = await startMixed(make);
    first.fault(keepsHeaders(provider) ? "429-retry-after-30" : "429-hint-30");
    await model.invoke("Hello");
    const [candidate] = model.explain();
    expect(candidate).toMatchObject({ port: "first", verdict: "cooldown" });
    expect(candidate?.inMs).toBeLessThanOrEqual(30_000);
  });

  it.each(["cut-1", "error-in-stream", "reset-1"])("faults 5 to 7: %s is no whole answer", async (fault) => {
    const { first, second, model } = await startMixed(make);
    first.fault(fault);
    expect(await thrownBy(read(model.stream("Hello")))).toMatchObject({ partial: true });
    expect(second.requests).toHaveLength(0);
  });

  it("tools and structured output, in the form of the provider", async () => {
    const { first, model } = await startMixed(make);
    first.fault("tools");
    const weather = { name: "weather", description: "The weather.", schema: z.object({ city: z.string() }) };
    const reply = await model.bindTools([weather]).invoke("Paris");
    expect(reply.tool_calls).toMatchObject([{ name: "weather", args: { city: "Paris" } }]);
    expect(reply.response_metadata["served_by"]).toBe("first");
    const City = z.object({ city: z.string() });
    expect(await model.withStructuredOutput(City, { name: "city" }).invoke("Paris")).toEqual({ city: "Paris" });
    expect(first.requests).toHaveLength(2);
  });

  // Ollama's package looks at the signal when the next piece comes, and not before.
  const itEndsAtOnce = provider === "ollama" ? undefined : it;
  itEndsAtOnce?.("a reader who breaks off ends the request, also where there is a signal", async () => {
    const { first, model } = await startMixed(make);
    first.fault("stall-1");
    const { signal } = new AbortController();
    for await (const chunk of await model.stream("Hello", { signal })) if (chunk.text !== "") break;
    await vi.waitFor(() => expect(first.open).toBe(0));
  });
});
