import type { Node } from "../node.ts";
import { type ActDeps, createAct } from "./act.ts";
import { type ComposeDeps, createCompose } from "./compose.ts";
import { createEscalate, type EscalateDeps } from "./escalate.ts";
import { createPlan, type PlanDeps } from "./plan.ts";
import { createRecognise, type RecogniseDeps } from "./recognise.ts";

export type NodeDeps = RecogniseDeps & PlanDeps & ActDeps & ComposeDeps & EscalateDeps;

/** The agents of the conversation, by the names of the topology. */
export function createNodes(
  deps: NodeDeps,
): Readonly<Record<"recognise" | "plan" | "act" | "compose" | "escalate", Node>> {
  return {
    recognise: createRecognise(deps),
    plan: createPlan(deps),
    act: createAct(deps),
    compose: createCompose(deps),
    escalate: createEscalate(deps),
  };
}
