import { z } from "zod";
import type { Ticket, Tickets } from "../../support/tickets.ts";
import { recordId } from "./record-id.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

/** The ticket that was asked for, or the latest ones; none when nothing was found. */
export interface TicketStatusData {
  readonly ticketId: string | null;
  readonly tickets: readonly Ticket[];
}

const LATEST = 3;

const schema = z.strictObject({
  ticket_id: recordId.describe("ticket number, TK-...; absent for the user's latest tickets").exactOptional(),
});

export function createTicketStatus(tickets: Pick<Tickets, "get" | "list">): RegisteredTool {
  return defineTool({
    name: "ticket_status",
    description: "Looks up the state of one ticket of the user, or of the latest ones.",
    schema,
    async run({ ticket_id: ticketId }, context) {
      const { owner } = context.state;
      const found =
        ticketId === undefined
          ? await tickets.list(owner, LATEST, context)
          : [await tickets.get(owner, ticketId, context)].filter((ticket) => ticket !== undefined);
      const data: TicketStatusData = { ticketId: ticketId ?? null, tickets: found };
      return { status: found.length > 0 ? "found" : "not_found", data };
    },
  });
}
