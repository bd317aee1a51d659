import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import { eachRecord } from "./each-record.ts";
import { countWithin, lookAll, nameOf, placesOf, sizeOf } from "./operations.ts";
import { type Draft, entryOf, type OutboxEntry, refusedValue, savedAt } from "./outbox-entry.ts";
import { DEAD, type Operation, type Outcome, type Store, type Write } from "./port.ts";
import { placesIn, type WaitingPlaces } from "./waiting-places.ts";

export interface Saved {
  /** `failed`: the local store could not be written, and nothing of the operation was. */
  readonly outcome: Outcome | { readonly status: "failed"; readonly error: LayerError };
  /** Key of its outbox record, which is not there when it had been applied before; absent when it was not applied. */
  readonly entry: string | undefined;
}

/** The operations that wait for the remote store, kept in the local one in the same transaction as their writes. */
export interface Outbox {
  /** Reads what an earlier process left. Call once, first. */
  load(context: CallContext): Promise<void>;
  /**
   * Applies operations to the local store, in this order, with one sync for all. `localId` is the id under which the local
   * store is to know one, `also` what is written with each. Takes out what `settle` was told of. What failed is in the outcome.
   */
  saveAll(
    drafts: readonly (Draft & { readonly localId: string })[],
    context: CallContext,
    also?: () => readonly Write[],
  ): Promise<readonly Saved[]>;
  /** The oldest entries behind the one with this key, in order, up to `bytes` in all; none is left when it gives none. */
  page(limit: number, context: CallContext, after?: string): Promise<readonly OutboxEntry[]>;
  /** The remote store has these: they are taken out with the next write to the local store. */
  settle(keys: readonly string[]): void;
  /** Something was settled and is not taken out yet. */
  readonly unsettled: boolean;
  /** Takes out what was settled, and these, with further writes to the local store in the same transaction. */
  remove(keys: readonly string[], context: CallContext, also?: readonly Write[]): Promise<void>;
  /** Entries for operations whose effect the local store has already, with further writes in the same transaction. */
  adopt(drafts: readonly Draft[], context: CallContext, also?: readonly Write[]): Promise<void>;
  /** Keeps entries, with a note that they are not to be sent, and with further writes in the same transaction. */
  markRefused(
    entries: readonly { readonly key: string; readonly operation: Operation }[],
    context: CallContext,
    also?: readonly Write[],
  ): Promise<void>;
  /** Takes the entry out and keeps it under `meta`, `DEAD`, for a person to look at. Returns its key there. */
  bury(entry: OutboxEntry, reason: string, context: CallContext, also?: readonly Write[]): Promise<string>;
  /** What waits, as far as it is known without reading: an operation that was saved twice may be counted twice. */
  backlog(): { readonly operations: number; readonly bytes: number; readonly oldestS: number };
  /** Whether nothing is in the outbox, which is then known; nobody may save in the meantime. */
  isEmpty(context: CallContext): Promise<boolean>;
  /** A write has failed in a way that leaves open what there is in the outbox: read it to know. */
  readonly uncertain: boolean;
  /** Entries ever buried and still there. */
  readonly dead: number;
  /** A person has dealt with one of them. */
  dropped(): void;
}

const BYTES_AT_ONCE = 1024 * 1024;

