import { LayerError } from "../../fallbacks/core/errors.ts";
import type { Node, NodeContext } from "../node.ts";
import type { ChatState } from "../state.ts";
import type { ToolRegistry } from "../tools/registry.ts";
import type { ToolCall, ToolResult } from "../tools/tool-call.ts";
import { withoutNotFound } from "./forget.ts";

export interface ActDeps {
  readonly tools: ToolRegistry;
  readonly report: (error: unknown, fields: object) => void;
}

/** Calls that run at the same time. */
const AT_ONCE = 4;

/**
 * Runs the planned calls, each with its own failure: an outage is `unavailable`, a defect is `failed` and reported.
 * Results stand in the order of the calls; numbers that were not found are no longer remembered.
 * @throws {LayerError} `aborted` when the caller has gone.
 */
export function createAct({ tools, report }: ActDeps): Node {
  return async (state, context) => {
    const results: ToolResult[] = [];
    const pending = state.calls.entries();
    const worker = async () => {
      for (const [index, call] of pending) {
        stopIfGone(context);
        results[index] = await runCall(call, index, state, context);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, state.calls.length) }, worker));
    stopIfGone(context);
    return { results, slots: withoutNotFound(state.slots, state.calls, results) };
  };

  async function runCall(call: ToolCall, index: number, state: ChatState, context: NodeContext): Promise<ToolResult> {
    const { name } = call;
    const tool = tools.get(name);
    if (!tool) {
      report(new Error(`the plan names a tool that does not exist: ${name}`), { tool: name });
      return { name, status: "failed", data: null };
    }
    // Clients may choose turn ids, so only the session makes them unique.
    const operationId = `${state.sessionId}:${state.turnId}:${index}:${name}`;
    try {
      return { name, ...(await tool.run(call.arguments, { ...context, state, operationId })) };
    } catch (error) {
      stopIfGone(context);
      if (isOutage(error)) return { name, status: "unavailable", data: null };
      report(error, { tool: name });
      return { name, status: "failed", data: null };
    }
  }
}

/** What comes from elsewhere. A request that a port calls wrong is our defect, and hides nothing by being called so. */
function isOutage(error: unknown): boolean {
  return error instanceof LayerError && error.errorClass !== "invalid_request";
}

function stopIfGone({ signal }: NodeContext): void {
  if (signal.aborted) throw new LayerError("aborted", "the caller went away", { cause: signal.reason });
}
