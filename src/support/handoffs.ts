import { z } from "zod";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json, StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import { indexOldHandoffs, rowOf, rowsOf, sessionOf, WAITING, type Whose, waitingKey } from "./handoff-index.ts";
import { hashOf } from "./operation-number.ts";

export interface Handoff {
  /** That of the card where it has one. */
  readonly handoffId: string;
  readonly card: Json;
  /** ISO time. */
  readonly createdAt: string;
  readonly status: "waiting";
}

/** Conversations that wait for a person. */
export interface Handoffs {
  /** Once for each operation id, however often it is asked for. `owner`: who may ask for it, and have it deleted. */
  create(
    card: Json,
    options: { readonly operationId: string; readonly owner?: string },
    context: CallContext,
  ): Promise<void>;
  /** Newest first; `limit` from 1 to 1000. */
  list(limit: number, context: CallContext): Promise<readonly Handoff[]>;
  /** Every one of theirs, newest first, read page by page as it is asked for. */
  of(whose: Whose, context: CallContext): AsyncIterable<Handoff>;
  /** Deletes all of theirs, in steps, and returns how many. Broken off, the same call goes on. */
  removeAll(whose: Whose, context: CallContext): Promise<number>;
}

const PAGE = 100;

const handoffSchema = z.object({
  handoffId: z.string(),
  card: z.custom<Json>((value) => value !== undefined),
  createdAt: z.string(),
  status: z.literal("waiting"),
});

export function createHandoffs(store: StoreAccess, deps: { readonly clock: Clock }): Handoffs {
  let indexed = false;

  async function index(context: CallContext): Promise<void> {
    indexed ||= await indexOldHandoffs(store, context);
  }

  async function page(whose: Whose, after: string | undefined, context: CallContext) {
    const start = after === undefined ? {} : { after };
    const request = { collection: "handoffs", prefix: rowsOf(whose), reverse: true, limit: PAGE, ...start } as const;
    return (await store.list(request, context)).value;
  }

  return {
    async create(card, { operationId, owner }, context) {
      const operation = hashOf(operationId);
      const createdAt = deps.clock.wall().toISOString();
      const handoff = { handoffId: idOf(card) ?? `ho_${operation}`, card, createdAt, status: "waiting", rows: true };
      const sessionId = sessionOf(card);
      const whose = owner === undefined ? sessionId !== undefined && { sessionId } : { owner };
      // A conflict at the first record means that the hand-off is there already, which is all that was asked for.
      await store.commit(
        {
          id: `handoff/${operation}`,
          writes: [
            { kind: "put", collection: "handoffs", key: `operation/${operation}`, value: createdAt, expect: 0 },
            { kind: "put", collection: "handoffs", key: waitingKey(createdAt, operation), value: handoff },
            ...(whose ? [rowOf(whose, createdAt, operation)] : []),
          ],
        },
        context,
      );
    },
    async list(limit, context) {
      const request = { collection: "handoffs", prefix: WAITING, reverse: true, limit } as const;
      const { value } = await store.list(request, context);
      return value.map(read);
    },
    async *of(whose, context) {
      await index(context);
      for (let after: string | undefined; ; ) {
        const rows = await page(whose, after, context);
        for (const { key } of rows) {
          const { value } = await store.get("handoffs", WAITING + key.slice(rowsOf(whose).length), context);
          if (value) yield read(value);
        }
        after = rows.at(-1)?.key;
        if (rows.length < PAGE) return;
      }
    },
    async removeAll(whose, context) {
      await index(context);
      for (let removed = 0; ; ) {
        const rows = await page(whose, undefined, context);
        const [first] = rows;
        if (!first) return removed;
        const keys = rows.flatMap(({ key }) => {
          const name = key.slice(rowsOf(whose).length);
          return [key, WAITING + name, `operation/${name.slice(name.lastIndexOf("/") + 1)}`];
        });
        const writes = keys.map((key): Write => ({ kind: "delete", collection: "handoffs", key }));
        // Its version makes the id of each removal its own.
        await store.commit({ id: `handoffs-removed/${first.key}/${first.version}`, writes }, context);
        removed += rows.length;
      }
    },
  };
}

function read(record: StoredRecord): Handoff {
  const parsed = handoffSchema.safeParse(record.value);
  if (parsed.success) return parsed.data;
  throw new Problem("internal", "a stored hand-off cannot be read", { cause: parsed.error });
}

function idOf(card: Json): string | undefined {
  if (typeof card !== "object" || card === null || !("handoffId" in card)) return undefined;
  return typeof card.handoffId === "string" ? card.handoffId : undefined;
}
