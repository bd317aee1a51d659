import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { Business, Lookup } from "./port.ts";
import { sampleRecords } from "./sample-records.ts";

/** Most orders that a list shows. */
const LONGEST_LIST = 10;

/**
 * A made-up business system in memory, every record marked `sample`. Users are `guest` (who asks without a key), `alice`
 * and `bob`; anybody else has no records. With a clock the dates are near its day, without they stand still.
 */
export function createMockBusiness(clock?: Clock): Business {
  const records = () => sampleRecords(clock?.wall() ?? FIXED_DAY);
  const answer = async <T>(context: CallContext, find: () => T | undefined): Promise<Lookup<T>> => {
    if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
    const record = find();
    return record === undefined ? { status: "not_found", sample: true } : { status: "found", record, sample: true };
  };
  const ordersOf = (user: string) =>
    records()
      .orders.filter(({ owner }) => owner === user)
      .map(({ record }) => record);
  return {
    name: "mock",
    order: (user, orderId, context) =>
      answer(context, () => ordersOf(user).find((order) => order.orderId === orderId.toUpperCase())),
    orders: (user, context) =>
      answer(context, () => {
        const own = ordersOf(user).sort((a, b) => b.orderedOn.localeCompare(a.orderedOn));
        return own.length > 0 ? own.slice(0, LONGEST_LIST) : undefined;
      }),
    returnCase: (user, returnId, context) =>
      answer(context, () => {
        const own = records().returns.filter(({ owner }) => owner === user);
        return own.find(({ record }) => record.returnId === returnId.toUpperCase())?.record;
      }),
    member: (user, context) => answer(context, () => records().members.find(({ owner }) => owner === user)?.record),
    account: (user, context) => answer(context, () => records().accounts.find(({ owner }) => owner === user)?.record),
  };
}

const FIXED_DAY = new Date("2026-01-15T00:00:00.000Z");
