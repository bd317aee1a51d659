import { type AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type FakeModel, type ModelQuestion, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { clients, streamed } from "./fake-model-clients.ts";

const answer = vi.fn<(question: ModelQuestion) => string | undefined>();
let server: FakeModel;
beforeAll(async () => {
  server = await startFakeModel({ answer });
});
afterAll(() => server.close());

const text = "Unopened goods: 未拆封的商品 👩‍👩‍👧, thirty days.";
const weather = tool(() => "sunny", {
  name: "weather",
  description: "The weather of a place.",
  schema: z.object({ place: z.string(), days: z.int(), unit: z.enum(["c", "f"]) }),
});

/** Groq's client keeps the tokens of a stream beside the message. */
function outputTokensOf(chunk: AIMessageChunk): number {
  return tokensOf(chunk)?.output_tokens ?? (chunk.response_metadata["usage"] as Tokens | undefined)?.output_tokens ?? 0;
}

type Tokens = { readonly input_tokens: number; readonly output_tokens: number };

function tokensOf(message: { readonly usage_metadata?: unknown }): Tokens | undefined {
  return message.usage_metadata as Tokens | undefined;
}

describe.each(clients)("the fake model, asked by the client of %s", (name, chatPath, make) => {
  it("understands who says what, and counts tokens", async () => {
    const before = server.count(chatPath("good"));
    const messages = [new SystemMessage("be kind"), new HumanMessage("hello there")];
    const message = await make(server, "good").invoke(messages);
    expect(message.text).toBe("hello there");
    expect(tokensOf(message)?.input_tokens).toBeGreaterThan(0);
    expect(tokensOf(message)?.output_tokens).toBe(3);
    expect(answer.mock.lastCall).toEqual([
      { model: "good", system: "be kind", messages: [{ role: "user", content: "hello there" }], json: false },
    ]);
    expect(server.count(chatPath("good"))).toBe(before + 1);
  });

  it.each(["good", "fault-bytes", "fault-thinking", "fault-length"])(
    "streams the whole text in pieces: %s",
    async (model) => {
      const said = await streamed(make(server, model), text);
      expect(said.error).toBeUndefined();
      expect(said.text).toContain(text);
      expect(said.chunks.length).toBeGreaterThan(3);
      expect(said.chunks.map(outputTokensOf).reduce((sum, tokens) => sum + tokens, 0)).toBeGreaterThan(0);
    },
  );

  it("calls a tool that it is offered, whole and streamed, and answers once it has a result", async () => {
    const args = { place: "How is the weather?", days: 1, unit: "c" };
    const model = make(server, "fault-tools").bindTools?.([weather]);
    if (!model) throw new Error("no tools");
    const asked = new HumanMessage("How is the weather?");
    const called = await model.invoke([asked]);
    expect(called.tool_calls).toMatchObject([{ name: "weather", args }]);
    let whole: typeof called | undefined;
    for await (const chunk of await model.stream([asked])) whole = whole?.concat(chunk) ?? chunk;
    expect(whole?.tool_calls).toMatchObject([{ name: "weather", args }]);
    const id = called.tool_calls?.[0]?.id ?? "";
    const result = new ToolMessage({ tool_call_id: id, name: "weather", content: "sunny" });
    expect((await model.invoke([asked, called, result])).text).toContain("sunny");
  });

  it.each([400, 401, 403, 404, 429, 500, 503, 529])(
    "refuses with %i so that its client reads status and words",
    async (status) => {
      const error = await make(server, `fault-${status}`)
        .invoke("hello")
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      const read = error as { readonly status?: number; readonly status_code?: number; readonly message: string };
      // A wrong key is a wrong request for Google.
      expect(read.status ?? read.status_code).toBe(name === "google" && status === 401 ? 400 : status);
      expect(read.message).toMatch(
        /fake model|invalid x-api-key|API key not valid|unauthorized|not found|overloaded|busy/i,
      );
    },
  );

  // Google's own client leaves a rejection unhandled whenever a stream fails, which would end the process.
  const spoilt = ["fault-reset-1", "fault-cut-1", "fault-error-at-start", "fault-malformed"];
  it.each(name === "google" ? [] : spoilt)("spoils a stream: %s", async (model) => {
    const quiet = () => {};
    const prints = (["warn", "error"] as const).map((kind) => vi.spyOn(console, kind).mockImplementation(quiet));
    const said = await streamed(make(server, model), text);
    expect(said.text).not.toBe(text);
    // This is what the fake is for: some clients take a stream that was cut, or a line that is no JSON, for a good one.
    const silent = ["ollama fault-malformed", "openai fault-cut-1", "groq fault-cut-1", "anthropic fault-cut-1"];
    if (!silent.includes(`${name} ${model}`)) expect(said.error).toBeInstanceOf(Error);
    for (const print of prints) print.mockRestore();
  });

  // Nor does Ollama's client look at the signal before the next piece arrives.
  it.each(name === "google" || name === "ollama" ? [] : ["fault-stall-2"])("%s ends with its reader", async (model) => {
    const caller = new AbortController();
    const stream = await make(server, model).stream(text, { signal: caller.signal });
    const reading = (async () => {
      for await (const chunk of stream) expect(text).toContain(chunk.text);
    })().catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.open).toBe(1));
    caller.abort();
    await reading;
    await vi.waitFor(() => expect(server.open).toBe(0));
  });
});
