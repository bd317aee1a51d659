import type { CallContext } from "../core/context.ts";
import type { ChromaAccess } from "./chroma-access.ts";
import { badAnswer, readIds } from "./chroma-answers.ts";
import type { Handle } from "./chroma-collections.ts";
import { nearest, someUnit } from "./chroma-search.ts";

/** Ids of one message, half a megabyte. */
const IDS_AT_ONCE = 10_000;
const ADDED_MEANWHILE = 1_000;
/** A collection that changes while its ids are read is read again this often. */
const LISTINGS = 5;

/**
 * Every id that was there all the time, once, in no promised order. The server keeps its records and its index apart and may
 * lose the index alone: what no search can find is left out, and storing it again puts it back.
 * @throws {LayerError} `bad_response` when records are removed faster than they can be listed.
 */
export async function allIds(access: ChromaAccess, handle: Handle, context: CallContext): Promise<readonly string[]> {
  for (let tries = 0; tries < LISTINGS; tries += 1) {
    const listed = await listing(access, handle, context);
    const all = listed && (await searchable(access, handle, listed, context));
    if (all) return all;
  }
  throw badAnswer("the collection changed each time while its ids were read");
}

/** Those of `ids` that a search for everything finds: 0.1 s for 20,000. Undefined when there is much more by now. */
async function searchable(
  access: ChromaAccess,
  handle: Handle,
  ids: readonly string[],
  context: CallContext,
): Promise<readonly string[] | undefined> {
  if (ids.length === 0) return ids;
  const ask = ids.length + ADDED_MEANWHILE;
  const hits = await nearest(access, handle, someUnit(handle.dimension), ask, context);
  if (hits.length >= ask) return undefined;
  const indexed = new Set(hits.map(({ id }) => id));
  return ids.filter((id) => indexed.has(id));
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
    if (last !== undefined && part[0] !== last) return undefined;
    for (const each of last === undefined ? part : part.slice(1)) all.push(each);
    if (part.length < IDS_AT_ONCE) return all;
  }
}
