import type { Order, RefusalReason, ReturnCase, ReturnReason } from "./port.ts";

// As the pages of the sample shop say: unopened goods, which only the warehouse can tell, and damage.
const WINDOW_DAYS = 30;
const QUALITY_WINDOW_DAYS = 15;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Statuses of returns after which the order may be returned once more. */
const over: ReadonlySet<ReturnCase["status"]> = new Set(["rejected", "cancelled"]);

export interface ReturnQuestion {
  readonly order: Order;
  /** All returns of the order's owner. */
  readonly returns: readonly ReturnCase[];
  readonly reason: ReturnReason;
  readonly today: Date;
}

/** Why the made-up shop would not take the order back; undefined: it does. The last day of the window counts. */
export function refusalOf({ order, returns, reason, today }: ReturnQuestion): RefusalReason | undefined {
  if (returns.some(({ orderId, status }) => orderId === order.orderId && !over.has(status))) return "already_returned";
  if (order.status === "cancelled") return "not_returnable";
  if (order.deliveredOn === null) return "not_delivered";
  const days = reason === "quality" ? QUALITY_WINDOW_DAYS : WINDOW_DAYS;
  const lastDay = new Date(Date.parse(order.deliveredOn) + days * DAY_MS);
  return today.toISOString().slice(0, 10) > lastDay.toISOString().slice(0, 10) ? "too_late" : undefined;
}
