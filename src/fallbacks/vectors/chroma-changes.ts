import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { ChromaAccess } from "./chroma-access.ts";
import { badAnswer } from "./chroma-answers.ts";
import type { Handle } from "./chroma-handles.ts";

/** By encoded id. */
type Entry = readonly [string, Float32Array];

const ROUNDING = 1e-6;

/**
 * The entries that the server does not hold as they are. Its index takes 5 to 10 ms to replace a vector of 384
 * dimensions, even by itself, and less than 1 ms to add one: a repeated call would otherwise last many times the first.
 */
export async function changedOf(
  access: ChromaAccess,
  { id }: Handle,
  entries: readonly Entry[],
  context: CallContext,
): Promise<readonly Entry[]> {
  try {
    const held = await access.call(context, async (client) => {
      const ids = entries.map(([each]) => each);
      return byId(await client.collection(id).get({ ids, include: ["embeddings"] }));
    });
    return entries.filter(([each, unit]) => !isSame(held.get(each), unit));
  } catch (error) {
    // A server that has lost its index cannot show what it holds; to store everything again is what mends it.
    if (error instanceof LayerError && error.errorClass === "server") return entries;
    throw error;
  }
}

function byId({ ids, embeddings }: { readonly ids: unknown; readonly embeddings: unknown }): Map<unknown, unknown> {
  if (!Array.isArray(ids) || !Array.isArray(embeddings) || ids.length !== embeddings.length) {
    throw badAnswer("the answer has not one vector for each id");
  }
  return new Map(ids.map((each: unknown, at) => [each, embeddings[at]]));
}

/** Not so for whatever is no list of numbers: that is written over. */
function isSame(held: unknown, unit: Float32Array): boolean {
  if (!Array.isArray(held) || held.length !== unit.length) return false;
  return held.every((value, at) => typeof value === "number" && Math.abs(value - (unit[at] as number)) < ROUNDING);
}
