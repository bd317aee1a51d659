import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { documentIdOfChunk } from "./ingest.ts";

/**
 * Says which passages belong to no stored document any more. While the store that all instances share is away, none: what
 * another instance has added since is not known here.
 */
export function createIsGone(store: Pick<StoreAccess, "get">) {
  return async (chunkIds: readonly string[], context: CallContext): Promise<ReadonlySet<string>> => {
    const gone = new Set<string>();
    for (const documentId of new Set(chunkIds.map(documentIdOfChunk))) {
      const { value, degraded } = await store.get("documents", documentId, context);
      if (degraded) return new Set();
      if (!value) gone.add(documentId);
    }
    return new Set(chunkIds.filter((id) => gone.has(documentIdOfChunk(id))));
  };
}
