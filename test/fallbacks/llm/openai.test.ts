import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatModelOptions } from "../../../src/fallbacks/llm/chat-model.ts";
import { createModel } from "../../../src/fallbacks/llm/create-model.ts";
import type { FakeModel } from "../../../src/rehearsal/fake-model.ts";
import { testContext } from "../../support/context.ts";
import { settle } from "../../support/manual-clock.ts";
import { createLocalServers } from "./local-servers.ts";
import { echoTask, errorOf, say, sayTask } from "./model-tasks.ts";
import { startEcho } from "./provider-cases.ts";

const servers = createLocalServers();
let server: FakeModel;

beforeAll(async () => {
  server = await startEcho();
});
afterAll(() => server.close());
beforeEach(() => server.fault(undefined));

function modelOf(model: string, options: Partial<ChatModelOptions> = {}) {
  return createModel({
    provider: "openai",
    name: "primary",
    model,
    baseUrl: server.url,
    apiKey: "test-key-123",
    ...options,
  });
}

/** How the requests since `from` were made, in the words of their fields. */
function formsOf(from: number): readonly string[] {
  return server.requests
    .slice(from)
    .map(({ body }) =>
      [
        body?.["stream"] === true ? "stream" : "whole",
        ...(body && "stream_options" in body ? ["usage"] : []),
        ...(body && "response_format" in body ? ["json"] : []),
      ].join(" "),
    );
}

describe("a model behind the Chat Completions API: structured results", () => {
  it("asks in JSON mode, with the schema in the system prompt and the limit of tokens", async () => {
    const before = server.requests.length;
    await modelOf("good", { maxOutputTokens: 77 }).run(echoTask, "hello", testContext());
    const body = server.requests[before]?.body;
    expect(body).toMatchObject({
      model: "good",
      stream: true,
      stream_options: { include_usage: true },
      response_format: { type: "json_object" },
      max_tokens: 77,
      messages: [{ role: "system" }, { role: "user", content: "hello" }],
    });
    expect(JSON.stringify(body)).toContain("JSON Schema");
    expect(JSON.stringify(body)).toContain('\\"echo\\"');
  });

  it("reads the object out of a code fence and words around it", async () => {
    const { value } = await modelOf("fault-fenced").run(echoTask, "hello", testContext());
    expect(value).toEqual({ echo: "hello" });
  });

  it("fault 19: shows the model its wrong reply as data when it asks for a better one", async () => {
    const before = server.requests.length;
    server.fault("wrong-schema-once");
    await modelOf("good").run(echoTask, "hello", testContext());
    const repair = JSON.stringify(server.requests[before + 1]?.body?.["messages"]);
    expect(repair).toContain('<data name=\\"your earlier reply\\">');
    expect(repair).toContain("unexpected");
  });

  it("counts no tokens where the endpoint does not", async () => {
    const { usage } = await modelOf("fault-no-usage").run(echoTask, "hello", testContext());
    expect(usage).toEqual({ inputTokens: 0, outputTokens: 0 });
  });

  it("takes a whole reply that does not say why it ended", async () => {
    const reply = { choices: [{ message: { role: "assistant", content: '{"echo":"hello"}' } }] };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        const whole = (JSON.parse(body) as { readonly stream?: boolean }).stream !== true;
        response.writeHead(whole ? 200 : 400, { "content-type": "application/json" }).end(JSON.stringify(reply));
      });
    });
    const baseUrl = `http://127.0.0.1:${await servers.start(server)}/v1`;
    const { value } = await modelOf("good", { baseUrl }).run(echoTask, "hello", testContext());
    expect(value).toEqual({ echo: "hello" });
  });
});

