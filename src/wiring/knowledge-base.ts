import { join } from "node:path";
import type { Cluster } from "../cluster/cluster.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/env.ts";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { createThreadHold } from "../fallbacks/core/thread-hold.ts";
import type { LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { createLeases } from "../fallbacks/store/leases.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import { createVectorAccess } from "../fallbacks/vectors/create-access.ts";
import type { Vectors } from "../fallbacks/vectors/port.ts";
import { createIngestion } from "../ingestion/create-ingestion.ts";
import type { Ingestion } from "../ingestion/ingestion.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { createKnowledge, type LoadableKnowledge } from "../retrieval/create-knowledge.ts";
import { createFetcher } from "../retrieval/fetching/create-fetcher.ts";
import type { Fetcher } from "../retrieval/fetching/fetcher.ts";
import { createIsGone } from "../retrieval/is-gone.ts";
import { createLibrary } from "../retrieval/library.ts";
import { createPrecedence, type Precedence } from "../retrieval/precedence.ts";
import { createPreparer } from "../retrieval/preparer.ts";
import { createReader } from "../retrieval/reading/create-reader.ts";
import { holdSlices } from "../retrieval/slices.ts";
import { createVectorCache } from "../retrieval/vector-cache-files.ts";
import type { LayerSet } from "./layers.ts";

export interface KnowledgeBaseDeps {
  readonly config: Pick<Config, "store" | "fetchAllowPrivate">;
  readonly layers: Pick<LayerSet, "embeddings" | "vectors" | "reranker">;
  /** The last ports of these layers. */
  readonly local: { readonly embeddings: LocalEmbeddings; readonly vectors: Vectors };
  /** The first port of the vectors, where there is one. */
  readonly remoteVectors: Vectors | undefined;
  readonly store: StoreAccess;
  /** Whether other processes use the store as well. */
  readonly shared: boolean;
  readonly jobs: Jobs;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly report: (error: unknown, fields: object) => void;
  readonly info: (fields: object, message: string) => void;
}

/** The knowledge, the vectors under it, and the way into it. */
export interface KnowledgeBase {
  readonly knowledge: LoadableKnowledge;
  /** Of whoever is answered before the reading of documents. */
  readonly precedence: Precedence;
  readonly vectors: VectorAccess;
  /** Takes the jobs that wait: to be called once, when what is stored has been loaded. */
  readonly openIngestion: () => Ingestion;
  readonly fetcher: Pick<Fetcher, "close">;
}

/**
 * What is kept besides the store, in the data directory, can be made again from it.
 * @throws {ConfigError} for an entry of `FETCH_ALLOW_PRIVATE` that is none.
 */
export function createKnowledgeBase(deps: KnowledgeBaseDeps): KnowledgeBase {
  const { config, layers, local, remoteVectors, store, shared, clock, newId, report, info } = deps;
  const directory = config.store.provider === "embedded" ? join(config.store.directory, "index") : undefined;
  const vectors = createVectorAccess({
    layer: layers.vectors,
    local: local.vectors,
    ...(remoteVectors && { remote: remoteVectors }),
    clock,
    isGone: createIsGone(store),
  });
  const threadHold = createThreadHold();
  const precedence = createPrecedence({
    // What waits here waits for processors, so it is a matter of real time, whatever clock a test moves.
    clock: systemClock,
    hold() {
      const release = holdSlices();
      threadHold.set(true);
      return () => {
        threadHold.set(false);
        release();
      };
    },
  });
  const knowledge = createKnowledge({
    ...layers,
    store,
    vectors,
    clock,
    localEmbeddings: local.embeddings,
    shared,
    leases: shared && remoteVectors ? createLeases(store, { clock, newId }) : undefined,
    reader: createReader({ clock }),
    preparer: createPreparer({ report, hold: threadHold }),
    precedence,
    ...(directory !== undefined && { library: createLibrary({ file: join(directory, "words.bin"), report }) }),
    ...(directory !== undefined && {
      vectorCache: createVectorCache({ directory: join(directory, "vectors"), report }),
    }),
    report,
    info,
    newId,
  });
  const fetcher = fetcherOf(config.fetchAllowPrivate, clock);
  return {
    knowledge,
    precedence,
    vectors,
    openIngestion: () => createIngestion({ ...deps, knowledge, fetcher }),
    fetcher,
  };
}

function fetcherOf(allowPrivate: readonly string[], clock: Clock): Fetcher {
  try {
    return createFetcher({ clock, allowPrivate });
  } catch (error) {
    throw new ConfigError([`FETCH_ALLOW_PRIVATE: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
