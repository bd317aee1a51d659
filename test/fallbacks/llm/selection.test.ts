import { describe, expect, it, vi } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { Needs } from "../../../src/fallbacks/core/selection.ts";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import type { ChatModel, ModelTraits } from "../../../src/fallbacks/llm/port.ts";
import { createModelSelect, mayHelp } from "../../../src/fallbacks/llm/selection.ts";

function model(name: string, traits: Partial<ModelTraits> = {}): ChatModel {
  return { ...createMockModel(), name, traits: { json: true, tools: true, ...traits } };
}

const [large, small, tiny] = [
  model("large", { contextWindow: 100_000 }),
  model("small", { contextWindow: 8_000, tools: false }),
  model("tiny", { contextWindow: 1_000, json: false }),
];
const all = [large, small, tiny];
const routes = {
  tiers: [
    { name: "premium", models: ["large", "small"] },
    { name: "standard", models: ["tiny", "small"] },
  ],
  callers: { plan: ["small", "tiny"], escalate: ["tiny"] },
  prefers: { recognise: "small" },
};

function order(caller: { step?: string; tier?: string }, needs: Needs = {}) {
  return createModelSelect(routes)(all, needs, { step: caller.step ?? null, tier: caller.tier ?? null }).map(
    ({ port, unsuitable }) => (unsuitable ? `${port.name}: ${unsuitable}` : port.name),
  );
}

describe("which models a call asks", () => {
  it("those of the list of its step as far as its tier has them, else those of its tier, else all", () => {
    expect(order({})).toEqual(["large", "small", "tiny"]);
    expect(order({ tier: "premium" })).toEqual(["large", "small", "tiny: not_listed"]);
    expect(order({ step: "plan" })).toEqual(["small", "tiny", "large: not_listed"]);
    expect(order({ step: "plan", tier: "premium" })).toEqual(["small", "large: not_listed", "tiny: not_listed"]);
    expect(order({ step: "escalate", tier: "premium" })).toEqual(["large", "small", "tiny: not_listed"]);
    expect(order({ step: "recognise" })).toEqual(["small", "large", "tiny"]);
    expect(order({ step: "recognise", tier: "standard" })).toEqual(["small", "tiny", "large: not_listed"]);
    expect(order({ tier: "gone since the key was read" })).toEqual(["large", "small", "tiny"]);
  });

  it("passes over a model whose window the prompt and a reply do not fit, or that lacks an ability", () => {
    expect(order({}, { tokens: () => 750 })).toEqual(["large", "small", "tiny"]);
    expect(order({}, { tokens: () => 751 })).toEqual(["large", "small", "tiny: window"]);
    expect(order({}, { tokens: () => 50_000 })).toEqual(["large", "small: window", "tiny: window"]);
    expect(order({}, { tools: true })).toEqual(["large", "small: ability", "tiny"]);
    expect(order({}, { json: true })).toEqual(["large", "small", "tiny: ability"]);
  });

  it("measures a prompt once, and not at all where no window is known", () => {
    const tokens = vi.fn(() => 10);
    order({}, { tokens });
    expect(tokens).toHaveBeenCalledTimes(1);
    createModelSelect(routes)([model("unknown")], { tokens }, { step: null, tier: null });
    expect(tokens).toHaveBeenCalledTimes(1);
  });

  it("a prompt that was too long goes to no model whose window is known to be as small", () => {
    const tooLong = new LayerError("context_overflow", "");
    expect(mayHelp(tooLong, large, small)).toBe(false);
    expect(mayHelp(tooLong, small, large)).toBe(true);
    expect(mayHelp(tooLong, small, model("unknown"))).toBe(true);
    expect(mayHelp(tooLong, model("unknown"), tiny)).toBe(true);
    expect(mayHelp(new LayerError("network", ""), large, small)).toBe(true);
  });
});
