import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createOpenAiModel, type OpenAiModelOptions } from "../../../src/fallbacks/llm/openai.ts";
import { type FakeModel, startFakeModel } from "../../../src/rehearsal/fake-model.ts";
import { testContext } from "../../support/context.ts";
import { echoTask, errorOf, say } from "./model-tasks.ts";

const CHAT = "/v1/chat/completions";
let server: FakeModel;

beforeAll(async () => {
  server = await startFakeModel();
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

describe("a model behind the Chat Completions API: probe", () => {
  it("costs no tokens", async () => {
    const chats = server.count(CHAT);
    await modelOf("good").probe?.(testContext());
    expect(server.count(CHAT)).toBe(chats);
    expect(server.requests.at(-1)).toMatchObject({ method: "GET", path: "/v1/models" });
    expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer test-key-123");
    await vi.waitFor(() => expect(server.open).toBe(0));
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
    expect((await errorOf(modelOf("good").probe?.(testContext()) ?? Promise.resolve())).errorClass).toBe(errorClass);
  });

  it.each([404, 405])("takes an endpoint without a list of models (%s) for reachable", async (status) => {
    const plain = createServer((_, response) => response.writeHead(status).end("no such page"));
    const baseUrl = `http://127.0.0.1:${await portOf(plain)}/v1`;
    await modelOf("good", { baseUrl }).probe?.(testContext());
    plain.closeAllConnections();
    plain.close();
  });

  it("ends with its caller", async () => {
    server.fault("hang");
    const caller = new AbortController();
    const probe = errorOf(modelOf("good").probe?.(testContext({ signal: caller.signal })) ?? Promise.resolve());
    await vi.waitFor(() => expect(server.open).toBe(1));
    caller.abort();
    expect((await probe).errorClass).toBe("aborted");
    await vi.waitFor(() => expect(server.open).toBe(0));
  });
});

describe("a model behind the Chat Completions API: set-up", () => {
  it("opens nothing when it is made", () => {
    const before = server.requests.length;
    modelOf("good");
    expect(server.requests.length).toBe(before);
  });

  it("needs no key of a base URL of one's own, and sends none then", async () => {
    await modelOf("good", { apiKey: "" }).run(echoTask, "hello", testContext());
    expect(server.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it("sends credentials of the base URL as a header", async () => {
    const baseUrl = server.url.replace("//", "//anna:p%40ss@");
    await createOpenAiModel({ name: "primary", model: "good", baseUrl }).run(echoTask, "hello", testContext());
    const { authorization = "" } = server.requests.at(-1)?.headers ?? {};
    expect(Buffer.from(authorization.replace("Basic ", ""), "base64").toString()).toBe("anna:p@ss");
  });

  it.each(["", "example.com/v1", "ftp://example.com"])("refuses %j as a base URL", (baseUrl) => {
    expect(() => modelOf("good", { baseUrl })).toThrow(RangeError);
  });

  it("says how to install a package that is missing, to a call and to a probe", async () => {
    const load = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    const model = modelOf("good", { load });
    for (const work of [model.run(echoTask, "x", testContext()), model.probe?.(testContext()) ?? Promise.resolve()]) {
      const error = await errorOf(work);
      expect(error.errorClass).toBe("missing");
      expect(error.message).toContain("npm install @langchain/openai@1.5.8");
    }
    expect((await say(model, "x")).error?.errorClass).toBe("missing");
  });
});