describe("a model behind the Chat Completions API: what not every endpoint knows", () => {
  it("JSON mode: it is asked without from then on, and the form stands in the prompt alone", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-response-format");
    // Without JSON mode the fake model echoes plain text, which is no result; what counts here is how it was asked.
    for (const _ of [1, 2])
      expect((await errorOf(model.run(echoTask, "x", testContext()))).errorClass).toBe("schema_invalid");
    expect(formsOf(before)).toEqual(["stream usage json", "whole json", "whole", "whole", "whole", "whole"]);
  });

  it("tokens in a stream: it keeps JSON mode and the tokens, and goes without the stream where nobody sees it", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-stream-options");
    for (const _ of [1, 2]) {
      const { value, usage } = await model.run(echoTask, "hello", testContext());
      expect(value).toEqual({ echo: "hello" });
      expect(usage.inputTokens).toBeGreaterThan(0);
    }
    expect(formsOf(before)).toEqual(["stream usage json", "whole json", "whole json"]);
  });

  it("tokens in a stream: a text is streamed all the same, without them", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-stream-options");
    for (const _ of [1, 2]) {
      expect(await say(model, "hello")).toMatchObject({ text: "hello", usage: { inputTokens: 0, outputTokens: 0 } });
    }
    expect(formsOf(before)).toEqual(["stream usage", "stream", "stream"]);
  });

  it("streams: a text comes whole, with its tokens", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-stream");
    for (const _ of [1, 2]) {
      const said = await say(model, "hello");
      expect(said).toMatchObject({ text: "hello", error: undefined });
      expect(said.usage?.outputTokens).toBeGreaterThan(0);
    }
    expect(formsOf(before)).toEqual(["stream usage", "stream", "whole", "whole"]);
  });

  it("fault 10: a refusal of everything is one of the request, and nothing is learnt from it", async () => {
    const before = server.requests.length;
    const model = modelOf("fault-400");
    for (const _ of [1, 2]) {
      expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe("invalid_request");
    }
    const tried = ["stream usage json", "whole json", "whole"];
    expect(formsOf(before)).toEqual([...tried, ...tried]);
  });

  it.each(["500", "401", "429", "context", "404", "hang"])(
    "is not the reason of any other refusal: %s",
    async (fault) => {
      const before = server.requests.length;
      const caller = new AbortController();
      const work = errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", testContext({ signal: caller.signal })));
      if (fault === "hang") {
        await vi.waitFor(() => expect(server.open).toBe(1), { timeout: 10_000 });
        caller.abort();
      }
      expect((await work).errorClass).not.toBe("invalid_request");
      expect(formsOf(before)).toEqual(["stream usage json"]);
    },
  );
});

describe("a model behind the Chat Completions API: answers that are none", () => {
  /** A server that answers everything so; what is streamed only where a stream is asked for. */
  async function answering(body: string, type: string) {
    const port = await servers.start(
      createServer((_, response) => response.writeHead(200, { "content-type": type }).end(body)),
    );
    return modelOf("good", { baseUrl: `http://127.0.0.1:${port}/v1` });
  }

  it.each([
    "null",
    "7",
    "[]",
    "{}",
    '{"choices":null}',
    '{"choices":[null]}',
    '{"choices":[{"delta":null}]}',
    '{"choices":[{"delta":{"content":{"text":"x"}},"finish_reason":"stop"}]}',
    '{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}',
    '{"error":"overloaded"}',
  ])("fault 7, 18: garbage in a stream is bad_response: %s", async (data) => {
    // LangChain warns of content that is no text, without saying what it is.
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    const model = await answering(`data: ${data}\n\ndata: [DONE]\n\n`, "text/event-stream");
    const said = await say(model, "hello");
    expect(said).toMatchObject({ text: "", usage: undefined, error: { errorClass: "bad_response" } });
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe("bad_response");
    print.mockRestore();
  });

  it.each([
    '{"error":{"message":"no credit"}}',
    '{"choices":[{"message":{"role":"assistant","content":"{\\"echo\\":\\"x\\"}"},"finish_reason":"stop"}]}',
    '"hello"',
    "",
  ])("fault 7, 18: one JSON value in place of a stream is bad_response: %s", async (body) => {
    const said = await say(await answering(body, "application/json"), "hello");
    expect(said).toMatchObject({ text: "", error: { errorClass: "bad_response" } });
  });

  it("fault 7: the words of an error are kept for operators, and are no reply", async () => {
    const error = '{"error":{"message":"The model is <b>busy</b> for Bearer abc.def","type":"server_error"}}';
    const inStream = await answering(`data: ${error}\n\n`, "text/event-stream");
    for (const model of [inStream, await answering(error, "application/json")]) {
      const said = await say(model, "hello");
      expect(said.text).toBe("");
      expect(said.error?.message).toBe("primary: The model is busy for Bearer [key]");
    }
  });

  it("is aborted, and not cut, for a caller who leaves between two pieces of one packet", async () => {
    const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ delta, finish_reason: null }] })}\n\n`;
    const model = await answering(
      ["one ", "two ", "three "].map((content) => event({ content })).join(""),
      "text/event-stream",
    );
    const caller = new AbortController();
    const stream = model.stream(sayTask, "x", testContext({ signal: caller.signal }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    // All has arrived, so that the abort ends no request any more.
    await settle();
    caller.abort();
    expect((await errorOf(iterator.next())).errorClass).toBe("aborted");
  });
});
