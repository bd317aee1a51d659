import { describe, expect, it } from "vitest";
import { lintChain } from "../../src/commands/chain-lint.ts";
import type { LlmConfig, ModelConfig } from "../../src/config/llm.ts";

const model = (name: string, change: Partial<ModelConfig> = {}): ModelConfig => ({
  name,
  provider: "openai",
  model: `${name}-1`,
  baseUrl: `https://${name}.example/v1`,
  timeoutMs: 15_000,
  firstTokenMs: 5_000,
  idleMs: 10_000,
  contextWindow: undefined,
  price: null,
  ...change,
});

const chain = (models: readonly ModelConfig[], change: Partial<LlmConfig> = {}): LlmConfig => ({
  models,
  fallback: "mock",
  cooldownMs: 60_000,
  maxAttempts: 3,
  tiers: [],
  callers: {},
  prefers: {},
  ...change,
});

const keys: Readonly<Record<string, string>> = { first: "key-one", again: "key-one", other: "key-two" };

function lint(llm: LlmConfig, deadlineMs = 30_000): readonly string[] {
  return lintChain(llm, { deadlineMs, keyOf: (name) => keys[name] }).map(
    ({ severity, text }) => `${severity}: ${text}`,
  );
}

const first = model("first");
const second = model("second");
const third = model("third");

describe("chain lint", () => {
  it("has nothing to say of two different models, of one with the mock behind it, and of none", () => {
    expect(lint(chain([first, second]))).toEqual([]);
    expect(lint(chain([first]))).toEqual([]);
    expect(lint(chain([], { fallback: "none" }))).toEqual([]);
  });

  it("the same model at the same address with the same key is no second one", () => {
    const again = { ...first, name: "again" };
    expect(lint(chain([first, again]))).toEqual([
      "warning: again is first once more: same endpoint, model and key; what fails one fails both",
      "note: all models are at first.example: when it is away, all of them are",
    ]);
    expect(lint(chain([first, { ...first, name: "other" }, second]))).toEqual([]);
    expect(lint(chain([first, { ...again, model: "x" }, second]))).toEqual([]);
    expect(lint(chain([first, again])).join()).not.toContain("key-one");
  });

  it("all models at one provider are a single point of failure", () => {
    const own = (name: string) => model(name, { provider: "anthropic", baseUrl: undefined });
    expect(lint(chain([own("first"), own("second")]))).toEqual([
      "note: all models are at anthropic: when it is away, all of them are",
    ]);
    expect(lint(chain([own("first"), model("second", { provider: "groq", baseUrl: undefined })]))).toEqual([]);
  });

  it("nobody stands behind a single model without a fallback, in a tier neither", () => {
    const none = { fallback: "none" } as const;
    const only = "is the only model and LLM_FALLBACK is none: when it fails, turns get 503";
    expect(lint(chain([first], none))).toEqual([`warning: first ${only}`]);
    expect(lint(chain([first, second], none))).toEqual([]);
    const tiers = [
      { name: "premium", models: ["first", "second"] },
      { name: "standard", models: ["second"] },
    ];
    expect(lint(chain([first, second], { ...none, tiers }))).toEqual([`warning: tier standard: second ${only}`]);
  });

  it("a fallback with a smaller window cannot take over everything", () => {
    const sized = (from: ModelConfig, contextWindow: number) => ({ ...from, contextWindow });
    expect(lint(chain([sized(first, 128_000), sized(second, 8_000), third]))).toEqual([
      "warning: second reads 8000 tokens and first 128000: it cannot take over the longest prompts",
    ]);
    expect(lint(chain([sized(first, 8_000), sized(second, 8_000)]))).toEqual([]);
    expect(lint(chain([first, sized(second, 8_000)]))).toEqual([]);
  });

  it("fewer attempts than models leave the last ones out", () => {
    expect(lint(chain([first, second, third], { maxAttempts: 2 }))).toEqual([
      "note: MAX_ATTEMPTS is 2 and there are 3 models: one call does not try the last 1",
    ]);
    const tiers = [{ name: "premium", models: ["first", "second"] }];
    expect(lint(chain([first, second, third], { maxAttempts: 2, tiers }))).toEqual([
      "note: third is in no tier: only keys without a tier use it",
    ]);
  });

  it("first tokens that may take longer than the turn", () => {
    const slow = (from: ModelConfig) => ({ ...from, firstTokenMs: 10_000 });
    const three = [first, second, third].map(slow);
    expect(lint(chain(three), 30_000)).toEqual([]);
    expect(lint(chain(three), 29_000)).toEqual([
      "warning: first, second, third may wait 30 s for their first tokens and a turn has 29 s: the last ones get less than their limit",
    ]);
    expect(lint(chain(three, { maxAttempts: 2 }), 29_000)).not.toContainEqual(expect.stringContaining("may wait"));
  });

  it("a model that nobody asks, and a small one that a tier lacks", () => {
    const small = model("small");
    const callers = Object.fromEntries(
      ["recognise", "plan", "compose", "escalate"].map((name) => [name, ["first", "small"]]),
    );
    expect(lint(chain([first, second, small], { callers }))).toEqual([
      "warning: second is in no list of LLM_CALLERS: nobody asks it",
    ]);
    expect(lint(chain([first, second, small], { callers: { plan: ["first"] } }))).toEqual([]);
    const tiers = [
      { name: "premium", models: ["first", "second"] },
      { name: "standard", models: ["second", "small"] },
    ];
    expect(lint(chain([first, second, small], { tiers }))).toEqual([
      "note: tier premium has no small model: its simple work goes to the large ones",
    ]);
  });

  it("prices for some only", () => {
    const price = { inputPerMTok: 1, outputPerMTok: 2 };
    expect(lint(chain([{ ...first, price }, second]))).toEqual([
      "note: no price is given for second: cost is counted for the others only",
    ]);
    expect(
      lint(
        chain([
          { ...first, price },
          { ...second, price },
        ]),
      ),
    ).toEqual([]);
  });
});
