import { z } from "zod";
import { maskPhone } from "./mask.ts";
import {
  type Account,
  type Member,
  memberLevels,
  type Order,
  type Owned,
  orderStatuses,
  type ReturnCase,
  returnStatuses,
} from "./port.ts";
import { RECORD_NUMBER } from "./record-number.ts";

/** The JSON of the business API as docs/business-api.md describes it, read into our records; fields we do not know are dropped. */

const LONGEST_TEXT = 200;
const MOST_ITEMS = 500;

const number = z.string().regex(RECORD_NUMBER).toUpperCase();
const shortText = z.string().min(1).max(LONGEST_TEXT);
const date = z.iso.date();
const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const count = z.int().min(0);
const money = z.object({
  amount: z.string().regex(/^-?\d{1,15}(?:\.\d{1,4})?$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
});

export const orderReply = z
  .object({
    user_id: z.string(),
    order_id: number,
    status: z.enum(orderStatuses),
    items: z.array(shortText).max(MOST_ITEMS),
    total: money,
    tracking_number: absent(shortText),
    ordered_on: date,
    delivered_on: absent(date),
    expected_on: absent(date),
  })
  .transform(
    (wire): Owned<Order> => ({
      owner: wire.user_id,
      record: {
        orderId: wire.order_id,
        status: wire.status,
        items: wire.items,
        total: wire.total,
        trackingNumber: wire.tracking_number,
        orderedOn: wire.ordered_on,
        deliveredOn: wire.delivered_on,
        expectedOn: wire.expected_on,
      },
    }),
  );

export const orderListReply = z.object({ orders: z.array(orderReply) });

export const returnReply = z
  .object({
    user_id: z.string(),
    return_id: number,
    order_id: number,
    status: z.enum(returnStatuses),
    refund: absent(money),
  })
  .transform(
    (wire): Owned<ReturnCase> => ({
      owner: wire.user_id,
      record: { returnId: wire.return_id, orderId: wire.order_id, status: wire.status, refund: wire.refund },
    }),
  );

export const memberReply = z
  .object({ user_id: z.string(), level: z.enum(memberLevels), points: count, phone: z.string().max(LONGEST_TEXT) })
  .transform(
    (wire): Owned<Member> => ({
      owner: wire.user_id,
      record: { level: wire.level, points: wire.points, phone: maskPhone(wire.phone) },
    }),
  );

export const accountReply = z.object({ user_id: z.string(), balance: money, open_bills: count }).transform(
  (wire): Owned<Account> => ({
    owner: wire.user_id,
    record: { balance: wire.balance, openBills: wire.open_bills },
  }),
);

/** RFC 9457; programs read `code` alone. */
export const problemReply = z.object({ code: z.string() });
