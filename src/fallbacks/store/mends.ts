import { z } from "zod";
import type { CallContext } from "../core/context.ts";
import { eachRecord } from "./each-record.ts";
import { keyRange } from "./key-order.ts";
import { nameOf } from "./operations.ts";
import { collections, type ListRequest, type Place, type Store, type Write } from "./port.ts";

/**
 * Places where the local store has something else than the remote one, because an operation on them was refused or united. They
 * are noted in the local store, so that a new start knows them: what was built on them must not be sent as it is.
 */
export interface Mends {
  /** Reads what an earlier process left. Call once, first. */
  load(context: CallContext): Promise<void>;
  has(place: Place): boolean;
  /** The keys of a collection that a request with this range may give. */
  within(request: Omit<ListRequest, "limit">): readonly string[];
  /** Local writes that note those of these places that are not noted yet; `noted` when they are done. */
  notes(places: readonly Place[]): readonly Write[];
  noted(places: readonly Place[]): void;
  /** The first of them, at most 100. */
  some(): readonly Place[];
  /** Local writes that take the notes away; `erased` when they are done. */
  erasures(places: readonly Place[]): readonly Write[];
  erased(places: readonly Place[]): void;
}

const NOTE = "!mend/";
const PLACES_AT_ONCE = 100;

const noteSchema = z.object({ collection: z.enum(collections), key: z.string() });

export function createMends(local: Store): Mends {
  const known = new Map<string, Place>();
  const noteOf = (place: Place) => ({ collection: "replicas", key: `${NOTE}${nameOf(place)}` }) as const;
  return {
    load: (context) =>
      eachRecord(local, { collection: "replicas", prefix: NOTE }, context, ({ value }) => {
        const place = noteSchema.parse(value);
        known.set(nameOf(place), place);
      }),
    has: (place) => known.has(nameOf(place)),
    within(request) {
      const { from, to } = keyRange(request);
      return [...known.values()].flatMap(({ collection, key }) =>
        collection === request.collection && key >= from && (to === undefined || key < to) ? [key] : [],
      );
    },
    notes: (places) =>
      places.flatMap(({ collection, key }): readonly Write[] => {
        if (known.has(nameOf({ collection, key }))) return [];
        return [{ kind: "put", ...noteOf({ collection, key }), value: { collection, key } }];
      }),
    noted(places) {
      for (const place of places) known.set(nameOf(place), place);
    },
    some: () => [...known.values()].slice(0, PLACES_AT_ONCE),
    erasures: (places) => places.map((place): Write => ({ kind: "delete", ...noteOf(place) })),
    erased(places) {
      for (const place of places) known.delete(nameOf(place));
    },
  };
}
