import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ErrorClass } from "../../../src/fallbacks/core/errors.ts";
import { createOpenAiModel } from "../../../src/fallbacks/llm/openai.ts";
import { createRedactor, refusalError } from "../../../src/fallbacks/llm/openai-errors.ts";
import { type FakeModel, startFakeModel } from "../../../src/rehearsal/fake-model.ts";
import { testContext } from "../../support/context.ts";
import { echoTask, errorOf, say } from "./model-tasks.ts";
import { certificate } from "./self-signed.ts";

const KEY = "sk-proj-Very0Secret-key";
let server: FakeModel;
const started: Server[] = [];

beforeAll(async () => {
  server = await startFakeModel();
});
afterAll(() => server.close());
afterEach(async () => {
  for (const other of started.splice(0)) await new Promise((resolve) => other.close(resolve));
});

/** Starts to listen on a free port. */
async function portOf(other: Server): Promise<number> {
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  started.push(other);
  return (other.address() as AddressInfo).port;
}

function modelAt(baseUrl: string, model = "good") {
  return createOpenAiModel({ name: "primary", model, baseUrl, apiKey: KEY });
}

/** The errors of the three ways to ask: they must be the same. */
async function everyWay(baseUrl: string, model?: string) {
  const port = modelAt(baseUrl, model);
  const streamed = (await say(port, "hello")).error;
  return [await errorOf(port.run(echoTask, "hello", testContext())), ...(streamed ? [streamed] : [])];
}

