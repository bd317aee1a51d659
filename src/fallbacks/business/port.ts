import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

/** Amounts are decimal strings with their ISO 4217 currency, never floating point. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

export interface Order {
  readonly orderId: string;
  readonly status: "paid" | "packed" | "shipped" | "delivered" | "cancelled";
  readonly items: readonly string[];
  readonly total: Money;
  readonly trackingNumber: string | null;
  /** ISO dates. */
  readonly orderedOn: string;
  readonly deliveredOn: string | null;
  readonly expectedOn: string | null;
}

export interface ReturnCase {
  readonly returnId: string;
  readonly orderId: string;
  readonly status: "requested" | "received" | "refunded" | "rejected";
  readonly refund: Money | null;
}

export interface Member {
  readonly level: "standard" | "silver" | "gold";
  readonly points: number;
  /** Personal data arrives masked, such as 138****1234. */
  readonly phone: string;
}

export interface Account {
  readonly balance: Money;
  readonly openBills: number;
}

/** An outage is a thrown LayerError, so it can never read "not found". Somebody else's record is `not_found`. */
export type Lookup<T> =
  | { readonly status: "found"; readonly record: T /** Made-up demonstration data. */; readonly sample: boolean }
  | { readonly status: "not_found"; readonly sample: boolean };

export interface Business extends Port {
  order(user: string, orderId: string, context: CallContext): Promise<Lookup<Order>>;
  /** The user's orders, newest first, at most 10. */
  orders(user: string, context: CallContext): Promise<Lookup<readonly Order[]>>;
  returnCase(user: string, returnId: string, context: CallContext): Promise<Lookup<ReturnCase>>;
  member(user: string, context: CallContext): Promise<Lookup<Member>>;
  account(user: string, context: CallContext): Promise<Lookup<Account>>;
}
