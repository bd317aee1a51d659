import { createMockBusiness } from "../fallbacks/business/mock.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Port } from "../fallbacks/core/layer.ts";
import type { LayerName } from "../fallbacks/core/status.ts";
import { createHashEmbeddings } from "../fallbacks/embeddings/hash.ts";
import { createMockModel } from "../fallbacks/llm/mock.ts";
import { createLexicalReranker } from "../fallbacks/reranker/lexical.ts";
import { createMemoryStore } from "../fallbacks/store/memory.ts";
import type { Store } from "../fallbacks/store/port.ts";
import { createNoopTracing } from "../fallbacks/tracing/noop.ts";
import { createMemoryVectors } from "../fallbacks/vectors/memory.ts";
import { createSequentialExecutor } from "../graph/sequential.ts";

const makers = {
  llm: () => createMockModel(),
  // Another dimension, and so another vector space, as a real model would have.
  embeddings: () => createHashEmbeddings({ dimension: 256 }),
  vectors: () => createMemoryVectors(),
  reranker: () => createLexicalReranker(),
  graph: () => createSequentialExecutor(),
  // Over a local store that has data, the stand-in must have the same: an empty one would hide it, and win conflicts.
  store: (_clock: Clock, local?: Store) => (local ? viewOf(local) : createMemoryStore()),
  business: (clock: Clock) => createMockBusiness(clock),
  tracing: () => createNoopTracing(),
} as const satisfies Record<LayerName, (clock: Clock, local?: Store) => Port>;

type Made = { readonly [Name in LayerName]: ReturnType<(typeof makers)[Name]> };
export type StandIns = { readonly [Name in LayerName]?: readonly Made[Name][] };

/**
 * First ports for layers that have none, so that there is something to fail: each does what the local port does, under
 * the name `scripted`, with data of its own; the store's shares that of `local` where it is given.
 */
export function createStandIns(names: Iterable<LayerName>, clock: Clock, local?: Store): StandIns {
  const entries = [...names].map((name) => [name, [named(makers[name](clock, local))]] as const);
  return Object.fromEntries(entries);
}

function named<P extends Port>(port: P): P {
  return Object.defineProperty(port, "name", { value: "scripted" });
}

/** It does not own the store, so it does not close it. */
function viewOf(local: Store): Store {
  return {
    name: local.name,
    durability: local.durability,
    commit: (operation, context) => local.commit(operation, context),
    get: (collection, key, context) => local.get(collection, key, context),
    commitAll: (operations, context) => local.commitAll(operations, context),
    look: (places, context) => local.look(places, context),
    graves: (request, context) => local.graves(request, context),
    forgetGraves: (before, limit, context) => local.forgetGraves(before, limit, context),
    list: (request, context) => local.list(request, context),
  };
}
