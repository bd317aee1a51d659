import type { Business } from "../../fallbacks/business/port.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import type { Knowledge } from "../../retrieval/knowledge.ts";
import type { Tickets } from "../../support/tickets.ts";
import { createCancelReturn } from "./cancel-return.ts";
import { createCreateReturn } from "./create-return.ts";
import { createOpenTicket } from "./open-ticket.ts";
import { createQueryAccount } from "./query-account.ts";
import { createQueryMember } from "./query-member.ts";
import { createQueryOrder } from "./query-order.ts";
import { createQueryReturn } from "./query-return.ts";
import { createToolRegistry, type ToolRegistry } from "./registry.ts";
import { createSearchKnowledge } from "./search-knowledge.ts";
import { createTicketStatus } from "./ticket-status.ts";

export interface ToolDeps {
  readonly knowledge: Pick<Knowledge, "search">;
  readonly business: Layer<Business>;
  readonly tickets: Pick<Tickets, "open" | "get" | "list">;
}

/** The one place where tools are registered. */
export function createTools({ knowledge, business, tickets }: ToolDeps): ToolRegistry {
  return createToolRegistry([
    createSearchKnowledge(knowledge),
    createQueryOrder(business),
    createQueryReturn(business),
    createQueryMember(business),
    createQueryAccount(business),
    createTicketStatus(tickets),
    createOpenTicket(tickets),
    createCreateReturn(business),
    createCancelReturn(business),
  ]);
}
