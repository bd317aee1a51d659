import { keyRange } from "./key-order.ts";
import { createShelf, type Shelf } from "./memory-shelf.ts";
import { nameOf } from "./operations.ts";
import { type Collection, collections, type Json, type ListRequest, type Place } from "./port.ts";

/** The places that entries of the outbox touch, by entry: what the remote store has there is not the newest. */
export interface WaitingPlaces {
  add(entry: string, places: readonly Place[]): void;
  forget(entry: string): void;
  clear(): void;
  /** False: there were too many of them, so nobody knows before all are gone. */
  readonly known: boolean;
  has(place: Place): boolean;
  /** Keys of a collection in the order of the request, at most `limit`. */
  within(request: Omit<ListRequest, "limit">, limit: number): readonly string[];
}

/** Places kept, each as often as entries touch it: about 100 bytes for each. */
const MOST = 200_000;

export function createWaitingPlaces(most = MOST): WaitingPlaces {
  const entries = new Map<string, readonly Place[]>();
  const shelves = new Map<Collection, Shelf<number>>();
  let touches = 0;
  let known = true;

  const shelfOf = (collection: Collection) => shelves.get(collection);

  function change({ collection, key }: Place, by: 1 | -1): void {
    const shelf = shelfOf(collection) ?? createShelf<number>();
    shelves.set(collection, shelf);
    shelf.set(key, (shelf.get(key) ?? 0) + by || undefined);
    touches += by;
  }

  function empty(): void {
    entries.clear();
    shelves.clear();
    touches = 0;
  }

  return {
    add(entry, places) {
      if (!known || entries.has(entry)) return;
      entries.set(entry, places);
      for (const place of places) change(place, 1);
      if (touches <= most) return;
      empty();
      known = false;
    },
    forget(entry) {
      for (const place of entries.get(entry) ?? []) change(place, -1);
      entries.delete(entry);
    },
    clear() {
      empty();
      known = true;
    },
    get known() {
      return known;
    },
    has: ({ collection, key }) => shelfOf(collection)?.get(key) !== undefined,
    within(request, limit) {
      const found = shelfOf(request.collection)?.range(keyRange(request), limit, request.reverse) ?? [];
      return found.map(([key]) => key);
    },
  };
}

const known: ReadonlySet<unknown> = new Set(collections);

/** The places that a record of the outbox touches, read by hand: there may be very many of them at a start. */
export function placesIn(value: Json): readonly Place[] {
  const writes = member(member(value, "operation"), "writes");
  const places = new Map<string, Place>();
  for (const write of Array.isArray(writes) ? writes : []) {
    const [collection, key] = [member(write, "collection"), member(write, "key")];
    if (!known.has(collection) || typeof key !== "string") continue;
    const place = { collection: collection as Collection, key };
    places.set(nameOf(place), place);
  }
  return [...places.values()];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
