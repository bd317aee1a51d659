import { describe, expect, it } from "vitest";
import { FailoverError } from "../../src/index.ts";
import { freePort } from "../support/free-port.ts";
import { COMPLETIONS, createRig, openAi, startFake, startPair, thrownBy, tokensIn } from "./rig.ts";

describe("FailoverChatModel.invoke", () => {
  it("says who served, with every attempt", async () => {
    const { first, second, model } = await startPair();
    const reply = await model.invoke("Hello");
    expect(reply.content).toBe("The first model speaks.");
    expect(reply.response_metadata).toMatchObject({
      served_by: "first",
      attempts: [{ model: "first", error_class: null }],
      model_provider: "openai",
      finish_reason: "stop",
    });
    expect(tokensIn(reply)).toBeGreaterThan(0);
    expect([first.count(COMPLETIONS), second.count(COMPLETIONS)]).toEqual([1, 0]);
  });

  it.each([
    ["fault 8: death before the first byte", "reset", "network"],
    ["fault 9: 500", "500", "server"],
    ["fault 9: 502", "502", "server"],
    ["fault 9: 503", "503", "server"],
    ["fault 9: 529", "529", "server"],
    ["fault 11: 401", "401", "auth"],
    ["fault 11: 403", "403", "auth"],
    ["fault 12: 404 for the model", "404", "model_missing"],
    ["fault 13: 429 with seconds", "429-retry-after-2", "rate_limited"],
    ["fault 15: 429 without a header", "429", "rate_limited"],
    ["fault 17: no quota", "quota", "quota"],
    ["billing as 400", "quota-400", "quota"],
    ["fault 18: HTML with 200", "html", "bad_response"],
    ["fault 7: an error in a 200", "error-in-stream", "bad_response"],
    ["fault 5: reset in the middle", "reset-1", "network"],
    ["fault 20: empty", "empty", "bad_response"],
    ["fault 20: blank", "blank", "bad_response"],
    ["the prompt is too long for it", "context", "context_overflow"],
  ])("%s: the next model answers, and nobody asks the first one twice", async (_, fault, errorClass) => {
    const { first, second, model } = await startPair();
    first.fault(fault);
    const reply = await model.invoke("Hello");
    expect(reply.content).toBe("The second model speaks.");
    expect(reply.response_metadata).toMatchObject({
      served_by: "second",
      attempts: [
        { model: "first", error_class: errorClass },
        { model: "second", error_class: null },
      ],
    });
    expect([first.count(COMPLETIONS), second.count(COMPLETIONS)]).toEqual([1, 1]);
  });

  it("fault 1: a closed port is the network", async () => {
    const second = await startFake();
    const closed = { url: `http://127.0.0.1:${await freePort()}/v1` };
    const { model } = createRig([
      ["first", closed],
      ["second", second],
    ]);
    const reply = await model.invoke("Hello");
    expect(reply.response_metadata["attempts"]).toMatchObject([{ model: "first", error_class: "network" }, {}]);
  });

  it.each([
    ["400", "invalid_request"],
    ["413", "invalid_request"],
    ["422", "invalid_request"],
    ["filter-400", "content_filtered"],
    ["filter", "content_filtered"],
  ])(
    "fault 10: %s is the caller's error: no other model is asked, no breaker hears of it",
    async (fault, errorClass) => {
      const { first, second, model } = await startPair({ failureThreshold: 1 });
      first.fault(fault);
      const error = await thrownBy(model.invoke("Hello"));
      expect(error).toBeInstanceOf(FailoverError);
      expect(error).toMatchObject({ errorClass, attempts: [{ model: "first", error_class: errorClass }] });
      expect(second.count(COMPLETIONS)).toBe(0);
      expect(model.status()).toMatchObject({ state: "ok", candidates: [{ state: "ready" }, { state: "ready" }] });
    },
  );

  it("fault 23: when all fail it throws, with every attempt: never a text", async () => {
    const { first, second, model } = await startPair();
    first.fault("429-retry-after-30");
    second.fault("429-retry-after-7");
    const error = await thrownBy(model.invoke("Hello"));
    expect(error).toBeInstanceOf(FailoverError);
    expect(error).toMatchObject({
      name: "FailoverError",
      errorClass: "rate_limited",
      retryAfterMs: 7_000,
      partial: false,
      attempts: [
        { model: "first", error_class: "rate_limited" },
        { model: "second", error_class: "rate_limited" },
      ],
    });
    expect((error as Error).message).toMatch(/^no model answered \(first: rate_limited after \d+ ms, second: /);
    expect((error as Error).cause).toMatchObject({ cause: { status: 429 } });
    // Nobody is asked again before the time: the error says so at once.
    const again = await thrownBy(model.invoke("Hello"));
    expect(again).toMatchObject({ errorClass: "rate_limited", attempts: [], retryAfterMs: 7_000 });
    expect((again as Error).message).toBe("no model answered (first: cooldown, second: cooldown)");
    expect([first.count(COMPLETIONS), second.count(COMPLETIONS)]).toEqual([1, 1]);
  });

  it("shows no key in an error", async () => {
    const { first, second, model } = await startPair();
    first.fault("echo-key");
    second.fault("echo-key");
    const error = await thrownBy(model.invoke("Hello"));
    expect(error).toMatchObject({ errorClass: "auth" });
    expect(String(error)).toContain("[key]");
    expect(JSON.stringify([String(error), model.status()])).not.toContain("0123456789");
  });

  it("batch: each call fails over for itself", async () => {
    const { first, model } = await startPair();
    first.fault("500");
    const replies = await model.batch(["a", "b", "c"], { maxConcurrency: 1 });
    expect(replies.map((reply) => reply.response_metadata["served_by"])).toEqual(["second", "second", "second"]);
  });

  it("keeps options that were bound to a model, and passes on those of the call", async () => {
    const fake = await startFake();
    const { model } = createRig([["first", fake, { model: openAi(fake).withConfig({ seed: 7 }) }]]);
    await model.invoke("Hello", { stop: ["END"] });
    expect(fake.requests[0]?.body).toMatchObject({ seed: 7, stop: ["END"] });
  });
});
