import { describe, expect, it } from "vitest";
import { type ErrorClass, LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRedactor } from "../../../src/fallbacks/llm/redact.ts";
import { connectionError, refusalError } from "../../../src/fallbacks/llm/refusal.ts";

const same = (text: string) => text;

function classOf(status: number, body: unknown): ErrorClass {
  return refusalError("primary", { status, body: JSON.stringify(body) }, same).errorClass;
}

const openai = (code: string | null, message: string, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message = "x") => ({ type: "error", error: { type, message }, request_id: "req_1" });
const google = (code: number, status: string, message = "x", details: readonly object[] = []) => ({
  error: { code, status, message, details },
});
const info = (reason: string) => ({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason });
const quotaId = (id: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId: id }],
});

describe("the class of a refusal, as each provider words it", () => {
  it.each<[string, number, unknown, ErrorClass]>([
    ["OpenAI, fault 17", 429, openai("insufficient_quota", "You exceeded your current quota."), "quota"],
    ["OpenAI, fault 17", 403, openai("billing_hard_limit_reached", "x"), "quota"],
    ["OpenAI, fault 15", 429, openai("rate_limit_exceeded", "Rate limit reached."), "rate_limited"],
    ["OpenAI, fault 11", 401, openai("invalid_api_key", "Incorrect API key provided."), "auth"],
    ["OpenAI, fault 12", 404, openai("model_not_found", "The model `x` does not exist."), "model_missing"],
    ["OpenAI, fault 12", 403, openai("model_not_found", "No access to the model."), "model_missing"],
    ["OpenAI", 400, openai("context_length_exceeded", "maximum context length is 8192"), "context_overflow"],
    ["OpenAI", 400, openai("content_filter", "The prompt was filtered."), "content_filtered"],
    ["OpenAI, fault 9", 503, openai(null, "The engine is currently overloaded.", "server_error"), "server"],
    ["Anthropic, fault 9", 529, anthropic("overloaded_error", "Overloaded"), "server"],
    ["Anthropic, fault 9", 500, anthropic("api_error"), "server"],
    ["Anthropic, fault 10", 400, anthropic("invalid_request_error"), "invalid_request"],
    ["Anthropic, fault 10", 413, anthropic("request_too_large"), "invalid_request"],
    ["Anthropic, fault 11", 401, anthropic("authentication_error", "invalid x-api-key"), "auth"],
    ["Anthropic, fault 11", 403, anthropic("permission_error"), "auth"],
    ["Anthropic, fault 12", 404, anthropic("not_found_error", "model: x"), "model_missing"],
    ["Anthropic, fault 15", 429, anthropic("rate_limit_error"), "rate_limited"],
    ["Anthropic, fault 17", 402, anthropic("billing_error"), "quota"],
    [
      "Anthropic, fault 17",
      400,
      anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
      "quota",
    ],
    ["Anthropic", 400, anthropic("invalid_request_error", "prompt is too long: 2 > 1 maximum"), "context_overflow"],
    [
      "Anthropic",
      400,
      anthropic("invalid_request_error", "Output blocked by content filtering policy"),
      "content_filtered",
    ],
    ["Google, fault 9", 503, google(503, "UNAVAILABLE", "The model is overloaded."), "server"],
    ["Google, fault 9", 500, google(500, "INTERNAL"), "server"],
    ["Google, fault 9", 504, google(504, "DEADLINE_EXCEEDED"), "server"],
    ["Google, fault 10", 400, google(400, "INVALID_ARGUMENT"), "invalid_request"],
    ["Google, fault 11", 400, google(400, "INVALID_ARGUMENT", "API key not valid."), "auth"],
    ["Google, fault 11", 400, google(400, "INVALID_ARGUMENT", "x", [info("API_KEY_INVALID")]), "auth"],
    ["Google, fault 11", 403, google(403, "PERMISSION_DENIED"), "auth"],
    ["Google, fault 12", 404, google(404, "NOT_FOUND", "models/x is not found"), "model_missing"],
    ["Google, fault 15", 429, google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."), "rate_limited"],
    ["Google, fault 15", 429, [google(429, "RESOURCE_EXHAUSTED")], "rate_limited"],
    [
      "Google, fault 15",
      429,
      google(429, "RESOURCE_EXHAUSTED", "x", [quotaId("GenerateRequestsPerMinutePerProject")]),
      "rate_limited",
    ],
    [
      "Google, fault 17",
      429,
      google(429, "RESOURCE_EXHAUSTED", "x", [quotaId("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]),
      "quota",
    ],
    ["Google, fault 17", 403, google(403, "PERMISSION_DENIED", "x", [info("BILLING_DISABLED")]), "quota"],
    [
      "Google",
      400,
      google(400, "INVALID_ARGUMENT", "The input token count (12) exceeds the maximum number of tokens allowed (10)."),
      "context_overflow",
    ],
    ["Groq, fault 15", 413, openai("rate_limit_exceeded", "Request too large: tokens per minute."), "rate_limited"],
    ["Groq, fault 12", 400, openai("model_decommissioned", "It has been decommissioned."), "model_missing"],
    ["Groq, fault 19", 400, openai("json_validate_failed", "Failed to generate JSON."), "schema_invalid"],
    ["Ollama, fault 12", 404, { error: "model 'x' not found" }, "model_missing"],
    ["Ollama, fault 12", 400, { error: "model 'x' not found, try pulling it first" }, "model_missing"],
    ["Ollama, fault 9", 503, { error: "server busy, please try again. maximum pending requests exceeded" }, "server"],
    ["Ollama, fault 9", 500, { error: "model requires more system memory" }, "server"],
    ["Ollama, fault 17", 429, { error: "you have reached your weekly usage limit, please upgrade" }, "quota"],
    ["others", 402, { error: { message: "Insufficient Balance" } }, "quota"],
    ["others", 400, { error: { code: 400, type: "exceed_context_size_error", message: "big" } }, "context_overflow"],
    ["others", 405, "no", "bad_response"],
    ["others", 307, "", "bad_response"],
    ["others", 408, "", "timeout"],
    // What a user wrote, repeated in a message, decides nothing.
    ["others", 422, { detail: [{ loc: ["body"], msg: "invalid", input: "my billing is wrong" }] }, "invalid_request"],
    ["others", 400, { error: { message: "constructor" } }, "invalid_request"],
    ["others", 400, { error: { code: "constructor", message: "x" } }, "invalid_request"],
  ])("%s: HTTP %s with %j is %s", (_, status, body, errorClass) => {
    expect(classOf(status, body)).toBe(errorClass);
  });

  it("keeps the time that was asked for where waiting helps, and nowhere else", () => {
    const waitOf = (status: number) =>
      refusalError("primary", { status, headers: new Headers({ "retry-after": "3" }), body: "" }, same).retryAfterMs;
    expect([408, 429, 500, 502, 503, 504, 529].map(waitOf)).toEqual(Array.from({ length: 7 }, () => 3_000));
    expect([400, 401, 402, 403, 404, 405, 413, 422].map(waitOf)).toEqual(Array.from({ length: 8 }, () => undefined));
  });
});

describe("the class of what the network threw", () => {
  const withCode = (code: string) => Object.assign(new Error("it failed"), { code });

  it.each<[unknown, ErrorClass]>([
    [withCode("ECONNREFUSED"), "network"],
    [withCode("ENOTFOUND"), "network"],
    [withCode("CERT_HAS_EXPIRED"), "network"],
    [withCode("UND_ERR_SOCKET"), "network"],
    [new TypeError("fetch failed", { cause: withCode("ECONNRESET") }), "network"],
    [withCode("ETIMEDOUT"), "timeout"],
    [new TypeError("fetch failed", { cause: withCode("UND_ERR_CONNECT_TIMEOUT") }), "timeout"],
    [withCode("UND_ERR_INVALID_ARG"), "bad_response"],
    [new Error("what is this?"), "bad_response"],
    ["a text", "bad_response"],
    [new Error("wrapped", { cause: new LayerError("timeout", "no connection") }), "timeout"],
  ])("%s is %s", (thrown, errorClass) => {
    const error = connectionError("primary", thrown, same);
    expect(error.errorClass).toBe(errorClass);
    expect(error.message).toMatch(/^primary: ./);
  });
});

describe("the text of an error", () => {
  it("is one line of at most 200 characters, without markup, credentials and halves of characters", () => {
    const redact = createRedactor(["k-1"]);
    expect(redact("<h1>Bad\n gateway</h1> at http://anna:secret@host/ with k-1, sk-live_abc and Bearer abc.def")).toBe(
      "Bad gateway at http://[key]@host/ with [key], [key] and Bearer [key]",
    );
    expect(redact("gsk_abcDEF123 and AIzaSyA-abc_1 at https://host/v1?key=abc&alt=sse")).toBe(
      "[key] and [key] at https://host/v1?key=[key]&alt=sse",
    );
    expect(Array.from(redact("😀".repeat(500)))).toHaveLength(200);
    expect(redact("a\ud83d\u0000b")).toBe("a\uFFFD b");
    expect(redact("")).toBe("");
  });
});
