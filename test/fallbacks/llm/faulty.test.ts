import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createFaults, type Faults, parseFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../../src/fallbacks/core/layer.ts";
import { withFaults } from "../../../src/fallbacks/llm/faulty.ts";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import type { ChatModel, Usage } from "../../../src/fallbacks/llm/port.ts";
import type { FakeModel } from "../../../src/rehearsal/fake-model.ts";
import { modelContract } from "../../contracts/llm.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";
import { echoTask, errorOf, say, sayTask, soon } from "./model-tasks.ts";
import { modelOf, startEcho } from "./provider-cases.ts";

const ASKED = "/v1/chat/completions";
const LONG = "one two three four five six seven eight nine ten";

let fake: FakeModel;
beforeAll(async () => {
  fake = await startEcho();
});
afterAll(() => fake.close());
beforeEach(() => fake.fault(undefined));

function faultsOf(plan: string, random = () => 0): Faults {
  const faults = createFaults({ clock: createManualClock(), random });
  faults.set(parseFaults(plan));
  return faults;
}

/** A real model behind a plan, and how often it was asked. */
function faulty(plan: string, random?: () => number) {
  const before = fake.count(ASKED);
  const model = withFaults(modelOf(fake, "openai", "good"), faultsOf(plan, random));
  return { model, asked: () => fake.count(ASKED) - before };
}

modelContract("a model without faults in its answers", {
  create: () => faulty("llm:429;store:refuse").model,
  counts: true,
  emptyReply: "bad_response",
});

describe("a stream that breaks", () => {
  it.each([
    ["fault 5", "reset-after", "network", "the connection was reset"],
    ["fault 6", "cut-after", "bad_response", "the reply ends in the middle"],
  ])("%s: %s(2) ends it after two pieces, and the request with it", async (_, kind, errorClass, words) => {
    const { pieces } = await say(modelOf(fake, "openai", "good"), LONG);
    expect(pieces.length).toBeGreaterThan(2);
    const { model, asked } = faulty(`llm:${kind}(2)`);
    const said = await say(model, LONG);
    expect(said.pieces).toEqual(pieces.slice(0, 2));
    expect(said.usage).toBeUndefined();
    expect(said.error).toMatchObject({ errorClass, message: `primary: injected fault: ${words}` });
    expect(asked()).toBe(1);
    await soon(() => expect(fake.open).toBe(0));
  });

  it("is whole when it has fewer pieces, and broken when it has as many", async () => {
    const whole = await say(modelOf(fake, "openai", "good"), LONG);
    const count = whole.pieces.length;
    expect(await say(faulty(`llm:cut-after(${count + 1})`).model, LONG)).toEqual(whole);
    const broken = await say(faulty(`llm:cut-after(${count})`).model, LONG);
    expect(broken).toMatchObject({ text: LONG, usage: undefined, error: { errorClass: "bad_response" } });
  });

  it.each(["reset-after(0)", "cut-after(0)"])("%s asks nobody", async (mode) => {
    const { model, asked } = faulty(`llm:${mode}`);
    const said = await say(model, LONG);
    expect(said.pieces).toEqual([]);
    expect(said.error).toBeDefined();
    expect(asked()).toBe(0);
  });

  it.each([0, 2])("fault 4: stall-after(%i) is silent until the call is given up", async (pieces) => {
    const caller = new AbortController();
    const context = testContext({ signal: caller.signal });
    const stream = faulty(`llm:stall-after(${pieces})`).model.stream(sayTask, LONG, context)[Symbol.asyncIterator]();
    for (let i = 0; i < pieces; i += 1) expect(await stream.next()).toMatchObject({ value: { type: "text" } });
    const ended = vi.fn<(error: unknown) => void>();
    const next = stream.next().catch(ended);
    await soon(() => expect(fake.open).toBe(0));
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect(ended).not.toHaveBeenCalled();
    caller.abort();
    await next;
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ errorClass: "aborted" }));
    const gone = await say(faulty("llm:stall-after(0)").model, LONG, testContext({ signal: caller.signal }));
    expect(gone.error).toMatchObject({ errorClass: "aborted" });
  });

  it("fault 4: a layer gives up a stall at its limit on silence, and the next model answers", async () => {
    const clock = createManualClock();
    const faults = createFaults({ clock, random: () => 0 });
    const second: ChatModel = { ...modelOf(fake, "openai", "good"), name: "secondary" };
    const limits = { mode: "equal", timeoutMs: 20_000, firstMs: 5_000, idleMs: 3_000 } as const;
    const layer = createLayer<ChatModel>({
      name: "llm",
      configured: true,
      clock,
      random: () => 0,
      faults,
      words: { impact: { lower: "Simpler." }, down: "No answers.", action: "Look." },
      slots: [
        { port: withFaults(modelOf(fake, "openai", "good"), faultsOf("llm:stall-after(2)")), ...limits },
        { port: second, ...limits },
        { port: createMockModel(), mode: "lower" },
      ],
    });
    const pieces: string[] = [];
    const context = testContext({ clock });
    const served = layer.use(async (model, ctx) => {
      let usage: Usage | undefined;
      for await (const chunk of model.stream(sayTask, LONG, ctx)) {
        if (chunk.type === "usage") usage = chunk.usage;
        else pieces.push(chunk.text);
      }
      return usage;
    }, context);
    await soon(() => expect(pieces).toHaveLength(2));
    // The answer had begun, so that it is the limit on silence that counts.
    await clock.advance(2_999);
    expect(context.trail.attempts()).toEqual([]);
    await clock.advance(1);
    expect(await served).toMatchObject({ by: "secondary", value: { outputTokens: expect.any(Number) } });
    expect(context.trail.attempts()).toMatchObject([
      { by: "primary", errorClass: "timeout" },
      { by: "secondary", errorClass: null },
    ]);
    expect(pieces.slice(2).join("")).toBe(LONG);
  });
});

