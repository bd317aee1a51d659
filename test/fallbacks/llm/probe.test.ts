import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChatModel } from "../../../src/fallbacks/llm/chat-model.ts";
import { createModel } from "../../../src/fallbacks/llm/create-model.ts";
import { openAiProvider } from "../../../src/fallbacks/llm/openai.ts";
import type { FakeModel } from "../../../src/rehearsal/fake-model.ts";
import { testContext } from "../../support/context.ts";
import { createLocalServers } from "./local-servers.ts";
import { echoTask, errorOf, say, soon } from "./model-tasks.ts";
import { KEY, modelOf as modelAt, providerCases, startEcho } from "./provider-cases.ts";

const servers = createLocalServers();
let server: FakeModel;

beforeAll(async () => {
  server = await startEcho();
});
afterAll(() => server.close());
beforeEach(() => server.fault(undefined));

describe.each(providerCases)("a probe: $provider", ({ provider, path, list, key }) => {
  const probeOf = (model = modelAt(server, provider, "good"), context = testContext()) =>
    model.probe?.(context) ?? Promise.reject(new Error("there is no probe"));

  it("costs no tokens, and says who asks", async () => {
    const chats = server.count(path("good"));
    await probeOf();
    expect(server.count(path("good"))).toBe(chats);
    const last = server.requests.at(-1);
    expect(last).toMatchObject({ method: "GET", path: list });
    expect(last?.headers[key[0]]).toBe(key[1]);
    await soon(() => expect(server.open).toBe(0));
  });

  it.each([
    ["401", "auth"],
    ["500", "server"],
    ["529", "server"],
    ["429", "rate_limited"],
    ["reset", "network"],
    ["html", "bad_response"],
    ["redirect", "bad_response"],
  ])("meets an outage: %s is %s", async (fault, errorClass) => {
    server.fault(fault);
    expect((await errorOf(probeOf())).errorClass).toBe(errorClass);
  });

  it.each([404, 405])("takes an endpoint without a list of models (%s) for reachable", async (status) => {
    const port = await servers.start(createServer((_, response) => response.writeHead(status).end("no such page")));
    await probeOf(createModel({ provider, name: "primary", model: "good", baseUrl: `http://127.0.0.1:${port}` }));
  });

  it("ends with its caller", async () => {
    server.fault("hang");
    const caller = new AbortController();
    const probe = errorOf(probeOf(undefined, testContext({ signal: caller.signal })));
    await soon(() => expect(server.open).toBe(1));
    caller.abort();
    expect((await probe).errorClass).toBe("aborted");
    await soon(() => expect(server.open).toBe(0));
  });

  it("opens nothing when the model is made", () => {
    const before = server.requests.length;
    modelAt(server, provider, "good");
    expect(server.requests.length).toBe(before);
  });

  it("needs no key of a base URL of one's own, and sends none then", async () => {
    await modelAt(server, provider, "good", { apiKey: "" }).run(echoTask, "hello", testContext());
    expect(server.requests.at(-1)?.headers[key[0]]).toBeUndefined();
    expect(JSON.stringify(server.requests.at(-1)?.headers)).not.toContain("unused");
  });

  it("sends credentials of the base URL as a header", async () => {
    const baseUrl = server.url.replace("//", "//anna:p%40ss@");
    await probeOf(modelAt(server, provider, "good", { baseUrl, apiKey: "" })).catch(() => {
      // Not every provider's pages are below this address; that it asked is what counts.
    });
    const { authorization = "" } = server.requests.at(-1)?.headers ?? {};
    expect(Buffer.from(authorization.replace("Basic ", ""), "base64").toString()).toBe("anna:p@ss");
  });

  it.each(["", "example.com/v1", "ftp://example.com"])("refuses %j as a base URL", (baseUrl) => {
    expect(() => modelAt(server, provider, "good", { baseUrl })).toThrow(RangeError);
  });
});

describe("the base URL", () => {
  it.each([
    ["anthropic", "/v1"],
    ["anthropic", "/v1/"],
    ["google", "/v1beta"],
    ["groq", "/openai/v1"],
    ["ollama", "/api"],
  ] as const)("of %s may end in %s, as its documentation writes it", async (provider, ending) => {
    const baseUrl = new URL(server.url).origin + ending;
    expect((await say(modelAt(server, provider, "good", { baseUrl }), "hello")).text).toBe("hello");
  });
});

describe("a package that is not installed", () => {
  it("is missing, and a call and a probe say how to install it", async () => {
    const load = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    const options = { name: "primary", model: "good", baseUrl: server.url, apiKey: KEY };
    const model = createChatModel({ ...openAiProvider, load }, options);
    for (const work of [model.run(echoTask, "x", testContext()), model.probe?.(testContext()) ?? Promise.resolve()]) {
      const error = await errorOf(work);
      expect(error.errorClass).toBe("missing");
      expect(error.message).toContain("npm install @langchain/openai@1.5.8");
    }
    expect((await say(model, "x")).error?.errorClass).toBe("missing");
  });
});
