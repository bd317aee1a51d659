import { orderThatIs, returnThatIs, ticketThatIs } from "./judging.ts";

/** A record in each state. */
export const paid = orderThatIs("paid");
export const packed = orderThatIs("packed");
export const delivered = orderThatIs("delivered");
export const cancelled = orderThatIs("cancelled");
export const requested = returnThatIs("requested");
export const received = returnThatIs("received");
export const refunded = returnThatIs("refunded");
export const rejected = returnThatIs("rejected");
export const returnCancelled = returnThatIs("cancelled");
export const pending = ticketThatIs("pending");
export const processing = ticketThatIs("processing");
export const resolved = ticketThatIs("resolved");
export const closed = ticketThatIs("closed");

export const inEveryState = [
  paid,
  packed,
  delivered,
  cancelled,
  requested,
  received,
  refunded,
  rejected,
  returnCancelled,
  pending,
  processing,
  resolved,
  closed,
] as const;
