import { escalationAfterAct, escalationBeforePlan } from "./rules/escalation.ts";
import type { ChatState } from "./state.ts";

/**
 * ```
 * START -> recognise -> [escalate | plan]   plan -> act -> [escalate | compose] -> END   escalate -> END
 * ```
 * Nodes are verbs, fields of the state are nouns: LangGraph does not allow a node to be named like a field.
 */
export const nodeNames = ["recognise", "plan", "act", "compose", "escalate"] as const;
export type NodeName = (typeof nodeNames)[number];

export const start: NodeName = "recognise";
export const end = "end";

/** Who may follow whom; both executors are built from it. */
export const successors = {
  recognise: ["escalate", "plan"],
  plan: ["act"],
  act: ["escalate", "compose"],
  compose: [end],
  escalate: [end],
} as const satisfies Record<NodeName, readonly (NodeName | typeof end)[]>;

/** The node after `name`, decided from the state alone. */
export function next(name: NodeName, state: ChatState): NodeName | typeof end {
  switch (name) {
    case "recognise":
      return escalationBeforePlan(state) ? "escalate" : "plan";
    case "plan":
      return "act";
    case "act":
      return escalationAfterAct(state) ? "escalate" : "compose";
    case "compose":
    case "escalate":
      return end;
  }
}
