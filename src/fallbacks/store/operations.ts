import type { CallContext } from "../core/context.ts";
import { type LayerError, ruleOf } from "../core/errors.ts";
import type { Json, Place, Seen, Store, Write } from "./port.ts";

/** Places in one question to a store. */
const LOOK_AT_ONCE = 500;

/** Each record that the writes touch, once, in the order of the first touch. */
export function placesOf(writes: readonly Write[]): readonly Place[] {
  const places = new Map(writes.map(({ collection, key }) => [nameOf({ collection, key }), { collection, key }]));
  return [...places.values()];
}

/** No two places have the same one. */
export function nameOf({ collection, key }: Place): string {
  return `${collection}/${key}`;
}

/** What is at each place, by name. More than one question when there are more than 500. */
export async function lookAll(
  store: Pick<Store, "look">,
  places: readonly Place[],
  context: CallContext,
): Promise<ReadonlyMap<string, Seen>> {
  const found = new Map<string, Seen>();
  for (let from = 0; from < places.length; from += LOOK_AT_ONCE) {
    const some = places.slice(from, from + LOOK_AT_ONCE);
    const seen = await store.look(some, context);
    for (const [index, place] of some.entries()) found.set(nameOf(place), seen[index] ?? NOTHING);
  }
  return found;
}

/** What is at a place where never anything was. */
export const NOTHING: Seen = { version: 0, value: undefined };

/** The `expect` of a write that is to find exactly this; of a grave as of nothing: 0. */
export function expectOf({ version, value }: Seen): number {
  return value === undefined ? 0 : version;
}

/** Whether two stores have the same at a place: version and content. */
export function isSame(one: Seen, other: Seen): boolean {
  return one.version === other.version && JSON.stringify(one.value) === JSON.stringify(other.value);
}

/** The write that puts what was seen in one store into another one, with its version. Of nothing ever: a plain deletion. */
export function copyOf(place: Place, { version, value }: Seen): Write {
  const { collection, key } = place;
  if (value !== undefined) return { kind: "put", collection, key, value, version };
  return { kind: "delete", collection, key, ...(version > 0 && { version }) };
}

/** The store answered, and will always answer, no. */
export function isRefusal(error: LayerError): boolean {
  return !ruleOf(error.errorClass).next && error.errorClass !== "aborted";
}

/** Bytes of JSON text. @throws {TypeError} when the value is not JSON. */
export function sizeOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** How many of these sizes fit into `bytes`, at least one if there are any. */
export function countWithin(sizes: readonly number[], bytes: number): number {
  let sum = 0;
  const over = sizes.findIndex((size, index) => {
    sum += size;
    return index > 0 && sum > bytes;
  });
  return over === -1 ? sizes.length : over;
}
