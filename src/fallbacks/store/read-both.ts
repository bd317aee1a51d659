import type { CallContext } from "../core/context.ts";
import type { Mends } from "./mends.ts";
import { lookAll, nameOf } from "./operations.ts";
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

  async function here(collection: Collection, keys: readonly string[], context: CallContext) {
    const places = keys.map((key) => ({ collection, key }));
    const seen = await lookAll(local, places, context);
    return places.flatMap((place): readonly StoredRecord[] => {
      const { version, value } = seen.get(nameOf(place)) ?? { version: 0, value: undefined };
      return value === undefined ? [] : [{ key: place.key, value, version }];
    });
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
      const { collection, limit, reverse = false } = request;
      const isBefore = (one: string, other: string) => (reverse ? one > other : one < other);
      const merged: StoredRecord[] = [];
      let from: ListRequest = request;
      for (;;) {
        const { keys, end } = touched(from);
        const page = from;
        const read = await remotely((port, ctx) => port.list(page, ctx), context);
        if (!read) return undefined;
        const last = read.found.length < limit ? undefined : read.found.at(-1)?.key;
        // Behind the nearer of the two ends one side is not known.
        const ends = [end, last].filter((key) => key !== undefined);
        const bound = ends.reduce<string | undefined>(
          (near, key) => (near === undefined || isBefore(key, near) ? key : near),
          undefined,
        );
        const own = new Set(keys.filter((key) => bound === undefined || !isBefore(bound, key)));
        const theirs = read.found.filter(({ key }) => !own.has(key) && (bound === undefined || !isBefore(bound, key)));
        const both = [...theirs, ...(await here(collection, [...own], context))];
        merged.push(...both.sort((one, other) => (isBefore(one.key, other.key) ? -1 : 1)));
        if (bound === undefined || merged.length >= limit) return { value: merged.slice(0, limit) };
        from = { ...request, after: bound };
      }
    },
  };
}
