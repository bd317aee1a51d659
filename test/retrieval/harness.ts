import { readdirSync, readFileSync } from "node:fs";
import { type CallContext, createContext } from "../../src/fallbacks/core/context.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer, type Port } from "../../src/fallbacks/core/layer.ts";
import type { LayerName } from "../../src/fallbacks/core/status.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { createLexicalReranker } from "../../src/fallbacks/reranker/lexical.ts";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import type { VectorAccess } from "../../src/fallbacks/vectors/access.ts";
import { createVectorAccess } from "../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import {
  createKnowledge,
  type KnowledgeOptions,
  type LoadableKnowledge,
} from "../../src/retrieval/create-knowledge.ts";
import { createIsGone } from "../../src/retrieval/is-gone.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

export interface Harness {
  readonly knowledge: LoadableKnowledge;
  readonly clock: ManualClock;
  /** The vectors on this machine. */
  readonly mirror: Vectors;
  readonly vectors: VectorAccess;
  readonly reports: readonly object[];
  /** Of somebody with these roles; by default of none. */
  readonly context: (signal?: AbortSignal, roles?: readonly string[]) => CallContext;
}

export interface HarnessOptions {
  readonly store?: Store;
  readonly clock?: ManualClock;
  /** A model before the hash. */
  readonly model?: Embeddings;
  /** A vectors port before the one on this machine. */
  readonly remote?: Vectors;
  readonly rerankers?: readonly [Reranker, ...Reranker[]];
  readonly mirror?: Vectors;
  readonly options?: Partial<KnowledgeOptions>;
}

/** Knowledge over the real local ports, any of which a test may replace or put others before. */
export function createHarness(given: HarnessOptions = {}): Harness {
  const clock = given.clock ?? createManualClock();
  const faults = createFaults({ clock, random: () => 0 });
  const layerOf = <P extends Port>(name: LayerName, [first, ...rest]: readonly [P, ...P[]]): Layer<P> =>
    createLayer({
      name,
      slots: [
        { port: first, mode: "equal", timeoutMs: 1_000, breaker: { rampTo: 1, windowShare: 1 } },
        ...rest.map((port) => ({ port, mode: name === "vectors" ? ("equal" as const) : ("lower" as const) })),
      ],
      configured: rest.length > 0,
      clock,
      random: () => 0,
      faults,
      words: { impact: {}, down: "down", action: "none" },
    });
  const localEmbeddings = createHashEmbeddings();
  const mirror = given.mirror ?? createMemoryVectors();
  const store = layerOf<Store>("store", [given.store ?? createMemoryStore()]);
  const access: Pick<StoreAccess, "commit" | "get" | "list"> = {
    commit: (operation, context) => store.use((port, ctx) => port.commit(operation, ctx), context),
    get: (collection, key, context) => store.use((port, ctx) => port.get(collection, key, ctx), context),
    list: (request, context) => store.use((port, ctx) => port.list(request, ctx), context),
  };
  const { model, remote } = given;
  const vectors = createVectorAccess({
    layer: layerOf("vectors", remote ? [remote, mirror] : [mirror]),
    local: mirror,
    ...(remote && { remote }),
    clock,
    isGone: createIsGone(access),
  });
  const reports: object[] = [];
  const knowledge = createKnowledge({
    store: access,
    embeddings: layerOf("embeddings", model ? [model, localEmbeddings] : [localEmbeddings]),
    vectors,
    reranker: layerOf("reranker", given.rerankers ?? [createLexicalReranker()]),
    clock,
    localEmbeddings,
    report: (_error, fields) => void reports.push(fields),
    ...given.options,
  });
  return {
    knowledge,
    clock,
    mirror,
    vectors,
    reports,
    context: (signal, roles = []) =>
      createContext({
        clock,
        requestId: "test",
        deadlineMs: 60_000,
        roles: new Set(roles),
        ...(signal ? { signal } : {}),
      }),
  };
}

const SAMPLES = new URL("../../resources/knowledge/", import.meta.url);

/** The sample knowledge base; names carry the language, as the two have the same file names. */
export async function addSamples({ knowledge, context }: Harness): Promise<void> {
  for (const language of ["en", "zh"]) {
    const folder = new URL(`${language}/`, SAMPLES);
    for (const file of readdirSync(folder).sort()) {
      await knowledge.add(
        { name: file.replace(/\.md$/, `.${language}.md`), content: readFileSync(new URL(file, folder), "utf8") },
        context(),
      );
    }
  }
}
