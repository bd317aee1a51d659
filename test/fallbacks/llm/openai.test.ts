import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createOpenAiModel, type OpenAiModelOptions } from "../../../src/fallbacks/llm/openai.ts";
import { type FakeModel, startFakeModel } from "../../../src/rehearsal/fake-model.ts";
import { modelContract } from "../../contracts/llm.ts";
import { testContext } from "../../support/context.ts";
import { settle } from "../../support/manual-clock.ts";
import { echoTask, errorOf, say, sayTask } from "./model-tasks.ts";

let server: FakeModel;

beforeAll(async () => {
  // The first message, so that the answer to a repair is that to the first request.
  server = await startFakeModel({
    answer: ({ messages, json }) => {
      const text = messages[0]?.content ?? "";
      return json ? JSON.stringify(text === "" ? {} : { echo: text }) : text;
    },
  });
});
afterAll(() => server.close());
beforeEach(() => server.fault(undefined));

function modelOf(model: string, options: Partial<OpenAiModelOptions> = {}) {
  return createOpenAiModel({ name: "primary", model, baseUrl: server.url, apiKey: "test-key-123", ...options });
}

/** Starts to listen on a free port. */
async function portOf(other: Server): Promise<number> {
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  return (other.address() as AddressInfo).port;
}

function bodies(from: number) {
  return server.requests.slice(from).map(({ body }) => body ?? {});
}

modelContract("openai", { create: () => modelOf("good"), counts: true, emptyReply: "bad_response" });

