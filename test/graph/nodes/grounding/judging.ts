import type { Order, ReturnCase } from "../../../../src/fallbacks/business/port.ts";
import { groundsOf } from "../../../../src/graph/nodes/grounding/grounds.ts";
import { createJudge } from "../../../../src/graph/nodes/grounding/judge.ts";
import type { Verdict } from "../../../../src/graph/nodes/grounding/verdict.ts";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import type { Ticket } from "../../../../src/support/tickets.ts";
import { packs, recognitionOf } from "../bench.ts";

/** The day on which the replies of these tests are written. */
export const TODAY = new Date("2026-01-15T10:00:00.000Z");

export interface Asked {
  readonly message?: string;
  readonly earlier?: readonly (readonly [user: string, bot: string])[];
  readonly today?: Date | undefined;
}

/** What a sentence is, given what came back. */
export function verdictOf(sentence: string, results: readonly ToolResult[], asked: Asked = {}): Verdict {
  const { message = "Where is it?", earlier = [] } = asked;
  const today = "today" in asked ? asked.today : TODAY;
  const language = /\p{Script=Han}/u.test(sentence) ? "zh" : "en";
  const history = earlier.map(([user, bot]) => ({ user, bot, intent: "business_query" as const }));
  const input = { message, history, recognition: recognitionOf({ language }), results };
  return createJudge(groundsOf(input, packs, today), packs)(sentence);
}

const order = {
  orderId: "LK20260142",
  status: "shipped",
  items: ["Brew 2 coffee machine", "Descaler 500 ml"],
  total: { amount: "1299.00", currency: "CNY" },
  trackingNumber: "SF1234567890",
  orderedOn: "2026-01-12",
  deliveredOn: null as string | null,
  expectedOn: "2026-01-17" as string | null,
};
const found = (name: string, data: object): ToolResult => ({ name, status: "found", data: { sample: false, ...data } });

const ticket = {
  ticketId: "TK-B2B3C4D5",
  category: "logistics",
  priority: "high",
  status: "processing",
  problem: "My parcel is 3 days late and the 20 euro voucher is missing",
  orderId: "LK20260142",
  contact: "jane@mail.example",
  createdAt: "2026-01-14T08:31:00.000Z",
};

export const oneOrder = found("query_order", { orderId: order.orderId, order, orders: [] });
/** Delivered ten days before `TODAY`. */
export const delivered = found("query_order", {
  orderId: order.orderId,
  order: { ...order, status: "delivered", expectedOn: null, deliveredOn: "2026-01-05", orderedOn: "2026-01-02" },
  orders: [],
});
export const threeOrders = found("query_order", {
  orderId: null,
  order: null,
  orders: [
    order,
    {
      ...order,
      orderId: "LK20260088",
      status: "delivered",
      items: ["Filter paper"],
      total: { amount: "89.50", currency: "CNY" },
      trackingNumber: "SF9876543210",
      orderedOn: "2025-12-20",
      deliveredOn: "2025-12-24",
      expectedOn: null,
    },
    {
      ...order,
      orderId: "LK20260010",
      status: "cancelled",
      items: ["Mug"],
      total: { amount: "45.00", currency: "CNY" },
      trackingNumber: null,
      orderedOn: "2025-11-02",
      expectedOn: null,
    },
  ],
});
export const refund = found("query_return", {
  returnId: "RT100231",
  returnCase: {
    returnId: "RT100231",
    orderId: "LK20260088",
    status: "refunded",
    refund: { amount: "89.50", currency: "CNY" },
  },
});
export const member = found("query_member", { member: { level: "gold", points: 1_200, phone: "138****1234" } });
export const account = found("query_account", {
  account: { balance: { amount: "120.00", currency: "EUR" }, openBills: 2 },
});
/** One order, return or ticket in that state. */
export const orderThatIs = (status: Order["status"]): ToolResult => {
  const sent = status === "shipped" || status === "delivered";
  const dates = { expectedOn: sent ? "2026-01-17" : null, deliveredOn: status === "delivered" ? "2026-01-17" : null };
  return found("query_order", { orderId: order.orderId, order: { ...order, ...dates, status }, orders: [] });
};
export const returnThatIs = (status: ReturnCase["status"]): ToolResult => {
  const { returnCase, returnId } = refund.data as { readonly returnCase: ReturnCase; readonly returnId: string };
  return found("query_return", { returnId, returnCase: { ...returnCase, status } });
};
/** One ticket of the user with those fields. */
export const ticketWith = (fields: Partial<Ticket>): ToolResult => ({
  ...tickets,
  data: { ticketId: null, tickets: [{ ...ticket, ...fields }] },
});
export const ticketThatIs = (status: Ticket["status"]): ToolResult => ticketWith({ status });
export const yenOrder = found("query_order", {
  orderId: order.orderId,
  order: { ...order, total: { amount: "15000", currency: "JPY" } },
  orders: [],
});
export const tickets: ToolResult = {
  name: "ticket_status",
  status: "found",
  data: {
    ticketId: null,
    tickets: [
      ticket,
      {
        ticketId: "TK-C2B3C4D5",
        category: "product",
        priority: "low",
        status: "closed",
        problem: "机器漏水",
        orderId: null,
        contact: "13900001111",
        createdAt: "2026-01-02T22:31:00.000Z",
      },
    ],
  },
};
export const notFound: ToolResult = {
  name: "query_order",
  status: "not_found",
  data: { sample: false, orderId: "LK99990000", order: null, orders: [] },
};
export const outage: ToolResult = { name: "query_order", status: "unavailable", data: null };
