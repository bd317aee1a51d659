import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { Layer, Served } from "../core/layer.ts";
import type { LayerStatus } from "../core/status.ts";
import type { Collection, Committed, ListRequest, Operation, Store, StoredRecord } from "./port.ts";

/** The store as everybody else uses it: which port served, and whether something stood in, is part of the answer. */
export interface StoreAccess {
  /** Resolves when the operation is durable; what it was acknowledged by is `by`. @throws {LayerError} not saved. */
  commit(operation: Operation, context: CallContext): Promise<Served<Committed>>;
  get(collection: Collection, key: string, context: CallContext): Promise<Served<StoredRecord | undefined>>;
  list(request: ListRequest, context: CallContext): Promise<Served<readonly StoredRecord[]>>;
  /** What a write acknowledged now survives. */
  durability(): Store["durability"];
  status(): LayerStatus;
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
  /** Milliseconds between two attempts to replay what waits, default 1 000. */
  readonly drainMs?: number;
}
