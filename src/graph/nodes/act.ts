import type { Clock } from "../../fallbacks/core/clock.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import type { Node, NodeContext } from "../node.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import type { ChatState } from "../state.ts";
import type { ToolRegistry } from "../tools/registry.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { ToolCall, ToolResult } from "../tools/tool-call.ts";
import { changesAfter, droppedOffer, numbersOf, type PlannedChange, planChange } from "./changes.ts";
import { firstSections } from "./first-sections.ts";
import { withoutNotFound } from "./forget.ts";

export interface ActDeps {
  readonly tools: ToolRegistry;
  readonly packs: LanguagePacks;
  readonly clock: Clock;
  readonly report: (error: unknown, fields: object) => void;
}

/** Calls that run at the same time. */
const AT_ONCE = 4;

/**
 * Runs the planned calls, each with its own failure: an outage is `unavailable`, a defect is `failed` and reported.
 * Results stand in the order of the calls; numbers that were not found are no longer remembered. A call that wants a yes
 * is carried out only when this message is that yes, else it is shown; an offer that this turn leaves gets a last result.
 * @throws {LayerError} `aborted` when the caller has gone.
 */
export function createAct({ tools, packs, clock, report }: ActDeps): Node {
  return async (state, context) => {
    const now = clock.wall();
    const planned = state.calls.map((call, index) => {
      // Clients may choose turn ids, so only the session makes them unique.
      const operationId = `${state.sessionId}:${state.turnId}:${index}:${call.name}`;
      const confirmation = tools.get(call.name)?.confirmation;
      const change = confirmation && planChange({ call, record: confirmation.record, state, operationId, now, packs });
      return { call, operationId, change };
    });
    const results: ToolResult[] = [];
    const pending = planned.entries();
    const worker = async () => {
      for (const [index, { call, operationId, change }] of pending) {
        stopIfGone(context);
        results[index] = await runCall(call, change, { ...context, state, operationId });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, planned.length) }, worker));
    stopIfGone(context);
    return outcomeOf(state, planned, firstSections(results));
  };

  async function runCall(call: ToolCall, change: PlannedChange | undefined, context: ToolContext): Promise<ToolResult> {
    const { name } = call;
    const tool = tools.get(name);
    if (!tool) {
      report(new Error(`the plan names a tool that does not exist: ${name}`), { tool: name });
      return { name, status: "failed", data: null };
    }
    try {
      if (!tool.confirmation || !change) return { name, ...(await tool.run(call.arguments, context)) };
      const { arguments: args, operationId } = change.change;
      const named: ToolContext = { ...context, operationId };
      const outcome = change.confirmed ? tool.run(args, named) : tool.confirmation.propose(args, named);
      return { name, ...(await outcome) };
    } catch (error) {
      stopIfGone(context);
      if (isOutage(error)) return { name, status: "unavailable", data: null };
      report(error, { tool: name });
      return { name, status: "failed", data: null };
    }
  }
}

function outcomeOf(
  state: ChatState,
  planned: readonly { readonly change: PlannedChange | undefined }[],
  results: readonly ToolResult[],
): Pick<ChatState, "results" | "slots"> {
  const handled = planned.flatMap(({ change }, index) => {
    const status = results[index]?.status;
    return change && status ? [{ ...change, status }] : [];
  });
  const dropped = droppedOffer(state.slots, handled);
  return {
    results: dropped ? [...results, dropped] : results,
    slots: {
      ...withoutNotFound(numbersOf(state.slots), state.calls, results),
      ...changesAfter(state.slots, handled),
    },
  };
}

/** What comes from elsewhere. A request that a port calls wrong is our defect, and hides nothing by being called so. */
function isOutage(error: unknown): boolean {
  return error instanceof LayerError && error.errorClass !== "invalid_request";
}

function stopIfGone({ signal }: Pick<NodeContext, "signal">): void {
  if (signal.aborted) throw new LayerError("aborted", "the caller went away", { cause: signal.reason });
}
