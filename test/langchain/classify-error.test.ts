import { ContextOverflowError } from "@langchain/core/errors";
import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createRedactor } from "../../src/fallbacks/llm/redact.ts";
import { classifyError } from "../../src/langchain/classify-error.ts";

const source = { name: "m", redact: createRedactor(["secret"]), now: () => new Date("2026-01-15T10:00:00Z") };

function make(fields: object, message = "It failed.", type: new (message: string) => Error = Error): Error {
  return Object.assign(new type(message), fields);
}

describe("classifyError", () => {
  it.each<[string, unknown, string, number | undefined]>([
    ["a status", make({ status: 503 }), "server", undefined],
    [
      "the status of a response, as axios has it",
      make({ response: { status: 429, headers: { "retry-after": "3" } } }),
      "rate_limited",
      3_000,
    ],
    ["a status of another name", make({ statusCode: 401 }), "auth", undefined],
    ["a status of Ollama's name", make({ status_code: 404, error: "model 'x' not found" }), "model_missing", undefined],
    [
      "headers as Headers",
      make({ status: 429, headers: new Headers({ "retry-after-ms": "250" }) }),
      "rate_limited",
      250,
    ],
    ["a date", make({ status: 503, headers: { "retry-after": "Thu, 15 Jan 2026 10:00:09 GMT" } }), "server", 9_000],
    ["a code in the body", make({ status: 429, error: { code: "insufficient_quota" } }), "quota", undefined],
    [
      "a whole body, as Anthropic's SDK has it",
      make({ status: 529, error: { type: "error", error: { type: "overloaded_error" } } }),
      "server",
      undefined,
    ],
    [
      "details, as Google's SDK has them",
      make({ status: 429, errorDetails: [{ retryDelay: "39s" }] }),
      "rate_limited",
      39_000,
    ],
    ["the status of the cause", make({ cause: make({ status: 500 }) }), "server", undefined],
    [
      "an error in a stream, without a status",
      make({ error: { code: "rate_limit_exceeded" } }),
      "rate_limited",
      undefined,
    ],
    ["an error in a stream that says nothing more", make({ error: { message: "Oops" } }), "bad_response", undefined],
    ["a status that is none", make({ status: 200 }), "server", undefined],
    [
      "the network, deep in the causes",
      make({ cause: make({ cause: make({ code: "ECONNREFUSED" }) }) }),
      "network",
      undefined,
    ],
    [
      "a broken connection",
      make({ cause: make({ code: "UND_ERR_SOCKET" }) }, "terminated", TypeError),
      "network",
      undefined,
    ],
    ["a certificate", make({ code: "CERT_HAS_EXPIRED" }), "network", undefined],
    ["a time limit of the connection", make({ code: "UND_ERR_CONNECT_TIMEOUT" }), "timeout", undefined],
    ["a time limit by name", make({ name: "TimeoutError" }), "timeout", undefined],
    ["an abort that nobody asked for", make({ name: "AbortError" }), "timeout", undefined],
    [
      "LangChain's word for a long prompt",
      ContextOverflowError.fromError(make({ status: 400 })),
      "context_overflow",
      undefined,
    ],
    ["no JSON", new SyntaxError("Unexpected token"), "bad_response", undefined],
    [
      "an answer without the fields of one",
      new TypeError("Cannot read properties of undefined"),
      "bad_response",
      undefined,
    ],
    ["a package that is not there", make({ code: "ERR_MODULE_NOT_FOUND" }), "missing", undefined],
    ["an error that says nothing", new Error("?"), "server", undefined],
    ["a text", "out of order", "server", undefined],
    ["nothing", undefined, "server", undefined],
  ])("%s", (_, thrown, errorClass, retryAfterMs) => {
    const error = classifyError(source, thrown);
    expect(error).toMatchObject({ errorClass, retryAfterMs });
    expect(error.cause).toBe(thrown);
    expect(error.message.startsWith("m: ")).toBe(true);
  });

  it("keeps what is classified", () => {
    const error = new LayerError("quota", "q");
    expect(classifyError(source, error)).toBe(error);
  });

  it("survives causes that go round in a circle", () => {
    const one = make({});
    one.cause = make({ cause: one });
    expect(classifyError(source, one).errorClass).toBe("server");
  });

  it("shows no secret", () => {
    expect(classifyError(source, make({ status: 401 }, "Bad key secret")).message).toBe("m: HTTP 401: Bad key [key]");
    expect(classifyError(source, new Error("Bad key secret")).message).toBe("m: Bad key [key]");
  });
});
