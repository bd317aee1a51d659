import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { keyOf, postJson, recordingLog, type ServerChange, startServer } from "./test-server.ts";

const body = { model: "understudy", messages: [{ role: "user", content: "hi" }] };

interface Refused {
  readonly status: number;
  readonly headers: Headers;
  readonly error: { readonly message: string; readonly type: string; readonly param: unknown; readonly code: string };
}

/** Holds every refusal to the shape of the protocol. */
async function refused(response: Response): Promise<Refused> {
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  const json = (await response.json()) as Refused;
  expect(Object.keys(json)).toEqual(["error"]);
  expect(Object.keys(json.error)).toEqual(["message", "type", "param", "code"]);
  expect(json.error.message).not.toBe("");
  return { status: response.status, headers: response.headers, error: json.error };
}

async function failing(error: Error, change: ServerChange = {}): Promise<Refused> {
  const chat: Chat = {
    async run() {
      throw error;
    },
  };
  const { url } = await startServer({ chat, ...change });
  return refused(await postJson(`${url}/v1/chat/completions`, body));
}

describe("errors in the OpenAI protocol", () => {
  it("a missing key, a wrong one, and one without the role", async () => {
    const { url } = await startServer({ settings: { authMode: "required" } });
    const ask = async (headers: Record<string, string>) =>
      refused(await postJson(`${url}/v1/chat/completions`, body, headers));
    const none = await ask({});
    expect([none.status, none.error.type, none.error.code]).toEqual([401, "invalid_request_error", "invalid_api_key"]);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    const wrong = await ask({ authorization: "Bearer sk-this-key-is-not-known-here" });
    expect([wrong.status, wrong.error.code]).toEqual([401, "invalid_api_key"]);
    expect(JSON.stringify(wrong.error)).not.toContain("sk-this");
    const operator = await ask({ authorization: `Bearer ${keyOf("operator")}` });
    expect([operator.status, operator.error.code]).toEqual([403, "forbidden"]);
    const models = await refused(await fetch(`${url}/v1/models`));
    expect([models.status, models.error.code]).toEqual([401, "invalid_api_key"]);
  });

  it("what does not exist, and what is not done with it", async () => {
    const { url } = await startServer();
    const nothing = await refused(await postJson(`${url}/v1/embeddings`, {}));
    expect([nothing.status, nothing.error.code]).toEqual([404, "not_found"]);
    const method = await refused(await fetch(`${url}/v1/chat/completions`));
    expect([method.status, method.error.code, method.headers.get("allow")]).toEqual([
      405,
      "method_not_allowed",
      "POST",
    ]);
    const elsewhere = await fetch(`${url}/v1beta`);
    expect(elsewhere.headers.get("content-type")).toContain("application/problem+json");
  });

  it.each([
    ["no JSON", '{"model":', {}, 400, "invalid_json"],
    ["no object", "[]", {}, 400, "invalid_request"],
    ["no body", "", {}, 400, "invalid_request"],
    ["another type", "hi", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["an unknown compression", "{}", { "content-encoding": "snappy" }, 415, "unsupported_media_type"],
    ["a page of another website", "{}", { origin: "https://evil.example" }, 403, "origin_not_allowed"],
  ])("a body or a sender that is not read: %s", async (_name, text, headers, status, code) => {
    const { url } = await startServer();
    const answer = await refused(await postJson(`${url}/v1/chat/completions`, text, headers));
    expect([answer.status, answer.error.type, answer.error.param, answer.error.code]).toEqual([
      status,
      "invalid_request_error",
      null,
      code,
    ]);
  });

  it("too many requests, and too many turns at once: later", async () => {
    const { url } = await startServer({ settings: { requestsPerMinute: 1 } });
    expect((await fetch(`${url}/v1/models`)).status).toBe(200);
    const requests = await refused(await fetch(`${url}/v1/models`));
    expect([requests.status, requests.error.type, requests.error.code]).toEqual([
      429,
      "rate_limit_error",
      "rate_limit_exceeded",
    ]);
    expect(Number(requests.headers.get("retry-after"))).toBeGreaterThan(0);
    const turns = await failing(new Problem("too_many_turns", "8 turns are running", { retryAfterS: 1 }));
    expect([turns.status, turns.error.code, turns.headers.get("retry-after")]).toEqual([
      429,
      "rate_limit_exceeded",
      "1",
    ]);
    expect(turns.headers.get("x-should-retry")).toBeNull();
    const tokens = await failing(new Problem("token_budget_exhausted", "all used", { retryAfterS: 40_000 }));
    expect([tokens.status, tokens.error.type, tokens.error.code]).toEqual([
      429,
      "rate_limit_error",
      "insufficient_quota",
    ]);
    expect(tokens.headers.get("x-should-retry")).toBe("false");
  });

  it("fault 23: all models are away and nothing stands in: when to come again, and no loop until then", async () => {
    const answer = await failing(new Problem("model_unavailable", "no model could answer", { retryAfterS: 6.2 }));
    expect([answer.status, answer.error.type, answer.error.code]).toEqual([503, "server_error", "model_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it.each<[string, Error, number, string, string | null]>([
    ["the deadline has passed", new Problem("deadline_exceeded", "late"), 504, "deadline_exceeded", "false"],
    ["a defect", new Error("secret"), 500, "internal", "false"],
    [
      "a wait of an hour",
      new Problem("store_unavailable", "no", { retryAfterS: 3_600 }),
      503,
      "store_unavailable",
      "false",
    ],
    ["the store is away", new Problem("store_unavailable", "no", { retryAfterS: 5 }), 503, "store_unavailable", null],
    ["the server goes away", new Problem("shutting_down", "no", { retryAfterS: 1 }), 503, "shutting_down", null],
    ["a layer is away", new LayerError("network", "secret"), 503, "store_unavailable", null],
  ])("whether a client should repeat by itself: %s", async (_name, error, status, code, shouldRetry) => {
    const answer = await failing(error, { log: recordingLog() });
    expect([answer.status, answer.error.type, answer.error.code]).toEqual([status, "server_error", code]);
    expect(answer.headers.get("x-should-retry")).toBe(shouldRetry);
    expect(JSON.stringify(answer.error)).not.toContain("secret");
  });
});
