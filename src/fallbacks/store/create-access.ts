import type { StoreAccess, StoreAccessOptions } from "./access.ts";
import { createReplicated } from "./replicated.ts";

/** With a remote first port every write goes to the local journal first; without one, straight to the layer. */
export function createStoreAccess(options: StoreAccessOptions): StoreAccess {
  const { layer, local, remote } = options;
  if (remote) return createReplicated({ ...options, remote, drainMs: options.drainMs ?? 1_000 });
  return {
    commit: (operation, context) => layer.use((port, ctx) => port.commit(operation, ctx), context),
    get: (collection, key, context) => layer.use((port, ctx) => port.get(collection, key, ctx), context),
    list: (request, context) => layer.use((port, ctx) => port.list(request, ctx), context),
    durability: () => local.durability,
    status: () => layer.status(),
    close: () => layer.close(),
  };
}
