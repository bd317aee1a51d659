import type { Money, Order, ReturnCase } from "../../fallbacks/business/port.ts";
import type { Ticket } from "../../support/tickets.ts";
import { fill, type LanguagePack } from "../rules/language-pack.ts";

/** Records in the words of one language, each a line. */
export function orderText(order: Order, pack: LanguagePack): string {
  const { records } = pack;
  const { orderId, trackingNumber, expectedOn, deliveredOn, orderedOn } = order;
  const parts = [
    fill(records.order, {
      orderId,
      status: records.orderStatus[order.status],
      items: order.items.join(records.itemGap),
      total: moneyText(order.total),
      orderedOn,
    }),
    ...(trackingNumber === null ? [] : [fill(records.orderTracking, { trackingNumber })]),
    ...(expectedOn === null ? [] : [fill(records.orderExpected, { expectedOn })]),
    ...(deliveredOn === null ? [] : [fill(records.orderDelivered, { deliveredOn })]),
  ];
  return joinSentences(parts);
}

export function returnText({ returnId, orderId, status, refund }: ReturnCase, pack: LanguagePack): string {
  const { records } = pack;
  return joinSentences([
    fill(records.returnCase, { returnId, orderId, status: records.returnStatus[status] }),
    ...(refund === null ? [] : [fill(records.refund, { refund: moneyText(refund) })]),
  ]);
}

export function ticketText(ticket: Ticket, pack: LanguagePack): string {
  const { records } = pack;
  return fill(records.ticket, {
    ticketId: ticket.ticketId,
    status: records.ticketStatus[ticket.status],
    category: records.ticketCategory[ticket.category],
    priority: records.ticketPriority[ticket.priority],
    createdOn: ticket.createdAt.slice(0, "2026-01-15".length),
    problem: ticket.problem,
  });
}

export function moneyText({ amount, currency }: Money): string {
  return `${amount} ${currency}`;
}

const ENDS_WITHOUT_SPACE = /[\p{Script=Han}\u3000-\u303F\uFF00-\uFFEF\u201D]$/u;
const STARTS_LINE = /^(?:[-*•]|\d{1,3}[.)、])\s?|\n/u;

/** Sentences one after the other, none changed; items of lists each on a line of their own. */
export function joinSentences(sentences: readonly string[]): string {
  return sentences.reduce((text, sentence) => {
    if (text === "") return sentence;
    if (STARTS_LINE.test(sentence)) return `${text}\n${sentence}`;
    return ENDS_WITHOUT_SPACE.test(text) ? `${text}${sentence}` : `${text} ${sentence}`;
  }, "");
}
