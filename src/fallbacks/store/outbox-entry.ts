import { z } from "zod";
import { LayerError } from "../core/errors.ts";
import { sizeOf } from "./operations.ts";
import { collections, type Json, type Operation, type StoredRecord } from "./port.ts";

/** An operation that the local store has and the remote one may not have. */
export interface OutboxEntry {
  /** Its number, with zeros in front. */
  readonly key: string;
  /** Absent when the record cannot be read. */
  readonly operation: Operation | undefined;
  /** The remote store has refused it: its places must be mended, it is not sent again. */
  readonly refused: boolean;
  readonly raw: Json;
}

/** An operation as it will be in the outbox. */
export interface Draft {
  readonly operation: Operation;
  readonly value: Json;
  /** Of `value`, as JSON text. */
  readonly bytes: number;
}

const place = { collection: z.enum(collections), key: z.string(), expect: z.number().exactOptional() };
const version = z.number().exactOptional();

export const operationSchema = z.object({
  id: z.string(),
  writes: z.array(
    z.discriminatedUnion("kind", [
      z.object({
        kind: z.literal("put"),
        ...place,
        value: z.custom<Json>((value) => value !== undefined),
        version,
      }),
      z.object({ kind: z.literal("delete"), ...place, version }),
    ]),
  ),
});

/** `at` is the wall clock when it was saved, in ms since 1970. */
const entrySchema = z.object({ at: z.number(), refused: z.literal(true).optional(), operation: operationSchema });
const savedSchema = entrySchema.pick({ at: true });

/** @throws {LayerError} `invalid_request` when the operation is not JSON. */
export function draftOf({ id, writes }: Operation, at: Date): Draft {
  const value: Json = { at: at.getTime(), operation: { id, writes } };
  try {
    return { operation: { id, writes }, value, bytes: sizeOf(value) };
  } catch (cause) {
    throw new LayerError("invalid_request", `the writes of the operation ${id} are not JSON`, { cause });
  }
}

/** The record of an operation that is not to be sent any more. */
export function refusedValue({ id, writes }: Operation, at: Date): Json {
  return { at: at.getTime(), operation: { id, writes }, refused: true };
}

export function entryOf({ key, value }: StoredRecord): OutboxEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) return { key, operation: undefined, refused: false, raw: value };
  return { key, operation: parsed.data.operation, refused: parsed.data.refused ?? false, raw: value };
}

/** When it was saved, in ms since 1970; undefined when it cannot be read. */
export function savedAt(value: Json): number | undefined {
  const parsed = savedSchema.safeParse(value);
  return parsed.success ? parsed.data.at : undefined;
}
