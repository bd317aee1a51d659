import { describe, expect, it } from "vitest";
import { deriveConfig } from "../../src/config/config.ts";
import { readValues } from "../../src/config/env.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import { problemsOf } from "./problems.ts";

type Environment = Record<string, string>;

const models = (environment: Environment) => deriveConfig(readValues(environment)).llm.models;
const keys = (environment: Environment) => readSecrets(readValues(environment)).modelKeys;

/** A model as it is when nothing but its id is given. */
const plain = {
  name: "primary",
  provider: "openai",
  baseUrl: undefined,
  timeoutMs: 15_000,
  firstTokenMs: 5_000,
  idleMs: 10_000,
  contextWindow: undefined,
  price: null,
};
const order = { LLM_PRIORITY_ORDER: "a", A_LLM_MODEL: "x", A_LLM_API_KEY: "k" };

describe("language models", () => {
  it("takes one model in the short form, with the key that the field knows", () => {
    expect(models({ LLM_MODEL: "gpt-x", OPENAI_API_KEY: "sk-1" })).toEqual([{ ...plain, model: "gpt-x" }]);
    expect(keys({ LLM_MODEL: "gpt-x", OPENAI_API_KEY: "sk-1" })).toEqual({ primary: "sk-1" });
  });

  it("takes everything about a model in both forms", () => {
    const said: Environment = {
      PROVIDER: "anthropic",
      MODEL: "m",
      BASE_URL: "http://127.0.0.1:9",
      API_KEY: "sk-1",
      TIMEOUT_SECONDS: "40",
      FIRST_TOKEN_SECONDS: "7",
      IDLE_SECONDS: "40",
      CONTEXT_WINDOW: "200000",
      PRICE_INPUT: "0.15",
      PRICE_OUTPUT: "12",
    };
    const as = (prefix: string) => Object.fromEntries(Object.entries(said).map(([key, text]) => [prefix + key, text]));
    const model = {
      provider: "anthropic",
      model: "m",
      baseUrl: "http://127.0.0.1:9",
      timeoutMs: 40_000,
      firstTokenMs: 7_000,
      idleMs: 40_000,
      contextWindow: 200_000,
      price: { inputPerMTok: 0.15, outputPerMTok: 12 },
    };
    expect(models(as("LLM_"))).toEqual([{ name: "primary", ...model }]);
    expect(models({ LLM_PRIORITY_ORDER: "best", ...as("BEST_LLM_") })).toEqual([{ name: "best", ...model }]);
    expect(JSON.stringify(models(as("LLM_")))).not.toContain("sk-1");
  });

  it("takes several in order, each with its own key, which the configuration does not hold", () => {
    const environment = {
      LLM_PRIORITY_ORDER: "primary_llm, Backup",
      PRIMARY_LLM_MODEL: "one",
      PRIMARY_LLM_API_KEY: "sk-1",
      BACKUP_LLM_MODEL: "two",
      BACKUP_LLM_BASE_URL: "http://127.0.0.1:9/v1",
      LLM_FALLBACK: "none",
    };
    expect(deriveConfig(readValues(environment)).llm).toEqual({
      models: [
        { ...plain, model: "one" },
        { ...plain, name: "backup", model: "two", baseUrl: "http://127.0.0.1:9/v1" },
      ],
      fallback: "none",
      cooldownMs: 60_000,
      maxAttempts: 3,
      tiers: [],
      callers: {},
      prefers: {},
    });
    expect(keys(environment)).toEqual({ primary: "sk-1" });
    expect(JSON.stringify(deriveConfig(readValues(environment)))).not.toContain("sk-1");
  });

  it.each([
    ["anthropic", "ANTHROPIC_API_KEY"],
    ["google", "GOOGLE_API_KEY"],
    ["groq", "GROQ_API_KEY"],
    ["openai", "OPENAI_API_KEY"],
  ])("models of %s without a key of their own use %s", (provider, variable) => {
    const environment = {
      LLM_PRIORITY_ORDER: "one,two,local",
      ONE_LLM_PROVIDER: provider,
      ONE_LLM_MODEL: "m",
      TWO_LLM_PROVIDER: provider,
      TWO_LLM_MODEL: "m",
      TWO_LLM_API_KEY: "own",
      LOCAL_LLM_PROVIDER: "ollama",
      LOCAL_LLM_MODEL: "m",
      [variable]: "shared",
    };
    expect(keys(environment)).toEqual({ one: "shared", two: "own" });
    expect(problemsOf({ ...environment, [variable]: "" })).toEqual([
      "ONE_LLM_API_KEY: unset; give a key, or ONE_LLM_BASE_URL for an endpoint that asks for none",
    ]);
  });

  it("asks ollama on this machine, without a key", () => {
    const environment = { LLM_PROVIDER: "ollama", LLM_MODEL: "llama" };
    expect(models(environment)).toMatchObject([{ provider: "ollama", baseUrl: "http://127.0.0.1:11434" }]);
    expect(keys(environment)).toEqual({});
    expect(models({ ...environment, LLM_BASE_URL: "http://gpu:1" })).toMatchObject([{ baseUrl: "http://gpu:1" }]);
  });

  it("keeps the address of OpenAI from models of others", () => {
    const environment = {
      LLM_PRIORITY_ORDER: "one,two",
      ONE_LLM_MODEL: "m",
      TWO_LLM_MODEL: "m",
      TWO_LLM_PROVIDER: "groq",
      TWO_LLM_API_KEY: "k",
      OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
    };
    expect(models(environment).map(({ baseUrl }) => baseUrl)).toEqual(["http://127.0.0.1:9/v1", undefined]);
  });

  it("keeps the other limits within that of the whole call, unless told what cannot be", () => {
    const short = { LLM_MODEL: "m", LLM_API_KEY: "k", LLM_TIMEOUT_SECONDS: "3" };
    expect(models(short)).toMatchObject([{ timeoutMs: 3_000, firstTokenMs: 3_000, idleMs: 3_000 }]);
    expect(problemsOf({ ...short, LLM_IDLE_SECONDS: "4", LLM_FIRST_TOKEN_SECONDS: "3" })).toEqual([
      "LLM_IDLE_SECONDS: 4 is more than LLM_TIMEOUT_SECONDS, which is 3",
    ]);
  });

  it.each([
    [{ OPENAI_API_KEY: "sk-1" }, /^LLM_MODEL: unset/],
    [{ ANTHROPIC_API_KEY: "sk-1" }, /^LLM_MODEL: unset/],
    [{ ANTHROPIC_API_KEY: "sk-1" }, /^ANTHROPIC_API_KEY: given, but .*; set LLM_PROVIDER=anthropic/],
    [{ ANTHROPIC_API_KEY: "sk-1", LLM_MODEL: "x" }, /^LLM_API_KEY: unset/],
    [{ ...order, GROQ_API_KEY: "k" }, /^GROQ_API_KEY: given, but no model has .*<NAME>_LLM_PROVIDER=groq/],
    [{ LLM_PROVIDER: "ollama", LLM_MODEL: "x", OPENAI_BASE_URL: "http://h/v1" }, /^OPENAI_BASE_URL: given, but/],
    [{ LLM_PROVIDER: "google" }, /^LLM_MODEL: unset/],
    [{ LLM_MODEL: "x" }, /^LLM_API_KEY: unset; give a key, or LLM_BASE_URL/],
    [{ LLM_MODEL: "x", LLM_BASE_URL: "localhost:11434" }, /^LLM_BASE_URL: .* is not allowed/],
    [{ LLM_PRIORITY_ORDER: "a", A_LLM_API_KEY: "k" }, /^A_LLM_MODEL: unset/],
    [{ LLM_PRIORITY_ORDER: "a b" }, /^LLM_PRIORITY_ORDER: "a b" is not allowed/],
    [{ LLM_PRIORITY_ORDER: "mock", MOCK_LLM_MODEL: "x", MOCK_LLM_API_KEY: "k" }, /^LLM_PRIORITY_ORDER: mock is the/],
    [{ ...order, B_LLM_MODEL: "y" }, /^B_LLM_MODEL: b is not in/],
    [{ ...order, A_LLM_PROVIDER: "z" }, /^A_LLM_PROVIDER: "z"/],
    [{ ...order, A_LLM_PRICE_INPUT: "1" }, /^A_LLM_PRICE_INPUT and A_LLM_PRICE_OUTPUT: give both or neither/],
    [{ ...order, A_LLM_CONTEXT_WINDOW: "big" }, /^A_LLM_CONTEXT_WINDOW: "big" is not allowed; allowed: a whole number/],
    [
      { LLM_PRIORITY_ORDER: "primary", PRIMARY_LLM_MODEL: "x", PRIMARY_LLM_API_KEY: "k", PRIMRAY_LLM_BASE_URL: "u" },
      /did you mean PRIMARY_LLM_BASE_URL/,
    ],
    [{ ...order, LLM_MODEL: "y" }, /^LLM_MODEL: given beside/],
  ])("%o stops the start", (environment, problem) => {
    expect(problemsOf(environment as Environment)).toContainEqual(expect.stringMatching(problem));
  });

  it("says one thing of a provider that is mistyped, not what follows from it", () => {
    const environment = { LLM_PROVIDER: "antropic", LLM_MODEL: "m", ANTHROPIC_API_KEY: "k" };
    expect(problemsOf(environment)).toEqual([expect.stringMatching(/^LLM_PROVIDER: "antropic" is not allowed/)]);
  });

  it("does not show the key of a model that is not as it should be", () => {
    const problems = problemsOf({ LLM_PRIORITY_ORDER: "a", A_LLM_API_KEY: "hunter2", GROQ_API_KEY: "hunter3" });
    expect(problems.join("\n")).toMatch(/^A_LLM_MODEL/);
    expect(problems.join("\n")).not.toContain("hunter");
  });
});

