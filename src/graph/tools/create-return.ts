import { z } from "zod";
import { type Business, returnReasons } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";
import { type ChangeData, isInDoubt, nothingKnown, sendChange } from "./send-change.ts";
import type { ToolContext } from "./tool.ts";

const schema = z.strictObject({
  order_id: recordId.describe("order number; absent if it is not known").exactOptional(),
  reason: z
    .enum(returnReasons)
    .describe("quality is faulty or damaged goods; absent unless the user has said why")
    .exactOptional(),
});

type Arguments = z.output<typeof schema>;

export function createCreateReturn(business: Layer<Business>): RegisteredTool {
  async function propose({ order_id: orderId, reason }: Arguments, context: ToolContext) {
    const inDoubt = isInDoubt(context.state.slots, context.operationId);
    const known: ChangeData = { ...nothingKnown, inDoubt, orderId: orderId ?? null, reason: reason ?? null };
    if (orderId === undefined) return { status: "incomplete" as const, data: known };
    const { user } = context.state;
    const { value, degraded } = await business.use((port, ctx) => port.order(user, orderId, ctx), context);
    // What a stand-in shows is made up: nobody can confirm a real return by it.
    if (degraded) return { status: "unavailable" as const, data: null };
    if (value.status === "not_found") return { status: value.status, data: { ...known, sample: value.sample } };
    const data: ChangeData = { ...known, sample: value.sample, items: value.record.items };
    return { status: reason === undefined ? ("incomplete" as const) : ("offered" as const), data };
  }

  return defineTool({
    name: "create_return",
    description:
      "Requests the return of an order. It is only shown to the user, who has to confirm it in the next turn.",
    schema,
    sideEffect: true,
    confirmation: { record: "order_id", propose },
    async run(args, context) {
      const { order_id: orderId, reason } = args;
      if (orderId === undefined || reason === undefined) return propose(args, context);
      const { user } = context.state;
      return sendChange(
        business,
        (port, ctx) => port.createReturn(user, { orderId, reason }, context.operationId, ctx),
        { ...nothingKnown, orderId, reason, inDoubt: isInDoubt(context.state.slots, context.operationId) },
        context,
      );
    },
  });
}
