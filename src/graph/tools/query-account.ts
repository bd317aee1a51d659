import { z } from "zod";
import type { Account, Business } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

export interface AccountData {
  readonly sample: boolean;
  readonly account: Account | null;
}

export function createQueryAccount(business: Layer<Business>): RegisteredTool {
  return defineTool({
    name: "query_account",
    description: "Looks up the user's account: balance and open bills.",
    schema: z.strictObject({}),
    async run(_args, context) {
      const { value } = await business.use((port, ctx) => port.account(context.state.user, ctx), context);
      const account = value.status === "found" ? value.record : null;
      return { status: value.status, data: { sample: value.sample, account } satisfies AccountData };
    },
  });
}