describe("an answer that is wrong from the start", () => {
  it.each([
    ["fault 18", "malformed", "the reply is malformed"],
    ["fault 20", "empty", "the reply is empty"],
  ])("%s: %s fails a result and a stream, and asks nobody", async (_, mode, words) => {
    const { model, asked } = faulty(`llm:${mode}`);
    const error = { errorClass: "bad_response", message: `primary: injected fault: ${words}` };
    expect(await errorOf(model.run(echoTask, "hello", testContext()))).toMatchObject(error);
    expect(await say(model, LONG)).toMatchObject({ pieces: [], error });
    expect(asked()).toBe(0);
  });

  it("fault 19: wrong-schema fails a result and leaves streams, and what else is wrong with them, alone", async () => {
    const { model } = faulty("llm:wrong-schema");
    expect(await errorOf(model.run(echoTask, "hello", testContext()))).toMatchObject({
      errorClass: "schema_invalid",
      message: "primary: injected fault: the result does not fit the schema",
    });
    expect(await say(model, LONG)).toMatchObject({ text: LONG, error: undefined });
    const both = faulty("llm:wrong-schema;llm:cut-after(1)").model;
    expect(await say(both, LONG)).toMatchObject({ pieces: { length: 1 }, error: { errorClass: "bad_response" } });
  });

  it.each([
    ["fault 5", "reset-after", "network"],
    ["fault 6", "cut-after", "bad_response"],
    ["fault 4", "stall-after", "timeout"],
  ])("%s: %s fails a structured result at once in its class", async (_, kind, errorClass) => {
    const { model, asked } = faulty(`llm:${kind}(3)`);
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe(errorClass);
    expect(asked()).toBe(0);
  });
});

describe("a model behind a plan", () => {
  it("fails the share of calls that was asked for, each drawn once", async () => {
    const draws = [0.29, 0.3, 0.29, 0.3];
    const { model, asked } = faulty("llm:malformed@0.3", () => draws.shift() ?? 1);
    expect((await errorOf(model.run(echoTask, "hello", testContext()))).errorClass).toBe("bad_response");
    expect((await model.run(echoTask, "hello", testContext())).value).toEqual({ echo: "hello" });
    expect((await say(model, LONG)).error).toBeDefined();
    expect((await say(model, LONG)).error).toBeUndefined();
    expect(draws).toEqual([]);
    expect(asked()).toBe(2);
  });

  it("follows a plan that is changed while it runs", async () => {
    const faults = faultsOf("");
    const model = withFaults(modelOf(fake, "openai", "good"), faults);
    expect((await say(model, LONG)).error).toBeUndefined();
    faults.set(parseFaults("llm:empty"));
    expect((await say(model, LONG)).error).toBeDefined();
    faults.set([]);
    expect((await say(model, LONG)).error).toBeUndefined();
  });

  it("passes on all that is no answer: name, traits, loading, a probe, closing", async () => {
    const port = modelOf(fake, "openai", "good", { contextWindow: 8_000 });
    const close = vi.fn<() => Promise<void>>(async () => port.close?.());
    const model = withFaults({ ...port, close }, faultsOf("llm:malformed"));
    expect(model.name).toBe("primary");
    expect(model.traits).toEqual({ contextWindow: 8_000, json: true, tools: true });
    await model.load?.();
    const before = fake.count("/v1/models");
    await model.probe?.(testContext());
    expect(fake.count("/v1/models")).toBe(before + 1);
    await model.close?.();
    expect(close).toHaveBeenCalledTimes(1);
    // What a model does not have is not made up: the layer would wait for it.
    expect(Object.keys(withFaults(createMockModel(), faultsOf(""))).sort()).toEqual(["name", "run", "stream"]);
  });

  it("tells of the first content and of life as the model does", async () => {
    const idle = { begin: vi.fn<() => void>(), restart: vi.fn<() => void>(), stop() {} };
    await say(faulty("llm:cut-after(2)").model, LONG, { ...testContext(), idle });
    expect(idle.begin).toHaveBeenCalledTimes(1);
    expect(idle.restart).toHaveBeenCalled();
  });
});
