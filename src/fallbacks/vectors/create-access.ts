import type { VectorAccess, VectorAccessOptions } from "./access.ts";
import { dropSpace } from "./drop-space.ts";
import { createReplicated } from "./replicated.ts";

/** With a remote first port, everything is kept on this machine too; without one, there is only this machine. */
export function createVectorAccess(options: VectorAccessOptions): VectorAccess {
  const { layer, local, remote } = options;
  if (remote) return createReplicated({ ...options, remote });
  return {
    // Directly: what takes in or removes a document must end as a whole, also when a deadline passes in the middle.
    upsert: (space, records, context) => local.upsert(space, records, context),
    remove: (space, ids, context) => local.remove(space, ids, context),
    query: (space, vector, limit, context) => layer.use((port, ctx) => port.query(space, vector, limit, ctx), context),
    recover: async () => [],
    drop: (space, context) => dropSpace(local, space, context),
    start() {},
    status: () => layer.status(),
    close: () => layer.close(),
  };
}
