import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

/** Amounts are decimal strings with their ISO 4217 currency, never floating point. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

export const orderStatuses = ["paid", "packed", "shipped", "delivered", "cancelled"] as const;

export interface Order {
  readonly orderId: string;
  readonly status: (typeof orderStatuses)[number];
  readonly items: readonly string[];
  readonly total: Money;
  readonly trackingNumber: string | null;
  /** ISO dates. */
  readonly orderedOn: string;
  readonly deliveredOn: string | null;
  readonly expectedOn: string | null;
}

export const returnStatuses = ["requested", "received", "refunded", "rejected", "cancelled"] as const;

export interface ReturnCase {
  readonly returnId: string;
  readonly orderId: string;
  readonly status: (typeof returnStatuses)[number];
  readonly refund: Money | null;
}

export const memberLevels = ["standard", "silver", "gold"] as const;

export interface Member {
  readonly level: (typeof memberLevels)[number];
  readonly points: number;
  /** Personal data arrives masked, such as 138****1234. */
  readonly phone: string;
}

export interface Account {
  readonly balance: Money;
  readonly openBills: number;
}

/** A record and the user whom it belongs to. */
export interface Owned<T> {
  readonly owner: string;
  readonly record: T;
}

/** Most orders that a list shows. */
export const LONGEST_LIST = 10;

/** Why goods go back; `quality` is faulty or damaged, and has the longer window. */
export const returnReasons = ["quality", "wrong_item", "changed_mind", "other"] as const;
export type ReturnReason = (typeof returnReasons)[number];

export interface ReturnRequest {
  readonly orderId: string;
  readonly reason: ReturnReason;
}

/** The rule by which a business system said no; `refused` is any other rule. */
export const refusalReasons = [
  "not_delivered",
  "too_late",
  "already_returned",
  "not_returnable",
  "not_cancellable",
  "refused",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** An outage is a thrown LayerError, so it can never read "not found". Somebody else's record is `not_found`. */
export type Lookup<T> =
  | { readonly status: "found"; readonly record: T /** Made-up demonstration data. */; readonly sample: boolean }
  | { readonly status: "not_found"; readonly sample: boolean };

/** A clear answer to a write. `not_found`: there is no such record of this user, and nothing was done. */
export type Outcome<T> =
  | { readonly status: "done"; readonly record: T; readonly sample: boolean }
  | { readonly status: "not_found"; readonly sample: boolean }
  | { readonly status: "refused"; readonly reason: RefusalReason; readonly sample: boolean };

/**
 * Numbers of records are read in upper case. All calls throw a LayerError: `invalid_request` for what can be no number,
 * see `recordNumber`; else what happened to the business system.
 *
 * A write that throws anything but `invalid_request` may have been done all the same, now or later. It may only be
 * repeated with the same `operationId`, which makes it one write however often it is sent.
 */
export interface Business extends Port {
  order(user: string, orderId: string, context: CallContext): Promise<Lookup<Order>>;
  /** The user's orders, newest first, at most 10. */
  orders(user: string, context: CallContext): Promise<Lookup<readonly Order[]>>;
  returnCase(user: string, returnId: string, context: CallContext): Promise<Lookup<ReturnCase>>;
  member(user: string, context: CallContext): Promise<Lookup<Member>>;
  account(user: string, context: CallContext): Promise<Lookup<Account>>;
  createReturn(
    user: string,
    request: ReturnRequest,
    operationId: string,
    context: CallContext,
  ): Promise<Outcome<ReturnCase>>;
  cancelReturn(user: string, returnId: string, operationId: string, context: CallContext): Promise<Outcome<ReturnCase>>;
}
