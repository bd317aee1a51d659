import fc from "fast-check";
import {
  type Collection,
  type Json,
  type Operation,
  type Outcome,
  ownCollections,
  type Place,
  type Seen,
  type StoredRecord,
  type Write,
} from "../../src/fallbacks/store/port.ts";

/** A write whose `expect` may be what is there when its turn comes, so that many of them succeed. */
export type DraftWrite =
  | { kind: "put"; collection: Collection; key: string; value: Json; expect?: number | "right"; version?: number }
  | { kind: "delete"; collection: Collection; key: string; expect?: number | "right"; version?: number };

export interface DraftOperation {
  readonly id: string;
  readonly writes: readonly DraftWrite[];
}

/** A store as slow and as obvious as may be: every operation works on a copy of everything. */
export interface StoreModel {
  /** The operation with the versions that are there now. */
  concrete(draft: DraftOperation): Operation;
  apply(operation: Operation): Outcome;
  look(place: Place): Seen;
  /** All records of a collection in order. */
  records(collection: Collection): readonly StoredRecord[];
  /** All graves of a collection in order, without their times. */
  graves(collection: Collection): readonly { readonly key: string; readonly version: number }[];
}

const nothing: Seen = { version: 0, value: undefined };
const placeOf = ({ collection, key }: Place) => JSON.stringify([collection, key]);

export function createStoreModel(): StoreModel {
  let places: ReadonlyMap<string, Place & Seen> = new Map();
  const applied = new Set<string>();

  const seen = (at: ReadonlyMap<string, Seen>, place: Place) => at.get(placeOf(place)) ?? nothing;
  const recordVersion = ({ value, version }: Seen) => (value === undefined ? 0 : version);
  const inOrder = (collection: Collection) =>
    [...places.values()]
      .filter((place) => place.collection === collection)
      .sort((one, other) => (one.key < other.key ? -1 : 1));

  function after(write: Write, before: Seen): Seen {
    if (write.kind === "put") return { version: write.version ?? before.version + 1, value: write.value };
    if (ownCollections.has(write.collection)) return nothing;
    if (write.version !== undefined) return { version: write.version, value: undefined };
    return before.value === undefined ? before : { version: before.version + 1, value: undefined };
  }

  return {
    concrete: ({ id, writes }) => ({
      id,
      writes: writes.map(({ expect, ...write }): Write => {
        if (expect === undefined) return write;
        return { ...write, expect: expect === "right" ? recordVersion(seen(places, write)) : expect };
      }),
    }),
    apply({ id, writes }) {
      if (applied.has(id)) return { status: "applied" };
      const copy = new Map(places);
      for (const write of writes) {
        const before = seen(copy, write);
        const grave = before.value === undefined ? before.version : 0;
        const outlived = write.version !== undefined && write.version <= grave;
        if (write.expect !== undefined && (outlived || write.expect !== recordVersion(before))) {
          return { status: "conflict", key: write.key };
        }
        const { collection, key } = write;
        copy.set(placeOf(write), { collection, key, ...after(write, before) });
      }
      places = copy;
      applied.add(id);
      return { status: "applied" };
    },
    look(place) {
      const { version, value } = seen(places, place);
      return { version, value };
    },
    records: (collection) =>
      inOrder(collection).flatMap(({ key, version, value }) => (value === undefined ? [] : [{ key, version, value }])),
    graves: (collection) =>
      inOrder(collection).flatMap(({ key, version, value }) =>
        value === undefined && version > 0 ? [{ key, version }] : [],
      ),
  };
}

/** Few places, so that operations meet: two collections that are shared and one that is a store's own. */
export const modelPlaces: readonly Place[] = (["meta", "turns", "outbox"] as const).flatMap((collection) =>
  ["", "a", "\ud83d", "\u0000"].map((key) => ({ collection, key })),
);

const draftWrite: fc.Arbitrary<DraftWrite> = fc
  .record({
    place: fc.constantFrom(...modelPlaces),
    value: fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined }),
    expect: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 4, arbitrary: fc.constant("right" as const) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
    ),
    version: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
    ),
  })
  .map(({ place, value, expect, version }) => ({
    ...place,
    ...(value === undefined ? { kind: "delete" } : { kind: "put", value }),
    ...(expect === undefined ? {} : { expect }),
    ...(version === undefined ? {} : { version }),
  }));

/** Operations that put and delete, compare and do not, mend, conflict, and come twice under one id. */
export const draftOperation: fc.Arbitrary<DraftOperation> = fc.record({
  id: fc.oneof(
    { weight: 4, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.constantFrom("twice", "\ud83d", "\u0000") },
  ),
  writes: fc.array(draftWrite, { maxLength: 4 }),
});
