import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import {
  type Collection,
  type Committed,
  collections,
  type Json,
  type Operation,
  type Store,
  type StoredRecord,
  type Write,
} from "./port.ts";

/** An operation that the local store has and the remote one may not have. */
export interface OutboxEntry {
  /** Its number, with zeros in front. */
  readonly key: string;
  /** Absent when the record cannot be read. */
  readonly operation: Operation | undefined;
  /** The remote store has refused it: its keys must be mended, it is not sent again. */
  readonly refused: boolean;
  readonly raw: Json;
}

export interface Saved {
  readonly committed: Committed;
  /** Of its outbox record; absent when it conflicted, or had been applied before. */
  readonly entry: string | undefined;
}

/** The operations that wait for the remote store, kept in the local one in the same transaction as their writes. */
export interface Outbox {
  /** Reads what an earlier process left. Call once, first. Numbers go on behind `least`. */
  load(context: CallContext, least: number): Promise<void>;
  /** A number for what is sent next: greater than all before it. The key of an entry is its number too. */
  nextNumber(): number;
  /** Applies the operation to the local store, with further writes in the same transaction. */
  save(operation: Operation, localId: string, context: CallContext, also?: readonly Write[]): Promise<Saved>;
  /** The oldest entries behind the one with this key, in order; none is left when it gives none. */
  page(context: CallContext, after?: string): Promise<readonly OutboxEntry[]>;
  /** Takes entries out, with further writes to the local store in the same transaction. */
  remove(keys: readonly string[], context: CallContext, also?: readonly Write[]): Promise<void>;
  markRefused(key: string, operation: Operation, context: CallContext): Promise<void>;
  /** Takes the entry out and keeps it under `meta`, `DEAD`, for a person to look at. */
  bury(entry: OutboxEntry, reason: string, context: CallContext): Promise<void>;
  backlog(): { readonly operations: number; readonly bytes: number; readonly oldestS: number };
  /** Entries ever buried and still there. */
  readonly dead: number;
}

/** Records of the local store alone, in `meta`: what the remote one refused. */
export const DEAD = "dead/";

const PAGE = 100;
const COUNTING_PAGE = 1_000;

const place = { collection: z.enum(collections), key: z.string() };
const entrySchema = z.object({
  at: z.number(),
  refused: z.literal(true).optional(),
  operation: z.object({
    id: z.string(),
    writes: z.array(
      z.discriminatedUnion("kind", [
        z.object({
          kind: z.literal("put"),
          ...place,
          value: z.custom<Json>((value) => value !== undefined),
          expect: z.number().exactOptional(),
          version: z.number().exactOptional(),
        }),
        z.object({ kind: z.literal("delete"), ...place }),
      ]),
    ),
  }),
});

export function createOutbox(options: {
  readonly local: Store;
  readonly clock: Clock;
  readonly newId: () => string;
}): Outbox {
  const { local, clock, newId } = options;
  /** By key, in order: size, and monotonic time of saving. */
  const waiting = new Map<string, { readonly bytes: number; readonly at: number }>();
  /** Of all that is waiting: many ask for it, and there may be many entries. */
  let waitingBytes = 0;
  let last = 0;
  let dead = 0;

  function nextNumber(): number {
    last += 1;
    return last;
  }

  function count(key: string, value: Json, at: number): void {
    const bytes = sizeOf(value);
    waiting.set(key, { bytes, at });
    waitingBytes += bytes;
  }

  function discount(key: string): void {
    waitingBytes -= waiting.get(key)?.bytes ?? 0;
    waiting.delete(key);
  }

  async function apply(writes: readonly Write[], context: CallContext): Promise<void> {
    await local.commit({ id: newId(), writes }, context);
  }

  const removal = (key: string): Write => ({ kind: "delete", collection: "outbox", key });

  return {
    async load(context, least) {
      last = Math.max(last, least);
      await eachRecord(local, "outbox", "", context, ({ key, value }) => {
        const parsed = entrySchema.safeParse(value);
        const age = parsed.success ? Math.max(0, clock.wall().getTime() - parsed.data.at) : 0;
        count(key, value, clock.now() - age);
        last = Math.max(last, Number(key));
      });
      await eachRecord(local, "meta", DEAD, context, () => {
        dead += 1;
      });
    },
    nextNumber,
    async save(operation, localId, context, also = []) {
      const key = String(nextNumber()).padStart(16, "0");
      const value = entryValue(operation, clock);
      const record: Write = { kind: "put", collection: "outbox", key, value };
      // Counted before it is there, so that a replay that is faster than this function cannot leave it counted for ever.
      count(key, value, clock.now());
      let entry: string | undefined;
      try {
        const committed = await local.commit({ id: localId, writes: [...operation.writes, record, ...also] }, context);
        // An operation that was applied before has written nothing now.
        entry = (await local.get("outbox", key, context))?.key;
        return { committed, entry };
      } finally {
        if (entry === undefined) discount(key);
      }
    },
    async page(context, after) {
      const start = after === undefined ? {} : { after };
      const records = await local.list({ collection: "outbox", limit: PAGE, ...start }, context);
      return records.map(({ key, value }) => {
        const parsed = entrySchema.safeParse(value);
        if (!parsed.success) return { key, operation: undefined, refused: false, raw: value };
        return { key, operation: parsed.data.operation, refused: parsed.data.refused ?? false, raw: value };
      });
    },
    async remove(keys, context, also = []) {
      await apply([...keys.map(removal), ...also], context);
      for (const key of keys) discount(key);
    },
    async markRefused(key, operation, context) {
      const value = entryValue(operation, clock, { refused: true });
      await apply([{ kind: "put", collection: "outbox", key, value }], context);
    },
    async bury(entry, reason, context) {
      const at = clock.wall().toISOString();
      const value = { reason, at, entry: entry.raw };
      await apply(
        [removal(entry.key), { kind: "put", collection: "meta", key: `${DEAD}${at}/${entry.key}`, value }],
        context,
      );
      discount(entry.key);
      dead += 1;
    },
    backlog() {
      // A map keeps the order of insertion, and entries come in theirs.
      const [oldest] = waiting.values();
      const ageMs = oldest ? clock.now() - oldest.at : 0;
      return { operations: waiting.size, bytes: waitingBytes, oldestS: Math.round(ageMs / 100) / 10 };
    },
    get dead() {
      return dead;
    },
  };
}

export async function eachRecord(
  store: Store,
  collection: Collection,
  prefix: string,
  context: CallContext,
  visit: (record: StoredRecord) => void,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const start = after === undefined ? {} : { after };
    const records = await store.list({ collection, prefix, limit: COUNTING_PAGE, ...start }, context);
    records.forEach(visit);
    after = records.at(-1)?.key;
    if (records.length < COUNTING_PAGE) return;
    if (context.deadline.remaining() <= 0) throw new LayerError("timeout", "the deadline passed while reading");
  }
}

function entryValue(operation: Operation, clock: Clock, more: { readonly refused?: true } = {}) {
  return { at: clock.wall().getTime(), operation: { id: operation.id, writes: operation.writes }, ...more };
}

export function sizeOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
