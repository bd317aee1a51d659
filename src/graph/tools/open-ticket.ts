import { z } from "zod";
import { type Ticket, type Tickets, ticketCategories, ticketPriorities } from "../../support/tickets.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

export interface OpenedTicketData {
  readonly ticket: Ticket;
}

const MAX_PROBLEM = 2_000;
const MAX_CONTACT = 200;

const schema = z.strictObject({
  category: z.enum(ticketCategories),
  priority: z.enum(ticketPriorities),
  problem: z.string().trim().min(1).max(MAX_PROBLEM).describe("the problem in the user's words"),
  order_id: recordId.exactOptional(),
  contact: z.string().trim().min(1).max(MAX_CONTACT).describe("phone number or e-mail address").exactOptional(),
});

/** Once per operation id, however often it is run. */
export function createOpenTicket(tickets: Pick<Tickets, "open">): RegisteredTool {
  return defineTool({
    name: "open_ticket",
    description: "Opens a support ticket for a problem that somebody has to look into. Only when the user wants one.",
    schema,
    sideEffect: true,
    async run({ category, priority, problem, order_id: orderId, contact }, context) {
      const { owner, recognition } = context.state;
      const ticket = await tickets.open(
        {
          operationId: context.operationId,
          owner,
          category,
          priority,
          problem,
          language: recognition?.language ?? "en",
          ...(orderId === undefined ? {} : { orderId }),
          ...(contact === undefined ? {} : { contact }),
        },
        context,
      );
      return { status: "done", data: { ticket } satisfies OpenedTicketData };
    },
  });
}
