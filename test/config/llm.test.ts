import { describe, expect, it } from "vitest";
import { deriveConfig } from "../../src/config/config.ts";
import { readValues } from "../../src/config/env.ts";
import { callers } from "../../src/config/llm-variables.ts";
import { nodeNames } from "../../src/graph/topology.ts";
import { problemsOf } from "./problems.ts";

const three = {
  LLM_PRIORITY_ORDER: "primary,secondary,small",
  PRIMARY_LLM_MODEL: "a",
  SECONDARY_LLM_MODEL: "b",
  SMALL_LLM_MODEL: "c",
  OPENAI_API_KEY: "k",
};
const llm = (more: Record<string, string>) => deriveConfig(readValues({ ...three, ...more })).llm;

describe("tiers", () => {
  it("are lists of models in order of rank, written as the order of models is", () => {
    expect(llm({ LLM_TIERS: "Premium: primary + secondary_llm, standard:SMALL+secondary" }).tiers).toEqual([
      { name: "premium", models: ["primary", "secondary"] },
      { name: "standard", models: ["small", "secondary"] },
    ]);
    expect(llm({}).tiers).toEqual([]);
  });

  it.each([
    [
      "premium:primry",
      "LLM_TIERS: premium: there is no model primry; did you mean primary? allowed: primary, secondary, small",
    ],
    ["premium:x", "LLM_TIERS: premium: there is no model x; allowed: primary, secondary, small"],
    ["a:primary,b:small,a:small", "LLM_TIERS: a is there twice"],
    ["a:small+primary+small", "LLM_TIERS: a: small is there twice"],
  ])("%s stops the start", (text, problem) => {
    expect(problemsOf({ ...three, LLM_TIERS: text })).toEqual([problem]);
  });

  it("need models", () => {
    expect(problemsOf({ LLM_TIERS: "a:primary" })).toEqual([
      "LLM_TIERS: a: there is no model primary, for none is configured",
    ]);
  });
});

describe("lists of callers", () => {
  it("are by step, in order", () => {
    expect(llm({ LLM_CALLERS: "recognise:small+primary,plan:small+primary" }).callers).toEqual({
      recognise: ["small", "primary"],
      plan: ["small", "primary"],
    });
  });

  it.each([
    [
      "recognize:small",
      "LLM_CALLERS: there is no step recognize; did you mean recognise? allowed: recognise, plan, compose, escalate",
    ],
    ["act:small", "LLM_CALLERS: there is no step act; allowed: recognise, plan, compose, escalate"],
    ["plan:tiny", "LLM_CALLERS: plan: there is no model tiny; allowed: primary, secondary, small"],
    ["plan:small,plan:primary", "LLM_CALLERS: plan is there twice"],
  ])("%s stops the start", (text, problem) => {
    expect(problemsOf({ ...three, LLM_CALLERS: text })).toEqual([problem]);
  });

  it("know all nodes of a turn but the one that runs tools without asking a model", () => {
    expect([...callers, "act"].sort()).toEqual([...nodeNames].sort());
  });

  it("leave no tier without a model", () => {
    const lists = { LLM_TIERS: "high:primary,low:secondary+small", LLM_CALLERS: "plan:small+primary,compose:primary" };
    expect(problemsOf({ ...three, ...lists })).toEqual([
      "LLM_CALLERS: compose has none of the models of the tier low (secondary, small)",
    ]);
  });
});