export function createOutbox(options: {
  readonly local: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Written with each removal. */
  readonly record?: () => readonly Write[];
  /** Is told of what is counted. */
  readonly places?: WaitingPlaces;
}): Outbox {
  const { local, clock, newId, record = () => [], places: waitingPlaces } = options;
  /** By key, in order: size, and monotonic time of saving. */
  const waiting = new Map<string, { readonly bytes: number; readonly at: number }>();
  /** Of all that is waiting: many ask for it, and there may be many entries. */
  let waitingBytes = 0;
  let settled: string[] = [];
  let last = 0;
  let dead = 0;
  let uncertain = false;

  function nextKey(): string {
    last += 1;
    return String(last).padStart(16, "0");
  }

  function count(key: string, bytes: number, at: number): void {
    discount(key);
    waiting.set(key, { bytes, at });
    waitingBytes += bytes;
  }

  function discount(key: string): void {
    waitingBytes -= waiting.get(key)?.bytes ?? 0;
    waiting.delete(key);
    waitingPlaces?.forget(key);
  }

  const removal = (key: string): Write => ({ kind: "delete", collection: "outbox", key });

  /** Runs `write` with the removal of what was settled; when it fails, that stays settled. */
  async function withSettled<T>(write: (removals: readonly Write[]) => Promise<T>): Promise<T> {
    const keys = settled;
    settled = [];
    try {
      return await write(keys.length > 0 ? [...keys.map(removal), ...record()] : []);
    } catch (error) {
      settled = [...keys, ...settled];
      throw error;
    }
  }

  async function apply(writes: readonly Write[], context: CallContext): Promise<void> {
    await withSettled((removals) => local.commit({ id: newId(), writes: [...removals, ...writes] }, context));
  }

  /** Of a batch that failed, a first part may have been applied: it shows in the outbox. */
  async function afterFailure(
    drafts: readonly { readonly key: string }[],
    error: LayerError,
    context: CallContext,
  ): Promise<readonly Saved["outcome"][]> {
    const places = drafts.map(({ key }) => ({ collection: "outbox", key }) as const);
    const seen = await lookAll(local, places, context).catch(() => {
      uncertain = true;
    });
    return places.map((place) => {
      const isThere = seen?.get(nameOf(place))?.value !== undefined;
      return isThere ? { status: "applied" } : { status: "failed", error };
    });
  }

  /** The first entries behind `after` that make up about one batch. */
  function countOf(limit: number, after: string): number {
    const sizes: number[] = [];
    for (const [key, { bytes }] of waiting) {
      if (key > after) sizes.push(bytes);
      if (sizes.length === limit) break;
    }
    // More may be there than is known here, after a write that failed half-way.
    return Math.max(1, countWithin(sizes, BYTES_AT_ONCE));
  }

  return {
    async load(context) {
      await eachRecord(local, { collection: "outbox", prefix: "" }, context, ({ key, value }) => {
        const wall = clock.wall().getTime();
        count(key, sizeOf(value), clock.now() - Math.max(0, wall - (savedAt(value) ?? wall)));
        waitingPlaces?.add(key, placesIn(value));
        last = Math.max(last, Number(key));
      });
      dead = 0;
      await eachRecord(local, { collection: "meta", prefix: DEAD }, context, () => {
        dead += 1;
      });
    },
    async saveAll(drafts, context, also = () => []) {
      const prepared = drafts.map((draft) => ({ ...draft, key: nextKey() }));
      // Counted before they are there, so that a replay that is faster than this function cannot leave them counted for ever.
      for (const { key, bytes, operation } of prepared) {
        count(key, bytes, clock.now());
        waitingPlaces?.add(key, placesOf(operation.writes));
      }
      const applied = (
        { operation, localId, key, value }: (typeof prepared)[number],
        more: readonly Write[],
      ): Operation => {
        return {
          id: localId,
          writes: [...operation.writes, { kind: "put", collection: "outbox", key, value }, ...more],
        };
      };
      let outcomes: readonly Saved["outcome"][];
      try {
        outcomes = await withSettled(async (removals) => {
          const first = removals.length > 0 ? [{ id: newId(), writes: removals }] : [];
          const more = also();
          const operations = [...first, ...prepared.map((each) => applied(each, more))];
          return (await local.commitAll(operations, context)).slice(first.length);
        });
      } catch (thrown) {
        outcomes = await afterFailure(prepared, asLayerError(thrown), context);
      }
      return prepared.map(({ key }, index) => {
        const outcome = outcomes[index] ?? { status: "applied" };
        if (outcome.status === "applied") return { outcome, entry: key };
        discount(key);
        return { outcome, entry: undefined };
      });
    },
    async page(limit, context, after = "") {
      // The local store may have more than is counted here.
      const request = { collection: "outbox", limit: countOf(limit, after), bytes: BYTES_AT_ONCE, after } as const;
      const found = await local.list(request, context);
      return found.map(entryOf);
    },
    settle(keys) {
      settled.push(...keys);
      for (const key of keys) discount(key);
    },
    get unsettled() {
      return settled.length > 0;
    },
    async remove(keys, context, also = []) {
      await apply([...keys.map(removal), ...record(), ...also], context);
      for (const key of keys) discount(key);
    },
    async adopt(drafts, context, also = []) {
      const prepared = drafts.map((draft) => ({ ...draft, key: nextKey() }));
      const records = prepared.map(({ key, value }): Write => ({ kind: "put", collection: "outbox", key, value }));
      await apply([...records, ...also], context);
      for (const { key, bytes, operation } of prepared) {
        count(key, bytes, clock.now());
        waitingPlaces?.add(key, placesOf(operation.writes));
      }
    },
    async markRefused(entries, context, also = []) {
      const marks = entries.map(({ key, operation }): Write => {
        return { kind: "put", collection: "outbox", key, value: refusedValue(operation, clock.wall()) };
      });
      await apply([...marks, ...also], context);
    },
    async bury(entry, reason, context, also = []) {
      const at = clock.wall().toISOString();
      const key = `${DEAD}${at}/${entry.key}`;
      const value = { reason, at, entry: entry.raw };
      await apply([removal(entry.key), { kind: "put", collection: "meta", key, value }, ...also], context);
      discount(entry.key);
      dead += 1;
      return key;
    },
    backlog() {
      // A map keeps the order of insertion, and entries come in theirs.
      const [oldest] = waiting.values();
      const ageMs = oldest ? clock.now() - oldest.at : 0;
      return { operations: waiting.size, bytes: waitingBytes, oldestS: Math.round(ageMs / 100) / 10 };
    },
    async isEmpty(context) {
      if ((await local.list({ collection: "outbox", limit: 1 }, context)).length > 0) return false;
      waiting.clear();
      waitingPlaces?.clear();
      waitingBytes = 0;
      uncertain = false;
      return true;
    },
    get uncertain() {
      return uncertain;
    },
    get dead() {
      return dead;
    },
    dropped() {
      dead -= 1;
    },
  };
}
