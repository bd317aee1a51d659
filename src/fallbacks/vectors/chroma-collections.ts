import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { type ChromaAccess, type ChromaClient, isNotFound } from "./chroma-access.ts";
import { badAnswer, readCount } from "./chroma-answers.ts";
import { describe, fits, fitsSpace, type Handle, hnsw, namesOf } from "./chroma-handles.ts";
import { clear, type Place, placeOf } from "./chroma-places.ts";
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
  /**
   * As the port's `discard`.
   * @throws {LayerError} `invalid_request` when the server answers and does not delete it: that says nothing about its being well.
   */
  discard(space: VectorSpace, context: CallContext): Promise<boolean>;
  /** Asks the server for those of `strangers` that stand in the place of this space, and forgets the ones that are gone. */
  lookAgain(space: string, context: CallContext): Promise<void>;
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

  /** Each is a sign of life, as finding a place may take several. */
  async function exchange<T>(context: CallContext, work: (client: ChromaClient) => Promise<T>): Promise<T> {
    const answer = await access.call(context, work);
    context.idle.restart();
    return answer;
  }

  /** What stands under each of these names now. */
  async function look(names: readonly string[], context: CallContext): Promise<readonly Place[]> {
    return Promise.all(names.map((name) => exchange(context, (client) => placeOf(client, name))));
  }

  /** Any server answers 404 to what it does not know; only Chroma counts its collections. */
  async function makeSure(places: readonly Place[], context: CallContext): Promise<void> {
    if (places.some(({ there }) => !there)) {
      await exchange(context, async (client) => readCount(await client.countCollections()));
    }
  }

  async function find(space: string, dimension: number | undefined, context: CallContext): Promise<Handle | undefined> {
    const [first = "", ...others] = namesOf(prefix, space);
    const isOurs = ({ there }: Place) =>
      there !== undefined && exchange(context, (client) => fits(client, there, space, expected.get(space)));
    const places = [...(await look([first], context))];
    const taken: string[] = [];
    let found: Handle | undefined;
    for (let at = 0; at < places.length && !found; at += 1) {
      const place = places[at] as Place;
      if (await isOurs(place)) found = place.there;
      else if (place.there) taken.push(place.name);
      // Whatever stood under the first name once may be gone by now, and the space be under the next one.
      if (at === 0 && !found) places.push(...(await look(others, context)));
    }
    if (!found) await makeSure(places, context);
    strange.set(space, taken);
    const free = places.find(({ there }) => !there)?.name;
    if (!found && free === undefined) {
      throw badAnswer(`each collection with a name of this space holds something else: ${taken.join(", ")}`);
    }
    if (free !== undefined && dimension !== undefined) {
      found ??= await exchange(context, (client) => made(client, free, space, dimension));
    }
    if (found) known.set(space, found);
    return found;
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
    async discard({ name: space, dimension }, context) {
      const places = await look(namesOf(prefix, space), context);
      await makeSure(places, context);
      const discarded: string[] = [];
      for (const { name, there } of places) {
        if (!there || !fitsSpace(there, space, dimension)) continue;
        if (await exchange(context, (client) => clear(client, name))) discarded.push(name);
      }
      keepStrange(space, (name) => !discarded.includes(name));
      return discarded.length > 0;
    },
    async lookAgain(space, context) {
      const names = strange.get(space) ?? [];
      if (names.length === 0) return;
      const places = await look(names, context);
      await makeSure(places, context);
      const still = new Set(places.flatMap(({ name, there }) => (there ? [name] : [])));
      keepStrange(space, (name) => still.has(name));
    },
    strangers: () => [...strange.values()].flat(),
    latest: () => last,
  };

  function keepStrange(space: string, isStill: (name: string) => boolean): void {
    strange.set(space, (strange.get(space) ?? []).filter(isStill));
  }

  /** What the server refuses or answers strangely, it may hold no more as it was found: the next call looks again. */
  function forgetAfter(error: unknown, space: string): void {
    if (isNotFound(error) || (error instanceof LayerError && error.errorClass === "bad_response")) known.delete(space);
  }
}