describe("a small model", () => {
  const short = { LLM_MODEL: "big", LLM_API_KEY: "k" };
  const small = { SMALL_LLM_MODEL: "tiny", SMALL_LLM_BASE_URL: "http://127.0.0.1:9/v1" };
  const llm = (environment: Environment) => deriveConfig(readValues(environment)).llm;

  it("comes first for simple work and last for all else, beside the short form", () => {
    const { models: all, prefers } = llm({ ...short, ...small });
    expect(all.map(({ name }) => name)).toEqual(["primary", "small"]);
    expect(prefers).toEqual({ recognise: "small", plan: "small" });
  });

  it("stands beside the long form too, and in its place where the order names it", () => {
    const long = {
      LLM_PRIORITY_ORDER: "a,b",
      A_LLM_MODEL: "x",
      A_LLM_API_KEY: "k",
      B_LLM_MODEL: "y",
      B_LLM_API_KEY: "k",
    };
    expect(llm({ ...long, ...small }).prefers.plan).toBe("small");
    const named = llm({ ...long, ...small, LLM_PRIORITY_ORDER: "a,small,b" });
    expect(named.models.map(({ name }) => name)).toEqual(["a", "small", "b"]);
    expect(named.prefers).toEqual({});
  });

  it("goes where the callers' lists put it, when there are any", () => {
    expect(llm({ ...short, ...small, LLM_CALLERS: "compose:small" }).callers).toEqual({ compose: ["small"] });
  });

  it("is not enough by itself, and needs what every model needs", () => {
    expect(problemsOf({ SMALL_LLM_MODEL: "tiny" })).toEqual([
      "SMALL_LLM_MODEL: small stands beside another model; give LLM_MODEL or LLM_PRIORITY_ORDER too, or unset this",
    ]);
    expect(problemsOf({ ...short, SMALL_LLM_API_KEY: "k" })).toEqual([
      expect.stringMatching(/^SMALL_LLM_MODEL: unset/),
    ]);
    expect(problemsOf({ ...short, SMAL_LLM_MODEL: "x" })).toEqual([
      "SMAL_LLM_MODEL: smal is not in LLM_PRIORITY_ORDER; add it there, or unset this, or did you mean SMALL_LLM_MODEL?",
    ]);
  });
});
