import type { Config } from "../config/config.ts";
import { createMockBusiness } from "../fallbacks/business/mock.ts";
import { createNoBusiness } from "../fallbacks/business/none.ts";
import type { Business } from "../fallbacks/business/port.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import type { GateMemory } from "../fallbacks/core/gate.ts";
import { createLayer, type Layer, type LayerOptions, type Port, type Slot } from "../fallbacks/core/layer.ts";
import type { Share } from "../fallbacks/core/share.ts";
import type { LayerName } from "../fallbacks/core/status.ts";
import { createSwitchableLayer, type SwitchableLayer } from "../fallbacks/core/switchable.ts";
import { createHashEmbeddings } from "../fallbacks/embeddings/hash.ts";
import type { Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
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
import { createModelLayer } from "./model-layer.ts";
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

export type LayerSet = { readonly [Name in LayerName]: Layer<Ports[Name]> } & {
  /** Its models can be replaced while the server runs. */
  readonly llm: SwitchableLayer<ChatModel>;
};

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
  readonly onEvent: (event: LayerEvent) => void;
  /** Hears of what goes on in another way than is best; nothing fails for that. */
  readonly report: (error: unknown, fields: object) => void;
  /** Waits that a model asked for, and orders, outlive a change of the configuration. */
  readonly memoryOf: (port: ChatModel) => GateMemory;
  /** What other processes know of the port; undefined for one that is this process's own affair. */
  readonly shareOf: (layer: LayerName, port: Port) => Share | undefined;
}

type Limits = Pick<Slot<Port>, "timeoutMs" | "idleMs" | "breaker">;

/** Longest single call of a port that is not the last one, by layer. */
const limits: Readonly<Record<Exclude<LayerName, "llm">, Limits>> = {
  // Whoever looks for the one passage that it cannot take fails in half of the calls: that share says nothing of its health.
  embeddings: { timeoutMs: 2_000, breaker: { windowShare: 1 } },
  // A listing of all ids comes in pages, each of them a sign of life; all else is silent. Of its passages the same is true.
  vectors: { timeoutMs: 10_000, idleMs: 2_000, breaker: { windowShare: 1 } },
  reranker: { timeoutMs: 2_000 },
  // A turn may take its whole deadline, but the engine may not be silent between two nodes.
  graph: { timeoutMs: Number.POSITIVE_INFINITY, idleMs: 2_000 },
  // It is asked many times in a turn and has its own limit on silence, so that only what moves takes this long: a large
  // document on a slow link. Writes wait for it, so it is asked again soon.
  store: { timeoutMs: 5_000, breaker: { failureThreshold: 2, openMs: 1_000, maxOpenMs: 10_000 } },
  business: {},
  tracing: { timeoutMs: 500 },
};

/** The eight layers with their ports in order; the last port of each is local. */
export function createLayers(
  deps: LayerDeps,
): LayerSet & { readonly local: Pick<Ports, "vectors"> & { readonly embeddings: LocalEmbeddings } } {
  const { config, firsts } = deps;
  const embeddings = createHashEmbeddings();
  const vectors = createMemoryVectors({ report: deps.report });
  const business = businessSlot(deps);
  const langgraph = config.graph.engine === "langgraph" ? [deps.langgraph] : [];

  function layer<Name extends Exclude<LayerName, "llm">>(
    name: Name,
    local: readonly Slot<Ports[Name]>[],
    more: Partial<LayerOptions<Ports[Name]>> = {},
  ): Layer<Ports[Name]> {
    const { breaker, ...limit }: Limits = limits[name];
    const { failureThreshold } = config.limits;
    const first: readonly Ports[Name][] = firsts[name] ?? [];
    const remote = first.map((port) => ({
      port,
      mode: "equal" as const,
      ...limit,
      ...ownTimeout(name, config),
      // These answer in milliseconds: whoever comes back can take everybody at once.
      breaker: { failureThreshold, rampTo: 1 as const, ...breaker },
    }));
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
      shareOf: (port) => (first.includes(port) ? deps.shareOf(name, port) : undefined),
      onEvent: deps.onEvent,
      // A wrong key is for the operator; trying it at each call would only knock on the door.
      trips: new Set(["auth"] as const),
      ...more,
    });
  }

  return {
    local: { embeddings, vectors },
    llm: createSwitchableLayer(createModelLayer(config, firsts.llm, deps)),
    embeddings: layer("embeddings", [{ port: embeddings, mode: "lower" }]),
    vectors: layer("vectors", [{ port: vectors, mode: "equal" }]),
    reranker: layer("reranker", [{ port: createLexicalReranker(), mode: "lower" }]),
    graph: layer(
      "graph",
      [
        ...langgraph.map((port) => ({
          port,
          mode: "equal" as const,
          ...limits.graph,
          breaker: { failureThreshold: config.limits.failureThreshold, rampTo: 1 as const },
        })),
        { port: createSequentialExecutor(), mode: "equal", timeoutMs: Number.POSITIVE_INFINITY },
      ],
      { isFault: isEngineFault, configured: true },
    ),
    store: layer("store", deps.stores),
    business: layer("business", [business], {
      words: {
        ...layerWords.business,
        ...(!firsts.business && { asConfigured: config.business.provider === "mock" ? sampleBusiness : noBusiness }),
      },
    }),
    tracing: layer("tracing", [{ port: createNoopTracing(), mode: "equal" }]),
  };
}

/** What stands behind the business API, or is the business system where there is none. */
function businessSlot({ config, clock, firsts }: LayerDeps): Slot<Business> {
  const { provider } = config.business;
  const behindApi = firsts.business !== undefined && provider === "http";
  const made = config.business.provider === "http" ? config.business.fallback : provider;
  if (made === "none") return { port: createNoBusiness({ configured: behindApi }), mode: "lower", refuses: behindApi };
  return { port: createMockBusiness(clock, { writes: firsts.business === undefined }), mode: "made_up" };
}

function ownTimeout(layer: LayerName, { business }: Config): Limits {
  return layer === "business" && business.provider === "http" ? { timeoutMs: business.timeoutMs } : {};
}
