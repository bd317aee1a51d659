import { z } from "zod";
import type { Business, ReturnCase } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

export interface ReturnData {
  readonly sample: boolean;
  readonly returnId: string;
  readonly returnCase: ReturnCase | null;
}

const schema = z.strictObject({ return_id: recordId.describe("return number") });

export function createQueryReturn(business: Layer<Business>): RegisteredTool {
  return defineTool({
    name: "query_return",
    description: "Looks up a return or refund of the user by its return number.",
    schema,
    async run({ return_id: returnId }, context) {
      const { user } = context.state;
      const { value } = await business.use((port, ctx) => port.returnCase(user, returnId, ctx), context);
      const returnCase = value.status === "found" ? value.record : null;
      return { status: value.status, data: { sample: value.sample, returnId, returnCase } satisfies ReturnData };
    },
  });
}
