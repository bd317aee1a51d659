import type { Layer } from "../../fallbacks/core/layer.ts";
import type { ChatModel } from "../../fallbacks/llm/port.ts";
import type { Node } from "../node.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import { planByRule } from "../rules/plan-by-rule.ts";
import type { ToolRegistry } from "../tools/registry.ts";
import type { ToolCall } from "../tools/tool-call.ts";
import { answerToOffer, numbersOf, oneChange } from "./changes.ts";
import { needsOf } from "./model-needs.ts";
import { createPlanTask } from "./plan-task.ts";
import { NO_TOKENS, recognised, tokensOf } from "./state-access.ts";

export interface PlanDeps {
  readonly llm: Layer<ChatModel>;
  readonly packs: LanguagePacks;
  readonly tools: ToolRegistry;
  readonly report: (error: unknown, fields: object) => void;
}

/**
 * Validated calls, those with side effects last. A plan with one wrong call is replaced by the rule-based plan. A yes to an
 * offer plans what was offered, and a no plans nothing: neither is left to a model.
 */
export function createPlan({ llm, packs, tools, report }: PlanDeps): Node {
  const task = createPlanTask(packs, tools);
  return async (state, context) => {
    const { message, history, slots } = state;
    const answer = answerToOffer(state, packs);
    const { offer } = slots;
    if (answer && offer) {
      const offered: ToolCall = { name: offer.tool, arguments: offer.arguments };
      return { calls: answer === "yes" ? valid([offered], tools) : [], tokens: NO_TOKENS };
    }
    const input = { message, history, slots: numbersOf(slots), recognition: recognised(state) };
    const served = await llm.use((model, ctx) => model.run(task, input, ctx), context, needsOf(task, input));
    const { value, usage } = served.value;
    const checked = check(value.calls, tools);
    if ("wrong" in checked)
      report(new Error(`the plan of ${served.by} was replaced: ${checked.wrong}`), { node: "plan" });
    const calls = "calls" in checked ? checked.calls : valid(planByRule(input, packs), tools);
    return { calls: oneChange(calls, tools), tokens: tokensOf(usage) };
  };
}

function check(
  calls: readonly ToolCall[],
  tools: ToolRegistry,
): { readonly calls: readonly ToolCall[] } | { readonly wrong: string } {
  const checked: ToolCall[] = [];
  for (const call of calls) {
    const result = tools.validate(call);
    if (!result.ok) return { wrong: `${call.name}: ${result.reason}` };
    checked.push(result.call);
  }
  return { calls: sideEffectsLast(checked, tools) };
}

/** The rules only make calls that fit, unless a tool was not registered: then its part of the message has no call. */
function valid(calls: readonly ToolCall[], tools: ToolRegistry): readonly ToolCall[] {
  const fitting = calls.flatMap((call) => {
    const result = tools.validate(call);
    return result.ok ? [result.call] : [];
  });
  return sideEffectsLast(fitting, tools);
}

function sideEffectsLast(calls: readonly ToolCall[], tools: ToolRegistry): readonly ToolCall[] {
  const changes = (call: ToolCall) => Number(tools.get(call.name)?.sideEffect ?? false);
  return [...calls].sort((a, b) => changes(a) - changes(b));
}
