import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { type Business, LONGEST_LIST, type Lookup, type Outcome, type Owned, type ReturnCase } from "./port.ts";
import { recordNumber } from "./record-number.ts";
import { refusalOf } from "./return-rules.ts";
import { sampleRecords } from "./sample-records.ts";

export interface MockBusinessOptions {
  /** False for a stand-in: a return that only the memory of a mock knows must not pass as requested. Default true. */
  readonly writes?: boolean;
}

/** Writes that are remembered; of older ones the mock forgets both the effect and that they were made. */
const WRITES_KEPT = 1_000;
const FIRST_NEW_RETURN = 300_001;

/**
 * A made-up business system in memory, every record marked `sample`. Users are `guest` (who asks without a key), `alice`
 * and `bob`; anybody else has no records. With a clock the dates are near its day, without they stand still.
 */
export function createMockBusiness(clock?: Clock, { writes = true }: MockBusinessOptions = {}): Business {
  const today = () => clock?.wall() ?? FIXED_DAY;
  /** Returns that were requested or cancelled here, by number; they go before the samples. */
  const written = new Map<string, Owned<ReturnCase>>();
  const operations = new Map<string, { readonly content: string; readonly outcome: Outcome<ReturnCase> }>();
  let nextReturn = FIRST_NEW_RETURN;

  const ofUser = <T>(user: string, owned: readonly Owned<T>[]) =>
    owned.filter(({ owner }) => owner === user).map(({ record }) => record);
  const ordersOf = (user: string) => ofUser(user, sampleRecords(today()).orders);
  const returnsOf = (user: string) => {
    const samples = sampleRecords(today()).returns.filter(({ record }) => !written.has(record.returnId));
    return ofUser(user, [...samples, ...written.values()]);
  };

  async function answer<T>(context: CallContext, find: () => T | undefined): Promise<Lookup<T>> {
    stopIfGone(context);
    const record = find();
    return record === undefined ? { status: "not_found", sample: true } : { status: "found", record, sample: true };
  }

  async function write(
    operation: { readonly user: string; readonly id: string; readonly content: readonly string[] },
    context: CallContext,
    decide: () => Outcome<ReturnCase>,
  ): Promise<Outcome<ReturnCase>> {
    stopIfGone(context);
    // Not an outage of its own: it is there, and serves look-ups.
    if (!writes)
      throw new LayerError("missing", "the business system cannot be reached, and made-up data takes no writes");
    const key = JSON.stringify([operation.user, operation.id]);
    const content = JSON.stringify(operation.content);
    const known = operations.get(key);
    if (known) {
      if (known.content === content) return known.outcome;
      throw new LayerError("invalid_request", "this idempotency key was used for another operation");
    }
    const outcome = decide();
    keep(operations, key, { content, outcome });
    if (outcome.status === "done")
      keep(written, outcome.record.returnId, { owner: operation.user, record: outcome.record });
    return outcome;
  }

  return {
    name: "mock",
    order: (user, orderId, context) =>
      answer(context, () => {
        const number = recordNumber(orderId);
        return ordersOf(user).find((order) => order.orderId === number);
      }),
    orders: (user, context) =>
      answer(context, () => {
        const own = ordersOf(user).sort((a, b) => b.orderedOn.localeCompare(a.orderedOn));
        return own.length > 0 ? own.slice(0, LONGEST_LIST) : undefined;
      }),
    returnCase: (user, returnId, context) =>
      answer(context, () => {
        const number = recordNumber(returnId);
        return returnsOf(user).find((found) => found.returnId === number);
      }),
    member: (user, context) => answer(context, () => ofUser(user, sampleRecords(today()).members)[0]),
    account: (user, context) => answer(context, () => ofUser(user, sampleRecords(today()).accounts)[0]),
    async createReturn(user, { orderId, reason }, id, context) {
      const number = recordNumber(orderId);
      return write({ user, id, content: ["create", number, reason] }, context, () => {
        const order = ordersOf(user).find((own) => own.orderId === number);
        if (!order) return { status: "not_found", sample: true };
        const refusal = refusalOf({ order, returns: returnsOf(user), reason, today: today() });
        if (refusal) return { status: "refused", reason: refusal, sample: true };
        const returnId = `RT${nextReturn}`;
        nextReturn += 1;
        const record: ReturnCase = { returnId, orderId: number, status: "requested", refund: null };
        return { status: "done", record, sample: true };
      });
    },
    async cancelReturn(user, returnId, id, context) {
      const number = recordNumber(returnId);
      return write({ user, id, content: ["cancel", number] }, context, () => {
        const found = returnsOf(user).find((own) => own.returnId === number);
        if (!found) return { status: "not_found", sample: true };
        if (found.status !== "requested") return { status: "refused", reason: "not_cancellable", sample: true };
        return { status: "done", record: { ...found, status: "cancelled" }, sample: true };
      });
    },
  };
}

function stopIfGone({ signal }: CallContext): void {
  if (signal.aborted) throw new LayerError("aborted", "the caller went away");
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > WRITES_KEPT && oldest !== undefined) map.delete(oldest);
}

const FIXED_DAY = new Date("2026-01-15T00:00:00.000Z");
