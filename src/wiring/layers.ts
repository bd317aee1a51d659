import type { Config } from "../config/config.ts";
import { createMockBusiness } from "../fallbacks/business/mock.ts";
import { createNoBusiness } from "../fallbacks/business/none.ts";
import type { Business } from "../fallbacks/business/port.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import {
  createLayer,
  type EpisodeChange,
  type Layer,
  type LayerOptions,
  type Port,
  type Slot,
} from "../fallbacks/core/layer.ts";
import type { LayerName } from "../fallbacks/core/status.ts";
import { createHashEmbeddings } from "../fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../fallbacks/embeddings/port.ts";
import { createMockModel } from "../fallbacks/llm/mock.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";
import { createLexicalReranker } from "../fallbacks/reranker/lexical.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import type { Store } from "../fallbacks/store/port.ts";
import { createNoopTracing } from "../fallbacks/tracing/noop.ts";
import type { Tracing } from "../fallbacks/tracing/port.ts";
import { createMemoryVectors } from "../fallbacks/vectors/memory.ts";
import type { Vectors } from "../fallbacks/vectors/port.ts";
import type { Executor } from "../graph/executor.ts";
import { isEngineFault } from "../graph/langgraph.ts";
import { createSequentialExecutor } from "../graph/sequential.ts";
import { layerWords, noBusiness, sampleBusiness } from "./words.ts";

export interface Ports {
  readonly llm: ChatModel;
  readonly embeddings: Embeddings;
  readonly vectors: Vectors;
  readonly reranker: Reranker;
  readonly graph: Executor;
  readonly store: Store;
  readonly business: Business;
  readonly tracing: Tracing;
}

export type LayerSet = { readonly [Name in LayerName]: Layer<Ports[Name]> };

/** Ports that go before the local ones: those that somebody configured. */
export type FirstPorts = { readonly [Name in LayerName]?: readonly Ports[Name][] };

export interface LayerDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
  readonly firsts: FirstPorts;
  /** The local store, with the one that takes over if it cannot be loaded. */
  readonly stores: readonly [Slot<Store>, ...Slot<Store>[]];
  readonly langgraph: Executor;
  readonly onEpisode: (change: EpisodeChange) => void;
}

type Limits = Pick<Slot<Port>, "timeoutMs" | "idleMs"> & { readonly failureThreshold?: number };

/** Longest single call of a port that is not the last one, by layer. */
const limits: Readonly<Record<LayerName, Limits>> = {
  llm: { timeoutMs: 15_000 },
  embeddings: { timeoutMs: 2_000 },
  vectors: { timeoutMs: 1_000 },
  reranker: { timeoutMs: 2_000 },
  // A turn may take its whole deadline, but the engine may not be silent between two nodes.
  graph: { timeoutMs: Number.POSITIVE_INFINITY, idleMs: 2_000 },
  store: { timeoutMs: 500, failureThreshold: 2 },
  business: { timeoutMs: 5_000 },
  tracing: { timeoutMs: 500 },
};

/** The eight layers with their ports in order; the last port of each is local. */
export function createLayers(deps: LayerDeps): LayerSet & { readonly local: Pick<Ports, "embeddings" | "vectors"> } {
  const { config, firsts } = deps;
  const embeddings = createHashEmbeddings();
  const vectors = createMemoryVectors();
  const business = config.business.provider === "mock" ? createMockBusiness(deps.clock) : createNoBusiness();
  const langgraph = config.graph.engine === "langgraph" ? [deps.langgraph] : [];

  function layer<Name extends LayerName>(
    name: Name,
    local: readonly Slot<Ports[Name]>[],
    more: Partial<LayerOptions<Ports[Name]>> = {},
  ): Layer<Ports[Name]> {
    const { failureThreshold = config.limits.failureThreshold, ...limit }: Limits = limits[name];
    const first: readonly Ports[Name][] = firsts[name] ?? [];
    const remote = first.map((port) => ({ port, mode: "equal" as const, ...limit, breaker: { failureThreshold } }));
    const [head, ...rest] = [...remote, ...local];
    if (!head) throw new TypeError(`${name} has no port`);
    return createLayer<Ports[Name]>({
      name,
      slots: [head, ...rest],
      configured: remote.length > 0,
      clock: deps.clock,
      random: deps.random,
      faults: deps.faults,
      words: layerWords[name],
      onEpisode: deps.onEpisode,
      ...more,
    });
  }

  return {
    local: { embeddings, vectors },
    llm: layer("llm", [{ port: createMockModel(), mode: "lower" }]),
    embeddings: layer("embeddings", [{ port: embeddings, mode: "lower" }]),
    vectors: layer("vectors", [{ port: vectors, mode: "equal" }]),
    reranker: layer("reranker", [{ port: createLexicalReranker(), mode: "lower" }]),
    graph: layer(
      "graph",
      [
        ...langgraph.map((port) => ({ port, mode: "equal" as const, ...limits.graph, breaker: config.limits })),
        { port: createSequentialExecutor(), mode: "equal", timeoutMs: Number.POSITIVE_INFINITY },
      ],
      { isFault: isEngineFault, configured: true },
    ),
    store: layer("store", deps.stores),
    business: layer("business", [{ port: business, mode: "made_up" }], {
      words: {
        ...layerWords.business,
        ...(!firsts.business && { asConfigured: config.business.provider === "mock" ? sampleBusiness : noBusiness }),
      },
    }),
    tracing: layer("tracing", [{ port: createNoopTracing(), mode: "equal" }]),
  };
}
