import type { CallContext } from "../core/context.ts";
import type { LayerError } from "../core/errors.ts";
import type { Port } from "../core/layer.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export const collections = [
  "sessions",
  "turns",
  "turn_index",
  "documents",
  "document_names",
  "document_versions",
  "uploads",
  "tickets",
  "handoffs",
  "keys",
  "meta",
  "outbox",
  "replicas",
  "jobs",
  "knowledge_uses",
] as const;
/** A collection is a sorted map of string keys (by UTF-16 code unit) to JSON values. */
export type Collection = (typeof collections)[number];

/** Collections that belong to one store alone: nothing of them is copied, and a deletion leaves no grave. */
export const ownCollections: ReadonlySet<Collection> = new Set<Collection>(["outbox", "replicas"]);

/** Begins the keys in `meta` of what the shared store refused for ever. They stay in the store of one machine. */
export const DEAD = "dead/";

export interface Place {
  readonly collection: Collection;
  readonly key: string;
}

export interface StoredRecord {
  readonly key: string;
  readonly value: Json;
  /** 1 for a record that never was; one more with each put and each deletion, so that the same version is never two things. */
  readonly version: number;
}

/** What is left of a deleted record, so that no older copy of it can come back. */
export interface Grave {
  readonly key: string;
  /** One more than the last version of the record. */
  readonly version: number;
  /** When it was deleted, in ms of the wall clock since 1970. */
  readonly at: number;
}

/** What is at a place: a record, a grave (a version and no value), or nothing ever (version 0). */
export interface Seen {
  readonly version: number;
  readonly value: Json | undefined;
}

export type Write =
  | {
      readonly kind: "put";
      readonly collection: Collection;
      readonly key: string;
      readonly value: Json;
      /** Compare-and-set: the version that must be there, 0 for "must not exist". Absent: whatever is there. */
      readonly expect?: number;
      /**
       * For mending a copy from the original: the version to give it (1 or more) instead of the next one. With `expect`: it
       * conflicts with a grave of this version or a higher one too, as the copy is older than the deletion.
       */
      readonly version?: number;
    }
  | {
      readonly kind: "delete";
      readonly collection: Collection;
      readonly key: string;
      /** As for a put. Of a record that is not there: 0. */
      readonly expect?: number;
      /** For mending a copy, as for a put: the version of the grave. Absent: one more than that of the record; nothing there, no grave. */
      readonly version?: number;
    };

/** Writes that happen together or not at all, and once: an operation whose id was applied before changes nothing. */
export interface Operation {
  readonly id: string;
  readonly writes: readonly Write[];
}

/** `applied` also when the same operation id had been applied before. */
export type Committed = { readonly status: "applied" } | { readonly status: "conflict"; readonly key: string };

/** Of one operation among several. `refused`: it can never be applied, and nothing of it was. */
export type Outcome = Committed | { readonly status: "refused"; readonly error: LayerError };

export interface ListRequest {
  readonly collection: Collection;
  /** Only keys that start with it. */
  readonly prefix?: string;
  /** Only keys behind this one in the direction of travel. */
  readonly after?: string;
  /** 1 to 1000. */
  readonly limit: number;
  /**
   * Fewer than `limit` when their values, as JSON text, would be more than so many bytes; at least one if there are any. A hint: a
   * store may pass it over. Who gives it has read all only when the answer is empty.
   */
  readonly bytes?: number;
  readonly reverse?: boolean;
}

export interface GravesRequest {
  readonly collection: Collection;
  /** Only keys behind this one. */
  readonly after?: string;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface Store extends Port {
  /** What an acknowledged write survives: a restart, or only the process. */
  readonly durability: "disk" | "memory";
  /** Resolves when the operation is as durable as this port makes it. Keys may be any string, lone surrogates included. */
  commit(operation: Operation, context: CallContext): Promise<Committed>;
  /**
   * Several, in this order, each whole or not at all and by itself; resolves when all are durable, with the outcome of each in
   * the same place. After an error any first part of them may have been applied: the same ids are safe to send again.
   */
  commitAll(operations: readonly Operation[], context: CallContext): Promise<readonly Outcome[]>;
  /** What is at each of these places, graves included, at one moment. At most 1000. */
  look(places: readonly Place[], context: CallContext): Promise<readonly Seen[]>;
  /** Deleted keys of a collection, in order. */
  graves(request: GravesRequest, context: CallContext): Promise<readonly Grave[]>;
  /** Forgets graves dug before `before` (ms of the wall clock), at most `limit` of them; returns how many. */
  forgetGraves(before: number, limit: number, context: CallContext): Promise<number>;
  /** The record; a deleted one is not there. */
  get(collection: Collection, key: string, context: CallContext): Promise<StoredRecord | undefined>;
  list(request: ListRequest, context: CallContext): Promise<readonly StoredRecord[]>;
}
