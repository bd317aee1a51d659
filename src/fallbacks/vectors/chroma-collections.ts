import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { type ChromaAccess, type ChromaClient, isNotFound } from "./chroma-access.ts";
import { badAnswer, readCount } from "./chroma-answers.ts";
import { describe, fits, fitsSpace, type Handle, hnsw, namesOf } from "./chroma-handles.ts";
import { encodeText } from "./chroma-text.ts";
import type { VectorSpace } from "./port.ts";

/**
 * One collection for each space, remembered once found. The name of a space may be taken by something else: a collection that somebody
 * else made, or one for vectors of another dimension. That is left as it is, and the next name of the space is taken.
 */
export interface Collections {
  /**
   * Runs `work` on the collection of a space; undefined when there is none. When the collection turns out to be gone (deleted,
   * or the server was wiped), it is looked up anew and `work` runs a second time, from its start.
   * @param options.dimension makes a missing collection, for vectors of this dimension.
   * @throws {LayerError} `bad_response` when all names of the space are taken by something else.
   */
  use<T>(
    space: string,
    work: (handle: Handle) => Promise<T>,
    context: CallContext,
    options?: { readonly dimension: number },
  ): Promise<T | undefined>;
  /** As the port's `expect`. */
  expect(space: VectorSpace): boolean;
  /** As the port's `discard`. */
  discard(space: VectorSpace, context: CallContext): Promise<boolean>;
  /** Names of collections that were found in the place of those of spaces that are in use. */
  strangers(): readonly string[];
  /** The space that was used last. */
  latest(): string | undefined;
}

export function createCollections(access: ChromaAccess, prefix: string): Collections {
  const known = new Map<string, Handle>();
  /** Dimensions by space: a collection of another one is not that of the space. */
  const expected = new Map<string, number>();
  const strange = new Map<string, readonly string[]>();
  let last: string | undefined;

  function find(space: string, dimension: number | undefined, context: CallContext): Promise<Handle | undefined> {
    return access.call(context, async (client) => {
      const taken: string[] = [];
      let free: string | undefined;
      let found: Handle | undefined;
      for (const name of namesOf(prefix, space)) {
        const there = await existing(client, name);
        if (!there) free ??= name;
        else if (await fits(client, there, space, expected.get(space))) found = there;
        else taken.push(name);
        if (found) break;
      }
      strange.set(space, taken);
      if (!found && free === undefined) {
        throw badAnswer(`each collection with a name of this space holds something else: ${taken.join(", ")}`);
      }
      found ??= free !== undefined && dimension !== undefined ? await made(client, free, space, dimension) : undefined;
      if (found) known.set(space, found);
      return found;
    });
  }

  async function made(client: ChromaClient, name: string, space: string, dimension: number): Promise<Handle> {
    const metadata = { space: encodeText(space), dimension };
    // Another process may make it at the same time: what comes back is the collection of the first.
    const handle = describe(
      await client.getOrCreateCollection({ name, metadata, embeddingFunction: null, configuration: { hnsw } }),
    );
    if (!fitsSpace(handle, space, expected.get(space))) {
      throw badAnswer(`somebody else has made the collection ${name} for something else meanwhile`);
    }
    return handle;
  }

  return {
    async use(space, work, context, options) {
      last = space;
      const remembered = known.get(space);
      try {
        if (remembered) return await work(remembered);
      } catch (error) {
        forgetAfter(error, space);
        if (!isNotFound(error)) throw error;
      }
      const handle = await find(space, options?.dimension, context);
      try {
        return handle && (await work(handle));
      } catch (error) {
        forgetAfter(error, space);
        throw error;
      }
    },
    expect({ name, dimension }) {
      if (expected.get(name) === dimension) return false;
      expected.set(name, dimension);
      const before = known.get(name);
      return before !== undefined && before.dimension !== dimension && known.delete(name);
    },
    discard: ({ name: space, dimension }, context) =>
      access.call(context, async (client) => {
        const discarded: string[] = [];
        for (const name of namesOf(prefix, space)) {
          const there = await existing(client, name);
          if (!there || !fitsSpace(there, space, dimension)) continue;
          await client.deleteCollection({ name });
          discarded.push(name);
        }
        strange.set(
          space,
          (strange.get(space) ?? []).filter((name) => !discarded.includes(name)),
        );
        return discarded.length > 0;
      }),
    strangers: () => [...strange.values()].flat(),
    latest: () => last,
  };

  /** What the server refuses or answers strangely, it may hold no more as it was found: the next call looks again. */
  function forgetAfter(error: unknown, space: string): void {
    if (isNotFound(error) || (error instanceof LayerError && error.errorClass === "bad_response")) known.delete(space);
  }
}

/**
 * Given, so that the package does not look for the one that a collection of somebody else names: it would import a package of that
 * name, and write to the console. Nothing here is embedded by it.
 */
const embeddingFunction = { generate: async () => [] };

async function existing(client: ChromaClient, name: string): Promise<Handle | undefined> {
  try {
    return describe(await client.getCollection({ name, embeddingFunction }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ChromaNotFoundError") throw error;
    // Any server answers 404 to what it does not know; only Chroma counts its collections.
    readCount(await client.countCollections());
    return undefined;
  }
}
