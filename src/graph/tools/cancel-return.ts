import { z } from "zod";
import type { Business } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";
import { type ChangeData, isInDoubt, nothingKnown, sendChange } from "./send-change.ts";
import type { ToolContext } from "./tool.ts";

const schema = z.strictObject({
  return_id: recordId.describe("return number; absent if it is not known").exactOptional(),
});

type Arguments = z.output<typeof schema>;

export function createCancelReturn(business: Layer<Business>): RegisteredTool {
  async function propose({ return_id: returnId }: Arguments, context: ToolContext) {
    const inDoubt = isInDoubt(context.state.slots, context.operationId);
    const known: ChangeData = { ...nothingKnown, inDoubt, returnId: returnId ?? null };
    if (returnId === undefined) return { status: "incomplete" as const, data: known };
    const { user } = context.state;
    const { value, degraded } = await business.use((port, ctx) => port.returnCase(user, returnId, ctx), context);
    // What a stand-in shows is made up: nobody can confirm a real cancellation by it.
    if (degraded) return { status: "unavailable" as const, data: null };
    if (value.status === "not_found") return { status: value.status, data: { ...known, sample: value.sample } };
    const data: ChangeData = { ...known, sample: value.sample, returnCase: value.record };
    return { status: "offered" as const, data };
  }

  return defineTool({
    name: "cancel_return",
    description: "Cancels a return of the user. It is only shown to the user, who has to confirm it in the next turn.",
    schema,
    sideEffect: true,
    confirmation: { record: "return_id", propose },
    async run(args, context) {
      const { return_id: returnId } = args;
      if (returnId === undefined) return propose(args, context);
      const { user } = context.state;
      return sendChange(
        business,
        (port, ctx) => port.cancelReturn(user, returnId, context.operationId, ctx),
        { ...nothingKnown, returnId, inDoubt: isInDoubt(context.state.slots, context.operationId) },
        context,
      );
    },
  });
}
