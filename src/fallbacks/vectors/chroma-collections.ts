import { createHash } from "node:crypto";
import type { CallContext } from "../core/context.ts";
import { type ChromaAccess, type ChromaClient, isNotFound } from "./chroma-access.ts";
import { badAnswer, readCount } from "./chroma-answers.ts";
import { encodeText } from "./chroma-text.ts";

/** What is remembered of a collection. */
export interface Handle {
  /** The server's own, another one each time the collection is made. */
  readonly id: string;
  readonly dimension: number;
}

/** One collection for each space, remembered once found. */
export interface Collections {
  /**
   * Runs `work` on the collection of a space; undefined when there is none. When the collection turns out to be gone (deleted,
   * or the server was wiped), it is looked up anew and `work` runs a second time, from its start.
   * @param options.dimension makes a missing collection, for vectors of this dimension.
   */
  use<T>(
    space: string,
    work: (handle: Handle) => Promise<T>,
    context: CallContext,
    options?: { readonly dimension: number },
  ): Promise<T | undefined>;
  /** The space that was used last. */
  latest(): string | undefined;
}

/**
 * Measured with server 1.0: exact for 5,000 random vectors of 384 dimensions; among 1,000 of which half were equal to a
 * hundred others some were lost once many had been replaced and removed. Fewer neighbours lose more, as equal vectors fill each
 * other's lists; with 128 there was no loss, but replacing one vector among 5,000 of 1,024 dimensions took over 0.1 s.
 */
const hnsw = { space: "cosine", max_neighbors: 64, ef_construction: 128, ef_search: 1000 } as const;

export function createCollections(access: ChromaAccess, prefix: string): Collections {
  const known = new Map<string, Handle>();
  let last: string | undefined;

  async function find(space: string, dimension: number | undefined, context: CallContext): Promise<Handle | undefined> {
    const name = `${prefix}-${createHash("sha256").update(encodeText(space)).digest("hex").slice(0, 32)}`;
    const found = await access.call(context, async (client) => (await existing(client, name)) ?? (await made(client)));
    if (found) known.set(space, found);
    return found;

    async function existing(client: ChromaClient, name: string): Promise<Handle | undefined> {
      try {
        return handleOf(await client.getCollection({ name }), space);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "ChromaNotFoundError") throw error;
        // Any server answers 404 to what it does not know; only Chroma counts its collections.
        readCount(await client.countCollections());
        return undefined;
      }
    }

    async function made(client: ChromaClient): Promise<Handle | undefined> {
      if (dimension === undefined) return undefined;
      const metadata = { space: encodeText(space), dimension };
      // Another process may make it at the same time: what comes back is the collection of the first.
      return handleOf(
        await client.getOrCreateCollection({ name, metadata, embeddingFunction: null, configuration: { hnsw } }),
        space,
      );
    }
  }

  return {
    async use(space, work, context, options) {
      last = space;
      const remembered = known.get(space);
      if (remembered) {
        try {
          return await work(remembered);
        } catch (error) {
          if (!isNotFound(error)) throw error;
          known.delete(space);
        }
      }
      const handle = await find(space, options?.dimension, context);
      return handle && work(handle);
    },
    latest: () => last,
  };
}

function handleOf(collection: { readonly id: unknown; readonly metadata?: unknown }, space: string): Handle {
  const { id } = collection;
  const metadata = Object(collection.metadata) as { readonly space?: unknown; readonly dimension?: unknown };
  if (typeof id !== "string" || metadata.space !== encodeText(space)) {
    throw badAnswer("a collection with the name of this space holds something else");
  }
  return { id, dimension: readCount(metadata.dimension) };
}
