import type { CallContext } from "../core/context.ts";
import { compareRanked } from "../core/top.ts";
import type { ChromaAccess } from "./chroma-access.ts";
import { badAnswer, readCount, readHits } from "./chroma-answers.ts";
import type { Handle } from "./chroma-handles.ts";
import type { VectorHit } from "./port.ts";

/** Hits that are asked for on top, to see whether the last ones are tied with others. */
const SPARE_HITS = 16;
const MOST_HITS = 4_000;

/**
 * The most similar ones, best first, ties by id, as exact as the server's index.
 * @throws {LayerError} `bad_response` when the index finds fewer than there are.
 */
export async function search(
  access: ChromaAccess,
  handle: Handle,
  unit: Float32Array,
  limit: number,
  context: CallContext,
): Promise<readonly VectorHit[]> {
  const hits = await nearestWithTies(access, handle, unit, limit, context);
  if (hits.length === limit || hits.length >= (await countOf(access, handle, context))) return hits;
  // Some may have been added in between; else the index has lost vectors.
  const again = await nearestWithTies(access, handle, unit, limit, context);
  if (again.length === limit || again.length >= (await countOf(access, handle, context))) return again;
  throw badAnswer("the index finds fewer vectors than the collection has");
}

/** One plain search: at most `nResults`, best first. */
export async function nearest(
  access: ChromaAccess,
  { id }: Handle,
  unit: Float32Array,
  nResults: number,
  context: CallContext,
): Promise<readonly VectorHit[]> {
  const queryEmbeddings = [[...unit]];
  const hits = await access.call(context, async (client) =>
    readHits(await client.collection(id).query({ queryEmbeddings, nResults, include: ["distances"] })),
  );
  return [...hits].sort(compareRanked);
}

export function countOf(access: ChromaAccess, { id }: Handle, context: CallContext): Promise<number> {
  return access.call(context, async (client) => readCount(await client.collection(id).count()));
}

/** Of equally similar ones, which the server returns as it likes, all are looked at that could be among the first. */
async function nearestWithTies(
  access: ChromaAccess,
  handle: Handle,
  unit: Float32Array,
  limit: number,
  context: CallContext,
): Promise<readonly VectorHit[]> {
  for (let ask = limit + SPARE_HITS; ; ask = Math.min(4 * ask, MOST_HITS)) {
    const hits = await nearest(access, handle, unit, ask, context);
    const tied = hits.length >= ask && hits[limit - 1]?.score === hits.at(-1)?.score;
    if (!tied || ask >= MOST_HITS) return hits.slice(0, limit);
  }
}
