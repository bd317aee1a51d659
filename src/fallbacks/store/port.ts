import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export const collections = [
  "sessions",
  "turns",
  "turn_index",
  "documents",
  "tickets",
  "handoffs",
  "keys",
  "meta",
  "outbox",
  "replicas",
] as const;
/** A collection is a sorted map of string keys (by UTF-16 code unit) to JSON values. */
export type Collection = (typeof collections)[number];

export interface StoredRecord {
  readonly key: string;
  readonly value: Json;
  /** 1 for a new record, one more with each put. */
  readonly version: number;
}

export type Write =
  | {
      readonly kind: "put";
      readonly collection: Collection;
      readonly key: string;
      readonly value: Json;
      /** Compare-and-set: the version that must be there, 0 for "must not exist". Absent: whatever is there. */
      readonly expect?: number;
      /** For mending a copy from the original: the version to give it (1 or more) instead of the next one. */
      readonly version?: number;
    }
  | { readonly kind: "delete"; readonly collection: Collection; readonly key: string };

/** Writes that happen together or not at all, and once: an operation whose id was applied before changes nothing. */
export interface Operation {
  readonly id: string;
  readonly writes: readonly Write[];
}

/** `applied` also when the same operation id had been applied before. */
export type Committed = { readonly status: "applied" } | { readonly status: "conflict"; readonly key: string };

export interface ListRequest {
  readonly collection: Collection;
  /** Only keys that start with it. */
  readonly prefix?: string;
  /** Only keys behind this one in the direction of travel. */
  readonly after?: string;
  /** 1 to 1000. */
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface Store extends Port {
  /** What an acknowledged write survives: a restart, or only the process. */
  readonly durability: "disk" | "memory";
  /** Resolves when the operation is as durable as this port makes it. Keys may be any string, lone surrogates included. */
  commit(operation: Operation, context: CallContext): Promise<Committed>;
  get(collection: Collection, key: string, context: CallContext): Promise<StoredRecord | undefined>;
  list(request: ListRequest, context: CallContext): Promise<readonly StoredRecord[]>;
}
