import { z } from "zod";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { operationSchema } from "./outbox-entry.ts";
import { type Committed, DEAD, type Json, type Operation, type Store } from "./port.ts";

/** Something that was acknowledged here and that the shared store has refused for ever. */
export interface DeadLetter {
  /** Its key in the collection `meta` of the local store. */
  readonly key: string;
  /** When it was buried, ISO 8601; null when the record cannot be read. */
  readonly at: string | null;
  readonly reason: string;
  /** Absent when it cannot be read: then it can be looked at and dropped, and not retried. */
  readonly operation: Operation | undefined;
  /** What is kept, as it is. */
  readonly raw: Json;
}

/** For a person to look at and to decide about. */
export interface DeadLetters {
  /** The oldest ones; `limit` is 1 to 1000. */
  listDead(limit: number, context: CallContext): Promise<readonly DeadLetter[]>;
  /**
   * Sends the operation once more, under a new id and with what it compared with, and drops the letter when it is applied. A
   * letter is retried once, however often it is asked for. `conflict`: the shared store still has something else there.
   * @throws {LayerError} `invalid_request` when there is none with this key, or nothing in it can be sent; else as the store.
   */
  retryDead(key: string, context: CallContext): Promise<Committed>;
  /** Forgets it. False when there is none with this key. */
  dropDead(key: string, context: CallContext): Promise<boolean>;
}

const letterSchema = z.object({ at: z.string(), reason: z.string(), entry: z.unknown() });
const sentSchema = z.object({ operation: operationSchema });

export function createDeadLetters(options: {
  readonly local: Store;
  readonly commit: (operation: Operation, context: CallContext) => Promise<{ readonly value: Committed }>;
  readonly newId: () => string;
  /** Called when there is one fewer. */
  readonly onDropped?: () => void;
}): DeadLetters {
  const { local, commit, newId, onDropped } = options;

  async function find(key: string, context: CallContext) {
    if (!key.startsWith(DEAD)) return undefined;
    const record = await local.get("meta", key, context);
    return record && { letter: letterOf(record.key, record.value), version: record.version };
  }

  /** False: somebody else has dropped it at the same time. */
  async function drop(key: string, expect: number, context: CallContext): Promise<boolean> {
    const writes = [{ kind: "delete", collection: "meta", key, expect } as const];
    const { status } = await local.commit({ id: newId(), writes }, context);
    if (status === "applied") onDropped?.();
    return status === "applied";
  }

  return {
    async listDead(limit, context) {
      const records = await local.list({ collection: "meta", prefix: DEAD, limit }, context);
      return records.map(({ key, value }) => letterOf(key, value));
    },
    async retryDead(key, context) {
      const found = await find(key, context);
      if (!found?.letter.operation) {
        const why = found ? "holds no operation that can be read" : "is the key of no dead letter";
        throw new LayerError(
          "invalid_request",
          `key: ${JSON.stringify(key)} ${why}; listDead gives those that are there`,
        );
      }
      // The first id is spent in the local store. A derived one is applied once, also when the letter could not be dropped.
      const operation = { id: `retry/${key}`, writes: found.letter.operation.writes };
      const { value } = await commit(operation, context);
      if (value.status === "applied") await drop(key, found.version, context);
      return value;
    },
    async dropDead(key, context) {
      const found = await find(key, context);
      return found !== undefined && drop(key, found.version, context);
    },
  };
}

function letterOf(key: string, value: Json): DeadLetter {
  const letter = letterSchema.safeParse(value);
  if (!letter.success) return { key, at: null, reason: "unreadable", operation: undefined, raw: value };
  const sent = sentSchema.safeParse(letter.data.entry);
  const { at, reason } = letter.data;
  return { key, at, reason, operation: sent.success ? sent.data.operation : undefined, raw: value };
}
