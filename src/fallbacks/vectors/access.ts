import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { Layer, Served } from "../core/layer.ts";
import type { LayerStatus } from "../core/status.ts";
import type { VectorHit, VectorRecord, VectorSpace, Vectors } from "./port.ts";

/**
 * The vectors as everybody else uses them. A vector belongs to its id and space for ever: ids come from the content, spaces
 * from the model. So two indexes that hold the same ids of a space hold the same vectors.
 */
export interface VectorAccess {
  /**
   * Complete on this machine when it returns; a remote port that cannot take it now gets it later, by itself.
   * @throws {LayerError} `invalid_request`, storing nothing, for what the port refuses; `aborted`.
   */
  upsert(space: string, records: readonly VectorRecord[], context: CallContext): Promise<void>;
  /** Unknown ids are ignored. Gone on this machine when it returns. @throws {LayerError} `aborted`. */
  remove(space: string, ids: readonly string[], context: CallContext): Promise<void>;
  query(
    space: string,
    vector: Float32Array,
    limit: number,
    context: CallContext,
  ): Promise<Served<readonly VectorHit[]>>;
  /**
   * Copies to this machine what the remote port still has of these vectors, and returns the ids of those. None without a
   * remote port, or when it is away, or where it holds vectors of another dimension. @throws {LayerError} `aborted`.
   */
  recover(space: VectorSpace, ids: readonly string[], context: CallContext): Promise<readonly string[]>;
  /** Forgets a space on this machine; what a remote port holds of it stays there until it is discarded. */
  drop(space: string, context: CallContext): Promise<void>;
  /** Absent without a remote port, and where that cannot discard a space. */
  readonly remote?: RemoteSpaces;
  /**
   * What was stored before this start is all here: from now on the remote port is brought in step, and kept so, in the
   * spaces that are written or asked, and in these.
   */
  start(spaces: readonly string[]): void;
  status(): LayerStatus;
  /** Stops what runs in the background and closes the ports; to be called once. */
  close(): Promise<void>;
}

/** Whole spaces on the remote port. */
export interface RemoteSpaces {
  /** Dimensions of the spaces that this machine writes or asks, by name; 0 where no vector has been seen yet. */
  inUse(): ReadonlyMap<string, number>;
  /**
   * Deletes what the remote port holds of a space that nobody uses any more. `none`: it had nothing of it. `used`: this machine uses
   * it, so it stays. `away`: the port did not serve, and may be asked again.
   * @throws {LayerError} `invalid_request`: the port is there and does not delete it, which is no outage; `aborted`.
   */
  discard(space: VectorSpace, context: CallContext): Promise<"discarded" | "none" | "used" | "away">;
}

export interface VectorAccessOptions {
  readonly layer: Layer<Vectors>;
  /** The last port of the layer, in this process: empty at first, its writes take effect in the order of the calls. */
  readonly local: Vectors;
  /** The first port, when it is not the local one. */
  readonly remote?: Vectors;
  readonly clock: Clock;
  /**
   * Which of these ids nobody needs any more, as far as can be told now. Asked about what the remote port holds and this
   * machine does not: another instance may have added it. Default: nothing is known to be gone.
   */
  readonly isGone?: IsGone;
}

export type IsGone = (ids: readonly string[], context: CallContext) => Promise<ReadonlySet<string>>;
