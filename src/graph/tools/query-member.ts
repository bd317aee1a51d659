import { z } from "zod";
import type { Business, Member } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

export interface MemberData {
  readonly sample: boolean;
  readonly member: Member | null;
}

export function createQueryMember(business: Layer<Business>): RegisteredTool {
  return defineTool({
    name: "query_member",
    description: "Looks up the user's membership: level and points.",
    schema: z.strictObject({}),
    async run(_args, context) {
      const { value } = await business.use((port, ctx) => port.member(context.state.user, ctx), context);
      const member = value.status === "found" ? value.record : null;
      return { status: value.status, data: { sample: value.sample, member } satisfies MemberData };
    },
  });
}