describe("the class of a refusal", () => {
  it.each<[string, string, ErrorClass]>([
    ["fault 9", "500", "server"],
    ["fault 9", "502", "server"],
    ["fault 9", "503", "server"],
    ["fault 9", "504", "server"],
    ["fault 9", "529", "server"],
    ["fault 10", "400", "invalid_request"],
    ["fault 10", "413", "invalid_request"],
    ["fault 10", "422", "invalid_request"],
    ["fault 11", "401", "auth"],
    ["fault 11", "403", "auth"],
    ["fault 12", "404", "model_missing"],
    ["fault 13", "429-retry-after-2", "rate_limited"],
    ["fault 14", "429-retry-after-date-259200", "rate_limited"],
    ["fault 15", "429", "rate_limited"],
    ["fault 17", "quota", "quota"],
    ["fault 17", "quota-400", "quota"],
    ["fault 17", "quota-402", "quota"],
    ["fault 17", "quota-403", "quota"],
    ["a time limit of the endpoint", "408", "timeout"],
    ["a prompt that is too long", "context", "context_overflow"],
    ["a prompt that is too long, in words", "context-words", "context_overflow"],
    ["a filtered prompt", "filter-400", "content_filtered"],
    ["a method that is not allowed", "405", "bad_response"],
    ["a redirect", "redirect", "bad_response"],
  ])("%s: %s is %s", async (_, fault, errorClass) => {
    const errors = await everyWay(server.url, `fault-${fault}`);
    expect(errors.map((error) => error.errorClass)).toEqual([errorClass, errorClass]);
    for (const error of errors) expect(error.message).toMatch(/^primary: HTTP \d{3}/);
  });

  it.each<[number, unknown, ErrorClass]>([
    [
      400,
      { error: { message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT" } },
      "auth",
    ],
    [400, { error: "model 'x' not found, try pulling it first" }, "model_missing"],
    [400, { error: { code: "model_decommissioned", message: "The model has been decommissioned." } }, "model_missing"],
    [403, { error: { code: "model_not_found", message: "No access to the model." } }, "model_missing"],
    [400, { error: { code: 400, type: "exceed_context_size_error", message: "too big" } }, "context_overflow"],
    [400, { error: { code: "json_validate_failed", message: "Failed to generate JSON." } }, "schema_invalid"],
    [413, { error: { code: "rate_limit_exceeded", message: "Request too large: tokens per minute." } }, "rate_limited"],
    [429, [{ error: { code: 429, message: "You exceeded your current quota, see billing." } }], "rate_limited"],
    [422, { detail: [{ loc: ["body"], msg: "invalid", input: "my billing is wrong" }] }, "invalid_request"],
    [400, { error: { message: "constructor" } }, "invalid_request"],
    [400, { error: { code: "constructor", message: "x" } }, "invalid_request"],
  ])("HTTP %s with %j is %s", (status, body, errorClass) => {
    const error = refusalError("primary", { status, body: JSON.stringify(body) }, (text) => text);
    expect(error.errorClass).toBe(errorClass);
  });
});

describe("the class of a connection that fails", () => {
  it("fault 1: refused is network", async () => {
    const closed = createTcpServer();
    const port = await portOf(closed);
    await new Promise((resolve) => started.pop()?.close(resolve));
    for (const error of await everyWay(`http://127.0.0.1:${port}/v1`)) {
      expect(error.errorClass).toBe("network");
      expect(error.message).toContain("ECONNREFUSED");
    }
  });

  it("fault 8: a reset before the first byte is network", async () => {
    for (const error of await everyWay(server.url, "fault-reset")) expect(error.errorClass).toBe("network");
  });

  it("a reset in the middle of a whole reply is network", async () => {
    const error = await errorOf(modelAt(server.url, "fault-reset-1").run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("network");
  });

  it("fault 24: a name that does not exist is network", async () => {
    for (const error of await everyWay("http://no-such-host.invalid/v1")) expect(error.errorClass).toBe("network");
  });

  it("fault 25: a certificate that nobody vouches for is network, and nothing is sent", async () => {
    let asked = 0;
    const secure = createTlsServer(certificate, (_, response) => {
      asked += 1;
      response.end("{}");
    });
    secure.on("tlsClientError", () => {
      // The client goes away in the handshake, as it should.
    });
    const port = await portOf(secure);
    for (const error of await everyWay(`https://127.0.0.1:${port}/v1`)) expect(error.errorClass).toBe("network");
    expect(asked).toBe(0);
  });

  it("fault 25: what is no TLS, and a reset in the handshake, are network", async () => {
    const plain = await portOf(createHttpServer((_, response) => response.end()));
    const resetting = await portOf(createTcpServer((socket) => socket.resetAndDestroy()));
    for (const port of [plain, resetting]) {
      for (const error of await everyWay(`https://127.0.0.1:${port}/v1`)) expect(error.errorClass).toBe("network");
    }
  });

  it.each(["malformed", "html", "error-in-stream", "empty", "blank"])(
    "fault 18, 20: a whole reply that is %s is bad_response",
    async (fault) => {
      const error = await errorOf(modelAt(server.url, `fault-${fault}`).run(echoTask, "hello", testContext()));
      expect(error.errorClass).toBe("bad_response");
    },
  );

  it.each([
    "null",
    "[]",
    '"text"',
    "{}",
    '{"choices":null}',
    '{"choices":[null]}',
    '{"choices":[{"message":{"content":7}}]}',
  ])("garbage in a whole reply is bad_response: %s", async (body) => {
    const garbage = createHttpServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(body);
    });
    const port = await portOf(garbage);
    const error = await errorOf(modelAt(`http://127.0.0.1:${port}/v1`).run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("bad_response");
    garbage.closeAllConnections();
  });

  it.each(["null", "7", "{}", '{"choices":null}', '{"choices":[{"delta":{"content":7},"finish_reason":"stop"}]}'])(
    "garbage in a stream is bad_response: %s",
    async (data) => {
      const garbage = createHttpServer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(`data: ${data}\n\ndata: [DONE]\n\n`);
      });
      const port = await portOf(garbage);
      expect((await say(modelAt(`http://127.0.0.1:${port}/v1`), "hello")).error?.errorClass).toBe("bad_response");
      garbage.closeAllConnections();
    },
  );
});

describe("the text of an error", () => {
  it("fault 11: never holds the key, also when the endpoint repeats it", async () => {
    const print = vi.spyOn(process.stderr, "write");
    for (const error of await everyWay(server.url, "fault-echo-key")) {
      expect(error.message).toContain("Incorrect API key provided: Bearer [key]");
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("Secret");
    }
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });

  it("does not hold a key that cannot be sent", async () => {
    const port = createOpenAiModel({ name: "primary", model: "m", baseUrl: server.url, apiKey: "Very0Secret\nkey" });
    const error = await errorOf(port.run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("bad_response");
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("Secret");
  });

  it("is one line of at most 200 characters, without markup, credentials and halves of characters", () => {
    const redact = createRedactor(["k-1"]);
    expect(redact("<h1>Bad\n gateway</h1> at http://anna:secret@host/ with k-1, sk-live_abc and Bearer abc.def")).toBe(
      "Bad gateway at http://[key]@host/ with [key], [key] and Bearer [key]",
    );
    expect(Array.from(redact("😀".repeat(500)))).toHaveLength(200);
    expect(redact("a\ud83d\u0000b")).toBe("a\uFFFD b");
    expect(redact("")).toBe("");
  });
});
