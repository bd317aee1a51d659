import type { Account, Member, Money, Order, Owned, ReturnCase } from "./port.ts";

export interface SampleRecords {
  readonly orders: readonly Owned<Order>[];
  readonly returns: readonly Owned<ReturnCase>[];
  readonly members: readonly Owned<Member>[];
  readonly accounts: readonly Owned<Account>[];
}

const yuan = (amount: string): Money => ({ amount, currency: "CNY" });

/** Made-up records with dates around the given day. */
export function sampleRecords(today: Date): SampleRecords {
  const day = (offset: number) => new Date(today.getTime() + offset * DAY_MS).toISOString().slice(0, 10);
  return {
    orders: [
      {
        owner: "guest",
        record: {
          orderId: "LK20260142",
          status: "shipped",
          items: ["Brew 2 coffee machine"],
          total: yuan("1899.00"),
          trackingNumber: "PX400142",
          orderedOn: day(-3),
          deliveredOn: null,
          expectedOn: day(2),
        },
      },
      {
        owner: "guest",
        record: {
          orderId: "LK20260117",
          status: "delivered",
          items: ["Kettle 1.7 l", "Water filter, pack of 3"],
          total: yuan("428.00"),
          trackingNumber: "PX400117",
          orderedOn: day(-12),
          deliveredOn: day(-8),
          expectedOn: null,
        },
      },
      {
        owner: "guest",
        record: {
          orderId: "LK20260155",
          status: "paid",
          items: ["Robot vacuum brush set"],
          total: yuan("139.00"),
          trackingNumber: null,
          orderedOn: day(-1),
          deliveredOn: null,
          expectedOn: day(4),
        },
      },
      {
        owner: "guest",
        record: {
          orderId: "LK20260129",
          status: "delivered",
          items: ["Milk frother"],
          total: yuan("169.00"),
          trackingNumber: "PX400129",
          orderedOn: day(-7),
          deliveredOn: day(-4),
          expectedOn: null,
        },
      },
      {
        owner: "alice",
        record: {
          orderId: "LK20260131",
          status: "packed",
          items: ["Stand mixer"],
          total: yuan("1299.00"),
          trackingNumber: null,
          orderedOn: day(-2),
          deliveredOn: null,
          expectedOn: day(3),
        },
      },
      {
        owner: "bob",
        record: {
          orderId: "LK20260999",
          status: "shipped",
          items: ["Air purifier"],
          total: yuan("999.00"),
          trackingNumber: "PX400999",
          orderedOn: day(-4),
          deliveredOn: null,
          expectedOn: day(1),
        },
      },
    ],
    returns: [
      {
        owner: "guest",
        record: { returnId: "RT204518", orderId: "LK20260117", status: "received", refund: null },
      },
      {
        owner: "guest",
        record: { returnId: "RT204377", orderId: "LK20260103", status: "refunded", refund: yuan("169.00") },
      },
      {
        owner: "guest",
        record: { returnId: "RT204590", orderId: "LK20260098", status: "requested", refund: null },
      },
      {
        owner: "bob",
        record: { returnId: "RT209001", orderId: "LK20260888", status: "requested", refund: null },
      },
    ],
    members: [
      { owner: "guest", record: { level: "silver", points: 1280, phone: "138****1234" } },
      { owner: "alice", record: { level: "gold", points: 5420, phone: "139****8801" } },
      { owner: "bob", record: { level: "standard", points: 90, phone: "136****4207" } },
    ],
    accounts: [
      { owner: "guest", record: { balance: yuan("115.00"), openBills: 0 } },
      { owner: "alice", record: { balance: yuan("0.00"), openBills: 1 } },
      { owner: "bob", record: { balance: yuan("42.10"), openBills: 2 } },
    ],
  };
}

const DAY_MS = 24 * 60 * 60 * 1000;
