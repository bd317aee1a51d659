import { AIMessageChunk } from "@langchain/core/messages";
import { concat } from "@langchain/core/utils/stream";
import { describe, expect, it, vi } from "vitest";
import { FailoverError } from "../../src/index.ts";
import { COMPLETIONS, createRig, openAi, startFake, startPair, thrownBy, tokensIn } from "./rig.ts";

async function collect(stream: AsyncIterable<AIMessageChunk>) {
  const chunks: AIMessageChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const whole = chunks.reduce((left, right) => concat(left, right));
  return { chunks, whole, text: whole.text };
}

/** What of a stream was read before it failed, and how it failed. */
async function readUntilError(stream: Promise<AsyncIterable<AIMessageChunk>>) {
  let text = "";
  const error = await thrownBy(
    (async () => {
      for await (const chunk of await stream) text += chunk.text;
      return text;
    })(),
  );
  return { text, error };
}

describe("FailoverChatModel.stream", () => {
  it("gives the pieces as they come, and says who served in the first that it gives", async () => {
    const { model } = await startPair();
    const { chunks, whole, text } = await collect(await model.stream("Hello"));
    expect(text).toBe("The first model speaks.");
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks[0]?.response_metadata["served_by"]).toBe("first");
    expect(whole.response_metadata).toMatchObject({
      served_by: "first",
      model_provider: "openai",
      finish_reason: "stop",
      attempts: [{ model: "first", error_class: null }],
    });
    expect(tokensIn(whole)).toBeGreaterThan(0);
  });

  it.each([
    ["fault 8: death before the first byte", "reset", "network"],
    ["fault 9: 500", "500", "server"],
    ["fault 13: 429", "429-retry-after-2", "rate_limited"],
    ["fault 4: cut before the first content", "cut-0", "bad_response"],
    ["fault 5: reset before the first content", "reset-0", "network"],
    ["fault 20: empty", "empty", "bad_response"],
    ["fault 20: blank", "blank", "bad_response"],
    ["fault 18: HTML with 200", "html", "bad_response"],
  ])("%s: the next model answers, and the reader sees nothing of the first", async (_, fault, errorClass) => {
    const { first, model } = await startPair();
    first.fault(fault);
    const { text, whole } = await collect(await model.stream("Hello"));
    expect(text).toBe("The second model speaks.");
    expect(whole.response_metadata).toMatchObject({
      served_by: "second",
      attempts: [
        { model: "first", error_class: errorClass },
        { model: "second", error_class: null },
      ],
    });
    expect(first.count(COMPLETIONS)).toBe(1);
  });

  it.each([
    ["fault 5: reset in the middle", "reset-2", "network"],
    ["fault 6: a clean end without a terminator", "no-terminator", "bad_response"],
    ["fault 6: cut", "cut-2", "bad_response"],
    ["fault 7: an error inside a 200 stream", "error-in-stream", "bad_response"],
    ["fault 18: a malformed chunk", "malformed", "bad_response"],
  ])(
    "%s: is thrown after what was read, never a whole answer; the breaker hears of it",
    async (_, fault, errorClass) => {
      const { first, second, model } = await startPair({ failureThreshold: 1 });
      first.fault(fault);
      const { text, error } = await readUntilError(model.stream("Hello"));
      expect(text).not.toBe("");
      expect("The first model speaks.".startsWith(text)).toBe(true);
      expect(error).toBeInstanceOf(FailoverError);
      expect(error).toMatchObject({
        errorClass,
        partial: true,
        attempts: [{ model: "first", error_class: errorClass }],
      });
      // Models are never spliced.
      expect(second.count(COMPLETIONS)).toBe(0);
      expect(model.status().candidates).toMatchObject([
        { state: "open", lastErrorClass: errorClass },
        { state: "ready" },
      ]);
      const next = await collect(await model.stream("Hello"));
      expect(next.whole.response_metadata["served_by"]).toBe("second");
    },
  );

  it("fault 4: a stall after the first content is thrown at the idle limit, and ends the upstream request", async () => {
    const { first, model, clock } = await startPair({ idleMs: 4_000, failureThreshold: 1 });
    first.fault("stall-2");
    const pieces: string[] = [];
    const stream = await model.stream("Hello");
    const reading = thrownBy(
      (async () => {
        for await (const chunk of stream) pieces.push(chunk.text);
      })(),
    );
    await vi.waitFor(() => expect(pieces.join("")).toBe("The first mo"));
    await clock.advance(3_999);
    expect(first.open).toBe(1);
    await clock.advance(20);
    expect(await reading).toMatchObject({ errorClass: "timeout", partial: true });
    await vi.waitFor(() => expect(first.open).toBe(0));
    expect(model.status().candidates[0]).toMatchObject({ state: "open", lastErrorClass: "timeout" });
  });

  it("fault 2: a model that never begins is left at the first-token limit", async () => {
    const { first, model, clock } = await startPair();
    first.fault("hang");
    const reading = model.stream("Hello").then(collect);
    await vi.waitFor(() => expect(first.open).toBe(1));
    await clock.advance(5_010);
    expect((await reading).whole.response_metadata).toMatchObject({
      served_by: "second",
      attempts: [{ model: "first", error_class: "timeout" }, {}],
    });
    await vi.waitFor(() => expect(first.open).toBe(0));
  });

  it("the limit is on the first content, not on the first byte: the role alone does not lengthen it", async () => {
    const { first, model, clock } = await startPair();
    first.fault("stall-0");
    const reading = model.stream("Hello").then(collect);
    await vi.waitFor(() => expect(first.open).toBe(1));
    await clock.advance(5_010);
    expect((await reading).whole.response_metadata["served_by"]).toBe("second");
  });

  it("the time that the reader takes between two pieces is not the model's", async () => {
    const { first, model, clock } = await startPair({ idleMs: 1_000 });
    let text = "";
    for await (const chunk of await model.stream("Hello")) {
      text += chunk.text;
      await clock.advance(2_000);
    }
    expect(text).toBe("The first model speaks.");
    expect(first.count(COMPLETIONS)).toBe(1);
  });

  it("lazy streams: what fails at the first step of the iterator is inside of the failover", async () => {
    const { first, second, model } = await startPair();
    first.fault("500");
    const stream = await model.stream("Hello");
    const { text } = await collect(stream);
    expect(text).toBe("The second model speaks.");
    expect([first.count(COMPLETIONS), second.count(COMPLETIONS)]).toEqual([1, 1]);
  });

  it("a reader who breaks off ends the upstream request, and says nothing about the model", async () => {
    const { first, model } = await startPair({ failureThreshold: 1 });
    first.fault("stall-2");
    for await (const chunk of await model.stream("Hello")) if (chunk.content !== "") break;
    await vi.waitFor(() => expect(first.open).toBe(0));
    expect(model.status()).toMatchObject({ state: "ok", candidates: [{ state: "ready" }, { state: "ready" }] });
  });

  it("a model that does not stream gives its answer in one piece", async () => {
    const fake = await startFake({ answer: () => "Whole." });
    const whole = openAi(fake);
    whole.disableStreaming = true;
    const { model } = createRig([["first", fake, { model: whole }]]);
    const { text, whole: message } = await collect(await model.stream("Hello"));
    expect(text).toBe("Whole.");
    expect(fake.requests[0]?.body).not.toHaveProperty("stream", true);
    expect(message.response_metadata["served_by"]).toBe("first");
    expect(tokensIn(message)).toBeGreaterThan(0);
  });

  it("fault 23: when all fail before the first content it throws, with every attempt", async () => {
    const { first, second, model } = await startPair();
    first.fault("500");
    second.fault("429-retry-after-9");
    const { text, error } = await readUntilError(model.stream("Hello"));
    expect(text).toBe("");
    expect(error).toMatchObject({ errorClass: "rate_limited", partial: false, retryAfterMs: 5_000 });
    expect((error as FailoverError).attempts).toHaveLength(2);
  });
});
