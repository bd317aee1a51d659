import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { Layer, Served } from "../core/layer.ts";
import type { LayerStatus } from "../core/status.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Collection, Committed, ListRequest, Operation, Place, Seen, Store, StoredRecord } from "./port.ts";

/**
 * Makes of an operation that another instance was faster than one that fits what is there now, so that nothing of it is lost:
 * `there` gives what the shared store has at each place that the operation touches. Undefined: it cannot be, and a person has
 * to look at it. Pure: it may be asked again.
 */
export type Unite = (operation: Operation, there: (place: Place) => Seen) => Operation | undefined;

/** Something that was acknowledged here and that the shared store will never take: kept for a person to look at. */
export interface Buried {
  readonly operation: Operation | undefined;
  /** Where it is kept: its key in the collection `meta` of the local store. */
  readonly key: string;
  readonly reason: string;
}

/** The store as everybody else uses it: which port served, and whether something stood in, is part of the answer. */
export interface StoreAccess {
  /** Resolves when the operation is durable; what it was acknowledged by is `by`. @throws {LayerError} not saved. */
  commit(operation: Operation, context: CallContext): Promise<Served<Committed>>;
  get(collection: Collection, key: string, context: CallContext): Promise<Served<StoredRecord | undefined>>;
  list(request: ListRequest, context: CallContext): Promise<Served<readonly StoredRecord[]>>;
  /**
   * Whether it is known on this machine that there was a record and that it was deleted: it will not come back, whatever the shared store
   * would say. Absent where there is no other store that could know better.
   */
  wasDeleted?(place: Place, context: CallContext): Promise<boolean>;
  /**
   * Makes the copy on this machine of these places as the shared store has them, in one commit, where that is newer and the copy has
   * any of them: what another process has deleted or changed is not to come back at a start while the shared store is away. Does nothing
   * while that does not answer. Absent where there is no shared store. @throws {LayerError} the local store fails, or nobody waits.
   */
  takeOver?(places: readonly Place[], context: CallContext): Promise<void>;
  /** What a write acknowledged now survives. */
  durability(): Store["durability"];
  status(): LayerStatus;
  /**
   * Resolves when the shared store has all that waited for it, or is found to be away, or the deadline has passed; at once where there is
   * none. Whoever begins before reads by the copy on this machine, which is as old as its last outage or its last end. Fails only as the
   * local store does.
   */
  settle(context: CallContext): Promise<void>;
  /** What the first store has refused for ever. Absent where there is only one store. */
  readonly deadLetters?: DeadLetters;
  /** Stops the replay and closes the ports. What still waits is replayed after the next start. */
  close(): Promise<void>;
}

export interface StoreAccessOptions {
  readonly layer: Layer<Store>;
  /** The last port of the layer: on this machine, the journal of a remote one. */
  readonly local: Store;
  /** The first port, when it is not the local one. */
  readonly remote?: Store;
  readonly clock: Clock;
  /** A new unique id at each call. */
  readonly newId: () => string;
  /** Absent: nothing can be united. */
  readonly unite?: Unite;
  /** Hears of each operation that is buried. */
  readonly onBuried?: (buried: Buried) => void;
  /** Milliseconds between two attempts to replay what waits, default 1 000. */
  readonly drainMs?: number;
}
