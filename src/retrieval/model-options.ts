import type { Clock } from "../fallbacks/core/clock.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import type { LibraryChunk } from "./library.ts";
import type { RetireStore } from "./model-retire-records.ts";
import type { VectorCache } from "./vector-cache.ts";

export interface ModelVectorsOptions {
  readonly embeddings: Layer<Embeddings>;
  readonly vectors: VectorAccess;
  /** The last port of the layer: its vectors are not those of a model. */
  readonly local: LocalEmbeddings;
  readonly clock: Clock;
  /** The passages that are live. */
  readonly chunks: ReadonlyMap<string, LibraryChunk>;
  /** Hears of what is given up and of what fails in the background. */
  readonly report: (error: unknown, fields: object) => void;
  /** Where instances share an index, one at a time computes what all of them can get from it. Absent: each its own. */
  readonly leases?: Leases | undefined;
  /** Where servers tell each other which spaces they use. Absent: what a remote index holds of former models stays there. */
  readonly store?: RetireStore | undefined;
  /** A new unique id at each call. Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
  /** Hears what is deleted of former models. Default: nobody. */
  readonly info?: ((fields: object, message: string) => void) | undefined;
  /** Vectors that were computed once, on this machine. Absent: none are kept. */
  readonly cache?: VectorCache | undefined;
}
