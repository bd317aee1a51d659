import { z } from "zod";
import type { Business, Order } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

/** One order, the list of the latest, or the number that was not found (null: the user has no orders). */
export interface OrderData {
  readonly sample: boolean;
  readonly orderId: string | null;
  readonly order: Order | null;
  readonly orders: readonly Order[];
}

const schema = z.strictObject({
  order_id: recordId.describe("order number; absent for the user's latest orders").exactOptional(),
});

export function createQueryOrder(business: Layer<Business>): RegisteredTool {
  return defineTool({
    name: "query_order",
    description: "Looks up one order of the user by its number, or lists the user's latest orders.",
    schema,
    async run({ order_id: orderId }, context) {
      const { user } = context.state;
      const none = { orderId: orderId ?? null, order: null, orders: [] };
      if (orderId !== undefined) {
        const { value } = await business.use((port, ctx) => port.order(user, orderId, ctx), context);
        const data: OrderData = { ...none, sample: value.sample };
        return value.status === "found"
          ? { status: "found", data: { ...data, order: value.record } satisfies OrderData }
          : { status: "not_found", data };
      }
      const { value } = await business.use((port, ctx) => port.orders(user, ctx), context);
      const data: OrderData = { ...none, sample: value.sample };
      return value.status === "found" && value.record.length > 0
        ? { status: "found", data: { ...data, orders: value.record } satisfies OrderData }
        : { status: "not_found", data };
    },
  });
}