describe("a model behind the Chat Completions API: structured results", () => {
  it("asks in JSON mode, with the schema in the system prompt and the limit of tokens", async () => {
    const before = server.requests.length;
    await modelOf("good", { maxOutputTokens: 77 }).run(echoTask, "hello", testContext());
    const [body] = bodies(before);
    expect(body).toMatchObject({
      model: "good",
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

  it("fault 19: repairs a wrong result once, showing the model its reply as data, and adds the usage up", async () => {
    server.fault("wrong-schema-once");
    const once = (await modelOf("good").run(echoTask, "hello", testContext())).usage;
    const before = server.requests.length;
    server.fault("wrong-schema-once");
    const { value, usage } = await modelOf("good").run(echoTask, "hello", testContext());
    expect(value).toEqual({ echo: "hello" });
    const [first, second] = bodies(before);
    expect(bodies(before)).toHaveLength(2);
    const repair = JSON.stringify(second?.["messages"]);
    expect(repair).toContain('<data name=\\"your earlier reply\\">');
    expect(repair).toContain("unexpected");
    const tokens = (body: typeof first) => Math.ceil(JSON.stringify(body?.["messages"]).length / 4);
    expect(usage.inputTokens).toBe(tokens(first) + tokens(second));
    expect(usage).toEqual(once);
  });

  it.each(["wrong-schema", "not-json"])("fault 19: gives up after one repair of %s: schema_invalid", async (fault) => {
    const before = server.requests.length;
    const error = await errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("schema_invalid");
    expect(server.requests.length - before).toBe(2);
  });

  it("remembers an endpoint without JSON mode, and asks it without from then on", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-response-format");
    const ask = () => errorOf(model.run(echoTask, "hello", testContext()));
    // Without JSON mode the fake model echoes plain text, which is no result; what counts here is how it was asked.
    expect((await ask()).errorClass).toBe("schema_invalid");
    expect((await ask()).errorClass).toBe("schema_invalid");
    const asked = bodies(before).map((body) => "response_format" in body);
    expect(asked).toEqual([true, false, false, false, false]);
  });

  it("does not take a refusal of everything for one of JSON mode", async () => {
    const before = server.requests.length;
    const model = modelOf("fault-400");
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe("invalid_request");
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe("invalid_request");
    expect(bodies(before).map((body) => "response_format" in body)).toEqual([true, false, true, false]);
  });

  it("counts no tokens where the endpoint does not", async () => {
    const { usage } = await modelOf("fault-no-usage").run(echoTask, "hello", testContext());
    expect(usage).toEqual({ inputTokens: 0, outputTokens: 0 });
  });
});

describe("a model behind the Chat Completions API: streams", () => {
  const text = "Unopened goods: 未拆封的商品 👩‍👩‍👧, thirty days. ".repeat(3);

  it("asks for the tokens, and does without where the endpoint does not know how", async () => {
    const before = server.requests.length;
    const model = modelOf("good");
    server.fault("no-stream-options");
    expect(await say(model, text)).toMatchObject({ text, usage: { inputTokens: 0, outputTokens: 0 } });
    expect(await say(model, text)).toMatchObject({ text, error: undefined });
    expect(bodies(before).map((body) => "stream_options" in body)).toEqual([true, false, false]);
  });

  it.each(["bytes", "escapes", "comment", "no-done", "length", "no-usage"])(
    "fault 21: %s does not change the text",
    async (fault) => {
      const said = await say(modelOf(`fault-${fault}`), text);
      expect(said.error).toBeUndefined();
      expect(said.text).toBe(text);
      for (const piece of said.pieces) expect(() => encodeURIComponent(piece)).not.toThrow();
      expect(said.usage).toBeDefined();
    },
  );

  it("fault 21: a line without end is cut off as bad_response", async () => {
    const { error } = await say(modelOf("fault-huge-line"), text);
    expect(error?.errorClass).toBe("bad_response");
    expect(error?.message).toContain("longer");
  });

  it("fault 22: an endless stream is cut at the cap, and its request ended", async () => {
    const said = await say(modelOf("fault-endless"), text);
    expect(said.error).toBeUndefined();
    expect(said.text.length).toBeGreaterThan(65_000);
    expect(said.text.length).toBeLessThan(66_000);
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it.each([
    ["fault 6: ends without saying that it ends", "no-terminator", text],
    ["fault 6: is cut", "cut-2", text.slice(0, 12)],
    ["fault 7: holds an error", "error-in-stream", text.slice(0, 6)],
    ["fault 18: holds a chunk that is no JSON", "malformed", text.slice(0, 6)],
    ["fault 18: is a page of HTML", "html", ""],
    ["fault 20: is empty", "empty", ""],
    ["fault 20: is blank", "blank", " \n"],
  ])("%s: bad_response", async (_, fault, shown) => {
    const said = await say(modelOf(`fault-${fault}`), text);
    expect(said.error?.errorClass).toBe("bad_response");
    expect(said).toMatchObject({ text: shown, usage: undefined });
  });

  it("fault 5: a reset in mid-stream is network", async () => {
    const said = await say(modelOf("fault-reset-2"), text);
    expect(said.error?.errorClass).toBe("network");
    expect(text.startsWith(said.text)).toBe(true);
  });

  it("a reply that a filter withheld is content_filtered", async () => {
    expect((await say(modelOf("fault-filter"), text)).error?.errorClass).toBe("content_filtered");
    expect((await errorOf(modelOf("fault-filter").run(echoTask, "x", testContext()))).errorClass).toBe(
      "content_filtered",
    );
  });

  it("fault 4, 58: a stall is ended by the caller's signal, and the request with it at once", async () => {
    const caller = new AbortController();
    const stream = modelOf("fault-stall-2").stream(sayTask, text, testContext({ signal: caller.signal }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const stalled = errorOf(iterator.next());
    expect(server.open).toBe(1);
    caller.abort();
    expect((await stalled).errorClass).toBe("aborted");
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it("is aborted, and not cut, for a caller who leaves between two pieces of one packet", async () => {
    const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ delta, finish_reason: null }] })}\n\n`;
    const packets = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(["one ", "two ", "three "].map((content) => event({ content })).join(""));
    });
    const baseUrl = `http://127.0.0.1:${await portOf(packets)}/v1`;
    const caller = new AbortController();
    const stream = modelOf("good", { baseUrl }).stream(sayTask, text, testContext({ signal: caller.signal }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    // All has arrived, so that the abort ends no request any more.
    await settle();
    caller.abort();
    expect((await errorOf(iterator.next())).errorClass).toBe("aborted");
    packets.closeAllConnections();
    packets.close();
  });

  it("ends the request of a reader who has had enough", async () => {
    for await (const chunk of modelOf("fault-stall-3").stream(sayTask, text, testContext())) {
      expect(chunk.type).toBe("text");
      break;
    }
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it("reports signs of life", async () => {
    const restart = vi.fn<() => void>();
    await say(modelOf("good"), text, { ...testContext(), idle: { restart, stop() {} } });
    expect(restart.mock.calls.length).toBeGreaterThan(text.length / 10);
  });

  it("fault 68: half a character in a prompt does not break the request", async () => {
    expect((await say(modelOf("good"), "a \ud83d b")).text).toBe("a \uFFFD b");
    const { value } = await modelOf("good").run(echoTask, "a \ude00 b \0", testContext());
    expect(value).toEqual({ echo: "a \uFFFD b \0" });
  });
});

describe("a model behind the Chat Completions API: the request ends with the caller", () => {
  it.each(["hang", "slow-60000", "stall-0"])("fault 2: %s", async (fault) => {
    const caller = new AbortController();
    const context = testContext({ signal: caller.signal });
    const work = [
      errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", context)),
      say(modelOf(`fault-${fault}`), "hello", context).then(({ error }) => error),
    ];
    await vi.waitFor(() => expect(server.open).toBe(2));
    caller.abort();
    for (const error of await Promise.all(work)) expect(error?.errorClass).toBe("aborted");
    await vi.waitFor(() => expect(server.open).toBe(0));
  });
});
