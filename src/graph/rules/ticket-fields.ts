import type { TicketCategory, TicketPriority } from "../../support/tickets.ts";
import { readable } from "./clauses.ts";
import type { LanguagePack } from "./language-pack.ts";

// A complaint about the delivery is a complaint; a refund that follows damage is about the product.
const byPrecedence = ["complaint", "account", "product", "logistics", "after_sale"] as const;
const byUrgency = ["urgent", "high", "low"] as const;

/** Category and priority by the words of a problem; without any, after-sales and medium. */
export function classifyTicket(
  problem: string,
  pack: LanguagePack,
): { readonly category: TicketCategory; readonly priority: TicketPriority } {
  const text = readable(problem);
  return {
    category: byPrecedence.find((category) => pack.ticket.categories[category].test(text)) ?? "after_sale",
    priority: byUrgency.find((priority) => pack.ticket.priorities[priority].test(text)) ?? "medium",
  };
}
