import { InMemoryCache } from "@langchain/core/caches";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it } from "vitest";
import { FailoverChatModel } from "../../src/index.ts";
import type { FakeModel } from "../../src/rehearsal/fake-model.ts";
import { openAi, startFake } from "./rig.ts";

const a = new ChatOpenAI({ model: "gpt-a", apiKey: "unused" });
const b = new ChatOpenAI({ model: "gpt-b", apiKey: "unused" });

describe("FailoverChatModel: options", () => {
  it.each<[string, () => unknown, string | RegExp]>([
    ["no model", () => new FailoverChatModel({ models: [] }), "models: nothing is given"],
    ["what is no model", () => new FailoverChatModel({ models: [{ model: 7 as never }] }), "models[0].model: 7 is not"],
    [
      "two equal names",
      () =>
        new FailoverChatModel({
          models: [
            { model: a, name: "x" },
            { model: b, name: "x" },
          ],
        }),
      'models[1].name: "x" is empty, taken or "none"',
    ],
    [
      "a name that is ours",
      () => new FailoverChatModel({ models: [{ model: a, name: "none" }] }),
      'models[0].name: "none"',
    ],
    [
      "a time of nothing",
      () => new FailoverChatModel({ models: [a], firstTokenMs: 0 }),
      /^firstTokenMs: 0 is not allowed; it takes a whole number, 1 to 600000$/,
    ],
    [
      "a model's own time",
      () => new FailoverChatModel({ models: [a, { model: b, timeoutMs: 1.5 }] }),
      "models[1].timeoutMs: 1.5 is not allowed",
    ],
    [
      "too many attempts",
      () => new FailoverChatModel({ models: [a], maxAttempts: 11 }),
      "maxAttempts: 11 is not allowed",
    ],
    ["a window of nothing", () => new FailoverChatModel({ models: [{ model: a, contextWindow: 0 }] }), "1 or more"],
  ])("%s is refused with the field, the value and what is allowed", (_, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });

  it("a timeout of a call is checked as well", async () => {
    await expect(new FailoverChatModel({ models: [a] }).invoke("Hello", { timeout: -1 })).rejects.toThrow(
      "timeout: -1 is not allowed",
    );
  });

  it("calls models by what they are called, with a number where two are called the same", () => {
    const model = new FailoverChatModel({ models: [a, b, a, a.withConfig({ seed: 1 })] });
    expect(model.status().ports).toEqual(["gpt-a", "gpt-b", "gpt-a#2", "gpt-a#3", "none"]);
  });

  it("takes LangChain's word for the window of a model that it knows", () => {
    const known = new ChatOpenAI({ model: "gpt-4o", apiKey: "unused" });
    expect(known.profile.maxInputTokens).toBe(128_000);
    const model = new FailoverChatModel({ models: [known] });
    expect(model.explain()[0]).toMatchObject({ verdict: "serves" });
  });

  it("shows no key when it is written down", async () => {
    const model = new FailoverChatModel({ models: [openAi(await startFake())] });
    const written = JSON.stringify([model, model.status(), model.toJSON()]);
    expect(written).not.toContain("sk-test");
  });

  it("its cached replies are its own, and say who wrote them", async () => {
    const cache = new InMemoryCache();
    const [one, other] = [await startFake(), await startFake()];
    const made = (name: string, fake: FakeModel) =>
      new FailoverChatModel({ models: [{ model: openAi(fake), name }], cache });
    await made("one", one).invoke("Hello");
    const again = await made("one", one).invoke("Hello");
    expect(again.response_metadata["served_by"]).toBe("one");
    expect((await made("other", other).invoke("Hello")).response_metadata["served_by"]).toBe("other");
    expect([one.requests.length, other.requests.length]).toEqual([1, 1]);
  });
});
