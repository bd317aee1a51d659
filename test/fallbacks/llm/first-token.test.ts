import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { expireAfter } from "../../../src/fallbacks/core/deadline.ts";
import { createModel, type ModelProvider } from "../../../src/fallbacks/llm/create-model.ts";
import type { FakeModel } from "../../../src/rehearsal/fake-model.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";
import { createLocalServers } from "./local-servers.ts";
import { echoTask, errorOf, say, soon } from "./model-tasks.ts";
import { modelOf, providerCases, startEcho } from "./provider-cases.ts";

const servers = createLocalServers();
let fake: FakeModel;

beforeAll(async () => {
  fake = await startEcho();
});
afterAll(() => fake.close());
beforeEach(() => fake.fault(undefined));

function listening() {
  const begin = vi.fn<() => void>();
  const restart = vi.fn<() => void>();
  return { begin, restart, context: { ...testContext(), idle: { begin, restart, stop() {} } } };
}

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const event = (type: string, fields: object) => `event: ${type}\n${data({ type, ...fields })}`;
const choice = (delta: object, finish: string | null = null) =>
  data({ choices: [{ index: 0, delta, finish_reason: finish }] });
const line = (message: object, more: object = { done: false }) => `${JSON.stringify({ message, ...more })}\n`;
const part = (parts: readonly object[], more: object = {}) => data({ candidates: [{ content: { parts }, ...more }] });

/** What each provider sends before its first word, as a thought, and as the rest of a reply. */
const wires: Readonly<Record<ModelProvider, { opening: string; thought: string; reply: string }>> = {
  openai: {
    opening: `: waiting\n\n${choice({ role: "assistant", content: "" })}`,
    thought: choice({ reasoning_content: "Hm." }),
    reply: `${choice({ content: "hello" })}${choice({}, "stop")}data: [DONE]\n\n`,
  },
  groq: {
    opening: `: waiting\n\n${choice({ role: "assistant", content: "" })}`,
    thought: choice({ reasoning: "Hm." }),
    reply: `${choice({ content: "hello" })}${choice({}, "stop")}data: [DONE]\n\n`,
  },
  anthropic: {
    opening:
      event("message_start", { message: { content: [], usage: { input_tokens: 1, output_tokens: 1 } } }) +
      event("ping", {}) +
      event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } }),
    thought: event("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "Hm." } }),
    reply:
      event("content_block_delta", { index: 1, delta: { type: "text_delta", text: "hello" } }) +
      event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } }) +
      event("message_stop", {}),
  },
  google: {
    opening: `: waiting\n\n${part([])}`,
    thought: part([{ text: "Hm.", thought: true }]),
    reply: part([{ text: "hello" }], { finishReason: "STOP" }),
  },
  ollama: {
    opening: line({ role: "assistant", content: "" }),
    thought: line({ role: "assistant", content: "", thinking: "Hm." }),
    reply: line({ role: "assistant", content: "hello" }) + line({ content: "" }, { done: true, done_reason: "stop" }),
  },
};

describe.each(providerCases)("the first content: $provider", ({ provider }) => {
  /** A model that sends the opening at once, and each of the other parts when it is told to. */
  async function scripted() {
    let response: ServerResponse | undefined;
    const port = await servers.start(
      createServer((request, answer) => {
        request.resume();
        answer.writeHead(200, { "content-type": provider === "ollama" ? "application/x-ndjson" : "text/event-stream" });
        answer.write(wires[provider].opening, () => (response = answer));
      }),
    );
    const baseUrl = `http://127.0.0.1:${port}`;
    return {
      model: createModel({ provider, name: "primary", model: "m", baseUrl }),
      opened: () => soon(() => expect(response).toBeDefined()),
      send: (text: string) => void response?.write(text),
      end: (text: string) => void response?.end(text),
    };
  }

  it("fault 2: is a word, and not the role, a comment or the headers", async () => {
    const { model, opened, end } = await scripted();
    const { begin, context } = listening();
    const said = say(model, "hello", context);
    await opened();
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect(begin).not.toHaveBeenCalled();
    end(wires[provider].reply);
    expect(await said).toMatchObject({ text: "hello", error: undefined });
    expect(begin).toHaveBeenCalledTimes(1);
  });

  it("is a thought, which is a sign of life and never part of the reply", async () => {
    const { model, opened, send, end } = await scripted();
    const { begin, restart, context } = listening();
    const said = say(model, "hello", context);
    await opened();
    send(wires[provider].thought);
    await soon(() => expect(begin).toHaveBeenCalledTimes(1));
    const before = restart.mock.calls.length;
    send(wires[provider].thought);
    await soon(() => expect(restart.mock.calls.length).toBeGreaterThan(before));
    end(wires[provider].reply);
    expect(await said).toMatchObject({ text: "hello", error: undefined });
    expect(begin).toHaveBeenCalledTimes(1);
  });

  it.each(["role-then-hang", "comments-then-hang"])("fault 2: a limit on it ends the request: %s", async (fault) => {
    const clock = createManualClock();
    const limit = new AbortController();
    const cancel = expireAfter(clock, 5_000, () => limit.abort());
    const context = { ...testContext({ signal: limit.signal }), idle: { begin: cancel, restart() {}, stop() {} } };
    const work = errorOf(modelOf(fake, provider, `fault-${fault}`).run(echoTask, "hello", context));
    await soon(() => expect(fake.open).toBe(1));
    await clock.advance(5_000);
    expect((await work).errorClass).toBe("aborted");
    await soon(() => expect(fake.open).toBe(0));
  });
});

describe("the first content of a reply that is not streamed", () => {
  it("is the whole reply", async () => {
    fake.fault("no-stream");
    const { begin, context } = listening();
    const model = modelOf(fake, "openai", "good");
    expect((await model.run(echoTask, "hello", context)).value).toEqual({ echo: "hello" });
    expect(begin).toHaveBeenCalledTimes(1);
    const { begin: again, context: other } = listening();
    expect(await say(model, "hello", other)).toMatchObject({ text: "hello", error: undefined });
    expect(again).toHaveBeenCalledTimes(1);
  });
});
