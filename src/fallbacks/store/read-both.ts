import type { CallContext } from "../core/context.ts";
import type { Mends } from "./mends.ts";
import { lookAll, NOTHING, nameOf, sizeOf } from "./operations.ts";
import type { Collection, ListRequest, Place, Store, StoredRecord } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import { LOST, type ReplicaMark } from "./replica-mark.ts";
import type { WaitingPlaces } from "./waiting-places.ts";

/**
 * Reads while something waits for a remote store that is there: where an entry of the outbox, or what is to be mended, touches a
 * place, the local store has the newest; everywhere else the remote one, which others write to as well.
 */
export interface ReadBoth {
  /** Undefined: the remote store did not serve, so that only the local one is left. */
  get(place: Place, context: CallContext): Promise<{ readonly value: StoredRecord | undefined } | undefined>;
  list(request: ListRequest, context: CallContext): Promise<{ readonly value: readonly StoredRecord[] } | undefined>;
}

/** Waiting places looked at for one page of the remote store. */
const PLACES_AT_ONCE = 1_000;
/** Places looked at together in the local store when the bytes of what is there count. */
const COUNTED_AT_ONCE = 8;

export function createReadBoth(options: {
  readonly local: Store;
  readonly waiting: WaitingPlaces;
  readonly mends: Pick<Mends, "has" | "within">;
  readonly mark: ReplicaMark;
  readonly onRemote: OnRemote;
  readonly atOnce?: number;
}): ReadBoth {
  const { local, waiting, mends, mark, onRemote, atOnce = PLACES_AT_ONCE } = options;

  async function remotely<T>(call: (port: Store, context: CallContext) => Promise<T>, context: CallContext) {
    const { value } = await onRemote(async (port, ctx) => {
      const found = await mark.read(port, () => call(port, ctx), ctx);
      return found === LOST ? LOST : { found };
    }, context);
    return value;
  }

  /**
   * What is at these places, in their order. `end`: the key up to which it is, when there would have been more than `bytes` of JSON.
   */
  async function here(
    collection: Collection,
    keys: readonly string[],
    bytes: number | undefined,
    context: CallContext,
  ): Promise<{ readonly records: readonly StoredRecord[]; readonly end?: string }> {
    const records: StoredRecord[] = [];
    const step = bytes === undefined ? keys.length : COUNTED_AT_ONCE;
    let sum = 0;
    for (let from = 0; from < keys.length; from += step) {
      const some = keys.slice(from, from + step);
      const places = some.map((key) => ({ collection, key }));
      const seen = await lookAll(local, places, context);
      for (const place of places) {
        const { version, value } = seen.get(nameOf(place)) ?? NOTHING;
        if (value === undefined) continue;
        records.push({ key: place.key, value, version });
        if (bytes !== undefined) sum += sizeOf(value);
      }
      const end = some.at(-1);
      if (bytes !== undefined && sum > bytes && end !== undefined) return { records, end };
    }
    return { records };
  }

  /** Some of the places in the range, in order, and the last one up to which these are all. */
  function touched(request: Omit<ListRequest, "limit">): { readonly keys: readonly string[]; readonly end?: string } {
    const keys = waiting.within(request, atOnce);
    const end = keys.length < atOnce ? undefined : keys.at(-1);
    return { keys: [...keys, ...mends.within(request)], ...(end !== undefined && { end }) };
  }

  return {
    async get(place, context) {
      // Asked before the remote store is: what is sent meanwhile may not be there yet when it answers.
      if (waiting.has(place) || mends.has(place)) {
        return { value: await local.get(place.collection, place.key, context) };
      }
      const read = await remotely((port, ctx) => port.get(place.collection, place.key, ctx), context);
      return read && { value: read.found };
    },
    async list(request, context) {
      const { collection, limit, bytes, reverse = false } = request;
      const isBefore = (one: string, other: string) => (reverse ? one > other : one < other);
      const inOrder = (one: string, other: string) => (one === other ? 0 : isBefore(one, other) ? -1 : 1);
      const nearest = (...ends: readonly (string | undefined)[]) =>
        ends.filter((key) => key !== undefined).sort(inOrder)[0];
      const merged: StoredRecord[] = [];
      let from: ListRequest = request;
      for (;;) {
        const { keys, end } = touched(from);
        const page = from;
        const read = await remotely((port, ctx) => port.list(page, ctx), context);
        if (!read) return undefined;
        // Where bytes count, a page that is short need not be the last.
        const isLast = bytes === undefined && read.found.length < limit;
        // Behind the nearer of the two ends one side is not known.
        const known = nearest(end, isLast ? undefined : read.found.at(-1)?.key);
        const own = [...new Set(keys)].filter((key) => known === undefined || !isBefore(known, key)).sort(inOrder);
        const ours = await here(collection, own, bytes, context);
        const bound = nearest(known, ours.end);
        const isOurs = new Set(own);
        const theirs = read.found.filter(
          ({ key }) => !isOurs.has(key) && (bound === undefined || !isBefore(bound, key)),
        );
        merged.push(...[...theirs, ...ours.records].sort((one, other) => inOrder(one.key, other.key)));
        const isEnough = merged.length >= limit || (bytes !== undefined && merged.length > 0);
        if (bound === undefined || isEnough) return { value: merged.slice(0, limit) };
        from = { ...request, after: bound };
      }
    },
  };
}
