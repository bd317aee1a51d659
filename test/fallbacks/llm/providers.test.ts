import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ErrorClass } from "../../../src/fallbacks/core/errors.ts";
import type { FakeModel } from "../../../src/rehearsal/fake-model.ts";
import { modelContract } from "../../contracts/llm.ts";
import { testContext } from "../../support/context.ts";
import { echoTask, errorOf, say, sayTask, soon } from "./model-tasks.ts";
import { KEY, modelOf as modelAt, providerCases, startEcho } from "./provider-cases.ts";

let server: FakeModel;

beforeAll(async () => {
  server = await startEcho();
});
afterAll(() => server.close());
beforeEach(() => server.fault(undefined));

const text = "Unopened goods: 未拆封的商品 👩‍👩‍👧, thirty days. ".repeat(3);

describe.each(providerCases)("$provider", ({ provider, path, list, json, key }) => {
  const modelOf = (model: string, options = {}) => modelAt(server, provider, model, options);

  modelContract(provider, { create: () => modelOf("good"), counts: true, emptyReply: "bad_response" });

  it("asks where it was told to, with the key and no header that the protocol does not need", async () => {
    const before = server.requests.length;
    await modelOf("good").run(echoTask, "hello", testContext());
    await say(modelOf("good"), "hello");
    await modelOf("good").probe?.(testContext());
    const asked = server.requests.slice(before);
    expect(asked.map((request) => request.path)).toEqual([path("good"), path("good"), list]);
    const known = new Set(["accept", "connection", "content-length", "content-type", "host", "user-agent", key[0]]);
    const names = new Set(asked.flatMap(({ headers }) => Object.keys(headers)));
    expect([...names].filter((name) => !known.has(name))).toEqual(
      provider === "anthropic" ? ["anthropic-version"] : [],
    );
    for (const { headers } of asked) expect(headers[key[0]]).toBe(key[1]);
  });

  it("streams a structured result, with its usage, so that limits on silence apply to it", async () => {
    const before = server.requests.length;
    const begin = vi.fn<() => void>();
    const restart = vi.fn<() => void>();
    const context = { ...testContext(), idle: { begin, restart, stop() {} } };
    const { value, usage } = await modelOf("good").run(echoTask, text, context);
    expect(value).toEqual({ echo: text });
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(begin).toHaveBeenCalledTimes(1);
    expect(restart.mock.calls.length).toBeGreaterThan(text.length / 10);
    expect(server.requests.length - before).toBe(1);
  });

  it("is held to JSON for a structured result where there is a way, with the schema in the prompt, and not for a text", async () => {
    const before = server.requests.length;
    await modelOf("good").run(echoTask, "hello", testContext());
    await say(modelOf("good"), "hello");
    const [structured, text] = server.requests.slice(before).map(({ body }) => JSON.stringify(body));
    if (json !== undefined) expect(structured).toContain(json);
    expect(structured).toContain("JSON Schema");
    expect(text).not.toMatch(/json/i);
  });

  it("limits the reply to what was configured, and to a quarter of a known window", async () => {
    const limitOf = async (options: object) => {
      const before = server.requests.length;
      await say(modelOf("good", options), "hello");
      return JSON.stringify(server.requests[before]?.body);
    };
    expect(await limitOf({ maxOutputTokens: 77 })).toMatch(/"(max_\w*tokens|maxOutputTokens|num_predict)":77\b/);
    expect(await limitOf({ maxOutputTokens: 77, contextWindow: 100 })).toMatch(/:25\b/);
    expect(await limitOf({})).toMatch(/:4096\b/);
  });

  it("sends the system prompt as such, and the earlier messages with their roles", async () => {
    const before = server.requests.length;
    const task = {
      ...sayTask,
      prompt: () => ({
        system: "Be brief.",
        messages: [
          { role: "user" as const, content: "one" },
          { role: "assistant" as const, content: "two" },
          { role: "user" as const, content: "three" },
        ],
      }),
    };
    for await (const _ of modelOf("good").stream(task, "", testContext()));
    const body = JSON.stringify(server.requests[before]?.body);
    expect(body).toMatch(/"(system|systemInstruction)"/);
    expect(body).toMatch(/"role":"user".*one.*"role":"(assistant|model)".*two.*"role":"user".*three/);
    expect(body.replace(/"role":"(user|assistant|model|system|developer)"/g, "")).not.toContain('"role"');
  });

  it("names the part that says what it can do", () => {
    expect(modelOf("good").traits).toEqual({ json: true, tools: true });
    expect(modelOf("good", { contextWindow: 8_192 }).traits).toEqual({ contextWindow: 8_192, json: true, tools: true });
  });

  it("fault 19: repairs a wrong result once, and adds the usage up", async () => {
    server.fault("wrong-schema-once");
    const before = server.requests.length;
    const { value, usage } = await modelOf("good").run(echoTask, "hello", testContext());
    expect(value).toEqual({ echo: "hello" });
    expect(server.requests.length - before).toBe(2);
    server.fault(undefined);
    const once = (await modelOf("good").run(echoTask, "hello", testContext())).usage;
    expect(usage.inputTokens).toBeGreaterThan(once.inputTokens * 2);
    // The second reply is the same, so that what is above it was the first one's.
    expect(usage.outputTokens).toBeGreaterThan(once.outputTokens);
  });

  it.each(["wrong-schema", "not-json"])("fault 19: gives up after one repair of %s: schema_invalid", async (fault) => {
    const before = server.requests.length;
    const error = await errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("schema_invalid");
    expect(server.requests.length - before).toBe(2);
  });

  it.each(["bytes", "escapes", "comment", "no-done", "no-usage", "thinking"])(
    "fault 21: %s does not change the text",
    async (fault) => {
      const said = await say(modelOf(`fault-${fault}`), text);
      expect(said.error).toBeUndefined();
      expect(said.text).toBe(text);
      for (const piece of said.pieces) expect(() => encodeURIComponent(piece)).not.toThrow();
      expect(said.usage).toBeDefined();
    },
  );

  it("marks a reply that the endpoint cut off at its limit of tokens", async () => {
    expect((await say(modelOf("fault-length"), text)).text).toBe(`${text} […]`);
  });

  it("fault 21: a message without end is cut off as bad_response", async () => {
    const { error } = await say(modelOf("fault-huge-line"), text);
    expect(error?.errorClass).toBe("bad_response");
    expect(error?.message).toContain("longer");
    await soon(() => expect(server.open).toBe(0));
  });

  it("fault 22: an endless stream is cut at the cap, and its request ended", async () => {
    const said = await say(modelOf("fault-endless"), text);
    expect(said.error).toBeUndefined();
    expect(said.text.length).toBeGreaterThan(65_000);
    expect(said.text.length).toBeLessThan(66_000);
    await soon(() => expect(server.open).toBe(0));
  });

  const first = text.slice(0, 6);
  it.each([
    ["fault 6: ends without saying that it ends", "no-terminator", text],
    ["fault 6: is cut", "cut-2", text.slice(0, 12)],
    ["fault 7: holds an error", "error-in-stream", first],
    ["fault 7: is an error", "error-at-start", ""],
    ["fault 18: holds a part that is no JSON", "malformed", first],
    ["fault 18: is a page of HTML", "html", ""],
    ["fault 20: is empty", "empty", ""],
    ["fault 20: is blank", "blank", " \n"],
  ])("%s: bad_response, for a stream and for a structured result", async (_, fault, shown) => {
    const prints = (["log", "info", "warn", "error", "debug"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => {}),
    );
    const said = await say(modelOf(`fault-${fault}`), text);
    expect(said.error?.errorClass).toBe("bad_response");
    expect(said).toMatchObject({ text: shown, usage: undefined });
    const error = await errorOf(modelOf(`fault-${fault}`).run(echoTask, text, testContext()));
    expect(error.errorClass).toBe("bad_response");
    // Vendors print what they cannot read, and with it what was said.
    const printed = prints.flatMap((print) => print.mock.calls);
    for (const print of prints) print.mockRestore();
    expect(printed).toEqual([]);
    await soon(() => expect(server.open).toBe(0));
  });

  it("fault 5: a reset in mid-stream is network", async () => {
    const said = await say(modelOf("fault-reset-2"), text);
    expect(said.error?.errorClass).toBe("network");
    expect(text.startsWith(said.text)).toBe(true);
    const error = await errorOf(modelOf("fault-reset-2").run(echoTask, text, testContext()));
    expect(error.errorClass).toBe("network");
  });

  it("fault 8: a reset before the first byte is network", async () => {
    expect((await say(modelOf("fault-reset"), text)).error?.errorClass).toBe("network");
    expect((await errorOf(modelOf("fault-reset").run(echoTask, text, testContext()))).errorClass).toBe("network");
  });

  // Ollama has no filter.
  it.each(provider === "ollama" ? [] : ["a filter"])("a reply that %s withheld is content_filtered", async () => {
    expect((await say(modelOf("fault-filter"), text)).error?.errorClass).toBe("content_filtered");
    const error = await errorOf(modelOf("fault-filter").run(echoTask, "x", testContext()));
    expect(error.errorClass).toBe("content_filtered");
  });

  it("fault 4: a stall is ended by the caller's signal, and the request with it at once", async () => {
    const caller = new AbortController();
    const stream = modelOf("fault-stall-2").stream(sayTask, text, testContext({ signal: caller.signal }));
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const stalled = errorOf(iterator.next());
    expect(server.open).toBe(1);
    caller.abort();
    expect((await stalled).errorClass).toBe("aborted");
    await soon(() => expect(server.open).toBe(0));
  });

  it.each(["hang", "slow-60000", "stall-0"])("fault 2: a caller who leaves ends the request: %s", async (fault) => {
    const caller = new AbortController();
    const context = testContext({ signal: caller.signal });
    const work = [
      errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", context)),
      say(modelOf(`fault-${fault}`), "hello", context).then(({ error }) => error),
    ];
    await soon(() => expect(server.open).toBe(2));
    caller.abort();
    for (const error of await Promise.all(work)) expect(error?.errorClass).toBe("aborted");
    await soon(() => expect(server.open).toBe(0));
  });

  it("ends the request of a reader who has had enough", async () => {
    for await (const chunk of modelOf("fault-stall-3").stream(sayTask, text, testContext())) {
      expect(chunk.type).toBe("text");
      break;
    }
    await soon(() => expect(server.open).toBe(0));
  });

  it("ends its requests when it is closed", async () => {
    const model = modelOf("fault-hang");
    const work = errorOf(model.run(echoTask, "hello", testContext()));
    await soon(() => expect(server.open).toBe(1));
    await model.close?.();
    expect((await work).errorClass).toBe("network");
    await soon(() => expect(server.open).toBe(0));
  });

  it("fault 68: half a character in a prompt does not break the request", async () => {
    expect((await say(modelOf("good"), "a \ud83d b")).text).toBe("a \uFFFD b");
  });

  it.each<[string, string, ErrorClass]>([
    ["fault 9", "500", "server"],
    ["fault 9", "502", "server"],
    ["fault 9", "503", "server"],
    ["fault 9", "504", "server"],
    ["fault 9", "529", "server"],
    ["fault 9", "overloaded", "server"],
    ["fault 10", "400", "invalid_request"],
    ["fault 10", "413", "invalid_request"],
    ["fault 10", "422", "invalid_request"],
    ["fault 11", "401", "auth"],
    ["fault 11", "403", "auth"],
    ["fault 11", "bad-key", "auth"],
    ["fault 12", "404", "model_missing"],
    ["fault 13", "429-retry-after-2", "rate_limited"],
    ["fault 14", "429-retry-after-date-259200", "rate_limited"],
    ["fault 15", "429", "rate_limited"],
    ["fault 17", "quota-402", "quota"],
    ["a time limit of the endpoint", "408", "timeout"],
    ["a redirect", "redirect", "bad_response"],
  ])("%s: %s is %s, for a stream and for a structured result", async (_, fault, errorClass) => {
    const model = modelOf(`fault-${fault}`);
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe(errorClass);
    expect((await say(model, "hello")).error?.errorClass).toBe(errorClass);
    expect(server.requests.some((request) => request.path === "/elsewhere")).toBe(false);
  });

  it.each([
    ["429-retry-after-2", 2_000],
    ["429-retry-after-0.5", 500],
    ["429-retry-after-ms-300", 300],
    ["429-retry-after--5", 0],
    ["429-retry-after-259200", 3_600_000],
    ["429-retry-after-skewed-date-20", 20_000],
    ["429-ratelimit-reset-7", 7_000],
    ["503-retry-after-4", 4_000],
    ["529-retry-after-4", 4_000],
    ["408-retry-after-4", 4_000],
    ["429-hint-1.2", 1_200],
    ["429", undefined],
    ["500", undefined],
    ["401", undefined],
  ])("fault 13, 14: %s asks to wait for %s ms", async (fault, ms) => {
    const { error } = await say(modelOf(`fault-${fault}`), "hello");
    expect(error?.retryAfterMs).toBe(ms);
    const again = await errorOf(modelOf(`fault-${fault}`).run(echoTask, "hello", testContext()));
    expect(again.retryAfterMs).toBe(ms);
  });

  it("fault 13: reads when a limit is renewed from the provider's own fields", async () => {
    const { error } = await say(modelOf("fault-429-reset-390"), "hello");
    // The renewal of some is a time of day, in whole seconds.
    expect(error?.retryAfterMs).toBeGreaterThan(380_000);
    expect(error?.retryAfterMs).toBeLessThanOrEqual(391_000);
  });

  it("fault 11: no error holds the key, also when the endpoint repeats it", async () => {
    const { error } = await say(modelOf("fault-echo-key"), "hello");
    expect(error?.errorClass).toBe("auth");
    expect(`${error?.message} ${error?.stack} ${String(error?.cause)}`).not.toContain("Secret");
    expect(KEY).toContain("Secret");
  });
});
