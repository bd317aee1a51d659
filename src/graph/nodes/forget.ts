import type { Slots } from "../state.ts";
import type { ToolCall, ToolResult } from "../tools/tool-call.ts";

const slotOf: Readonly<Record<string, keyof Slots>> = {
  order_id: "orderId",
  return_id: "returnId",
  ticket_id: "ticketId",
};

/** The slots without the numbers that were looked up and not found: a later "my order" must not mean a mistyped one. */
export function withoutNotFound(slots: Slots, calls: readonly ToolCall[], results: readonly ToolResult[]): Slots {
  const wrong = new Set(
    calls.flatMap((call, index) =>
      results[index]?.status === "not_found"
        ? Object.entries(call.arguments).map(([name, value]) => `${slotOf[name]}:${String(value)}`)
        : [],
    ),
  );
  return Object.fromEntries(Object.entries(slots).filter(([slot, number]) => !wrong.has(`${slot}:${number}`)));
}
