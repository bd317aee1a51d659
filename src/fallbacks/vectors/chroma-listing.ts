import type { CallContext } from "../core/context.ts";
import { pageOf, someUnit } from "./check.ts";
import type { ChromaAccess } from "./chroma-access.ts";
import { badAnswer, readHits, readIds } from "./chroma-answers.ts";
import type { Handle } from "./chroma-handles.ts";

/** Reads the ids of collections. */
export interface Listing {
  /**
   * A page of the ids that were there all the time, as the port promises it. The server keeps its records and its index apart
   * and may lose the index alone: what no search can find is left out, and storing it again puts it back. Each exchange that
   * has ended is a sign of life, as a large collection takes many.
   * @throws {LayerError} `bad_response` when records are removed faster than they can be listed.
   */
  page(
    handle: Handle,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<readonly string[]>;
}

/** Ids of one message, half a megabyte. */
const IDS_AT_ONCE = 10_000;
const ADDED_MEANWHILE = 1_000;
/** A collection that changes while its ids are read is read again this often. */
const LISTINGS = 5;

interface Rest {
  readonly collection: string;
  /** What the page before ended with. */
  readonly after: string;
  /** What comes behind it. */
  readonly ids: readonly string[];
}

/** The pages behind a first one come from the same reading of the collection, which costs seconds. */
export function createListing(access: ChromaAccess): Listing {
  /** Of the reading that was begun last; gone with its last page. */
  let rest: Rest | undefined;

  return {
    async page(handle, { after, limit }, context) {
      const known = rest?.collection === handle.id && rest.after === after ? rest.ids : undefined;
      const ids = known ?? pageOf(await allIds(access, handle, context), after, Number.POSITIVE_INFINITY);
      const last = ids[limit - 1];
      const more = last !== undefined && ids.length > limit;
      rest = more ? { collection: handle.id, after: last, ids: ids.slice(limit) } : undefined;
      return ids.slice(0, limit);
    },
  };
}

/** Every id that was there all the time, once, in no promised order. */
async function allIds(access: ChromaAccess, handle: Handle, context: CallContext): Promise<readonly string[]> {
  for (let tries = 0; tries < LISTINGS; tries += 1) {
    const listed = await listing(access, handle, context);
    const all = listed && (await searchable(access, handle, listed, context));
    if (all) return all;
  }
  throw badAnswer("the collection changed each time while its ids were read");
}

/**
 * Those of `ids` that a search for everything finds: 0.1 s for 20,000. Asking for a part of them takes nearly as long as asking
 * for all. Undefined when there is much more by now.
 */
async function searchable(
  access: ChromaAccess,
  { id, dimension }: Handle,
  ids: readonly string[],
  context: CallContext,
): Promise<readonly string[] | undefined> {
  if (ids.length === 0) return ids;
  const ask = ids.length + ADDED_MEANWHILE;
  const queryEmbeddings = [[...someUnit(dimension)]];
  const hits = await access.call(context, async (client) =>
    readHits(await client.collection(id).query({ queryEmbeddings, nResults: ask, include: ["distances"] })),
  );
  context.idle.restart();
  if (hits.length >= ask) return undefined;
  const indexed = new Set(hits.map((hit) => hit.id));
  return ids.filter((each) => indexed.has(each));
}

/** The server lists by age, so a record keeps its place until an older one goes. Undefined when that has happened. */
async function listing(
  access: ChromaAccess,
  { id }: Handle,
  context: CallContext,
): Promise<readonly string[] | undefined> {
  const all: string[] = [];
  for (;;) {
    const last = all.at(-1);
    // Each part starts with the last id of the one before: another one there means that places have moved.
    const offset = Math.max(0, all.length - 1);
    const part = await access.call(context, async (client) =>
      readIds((await client.collection(id).get({ offset, limit: IDS_AT_ONCE, include: [] })).ids),
    );
    context.idle.restart();
    if (last !== undefined && part[0] !== last) return undefined;
    for (const each of last === undefined ? part : part.slice(1)) all.push(each);
    if (part.length < IDS_AT_ONCE) return all;
  }
}
