import { expect, it } from "vitest";
import { type Committed, ownCollections, type Store, type Write } from "../../src/fallbacks/store/port.ts";
import { context, put, remove } from "./store-writes.ts";

interface GraveRig {
  /** An empty store, closed at the end of the test. */
  readonly fresh: () => Promise<Store>;
  readonly commit: (store: Store, writes: readonly Write[]) => Promise<Committed>;
}

/** The part of the contract of a store that is about what has been deleted. */
export function graveCases({ fresh, commit }: GraveRig): void {
  it("leaves a grave where a record was deleted, and none where nothing was", async () => {
    const store = await fresh();
    const from = Date.now();
    await commit(store, [put("b", 1), put("a", 1), put("a", 2), put("kept", 1)]);
    await commit(store, [remove("a"), remove("b"), remove("never there")]);
    const graves = await store.graves({ collection: "meta", limit: 9 }, context);
    expect(graves.map(({ key, version }) => [key, version])).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    for (const { at } of graves) {
      expect(at).toBeGreaterThanOrEqual(from);
      expect(at).toBeLessThanOrEqual(Date.now());
    }
    expect(await store.graves({ collection: "meta", after: "a", limit: 9 }, context)).toEqual(graves.slice(1));
    expect(await store.graves({ collection: "meta", limit: 1 }, context)).toEqual(graves.slice(0, 1));
    expect(await store.graves({ collection: "turns", limit: 9 }, context)).toEqual([]);
    // Deleting once more changes nothing.
    await commit(store, [remove("a")]);
    expect(await store.graves({ collection: "meta", limit: 9 }, context)).toEqual(graves);
    await commit(store, [put("a", 4)]);
    expect(await store.graves({ collection: "meta", limit: 9 }, context)).toEqual(graves.slice(1));
  });

  it("compares where a grave is as where nothing is, and when it deletes", async () => {
    const store = await fresh();
    await commit(store, [put("a", 1), put("a", 2)]);
    expect(await commit(store, [remove("a", { expect: 1 })])).toEqual({ status: "conflict", key: "a" });
    expect(await commit(store, [remove("a", { expect: 0 })])).toEqual({ status: "conflict", key: "a" });
    expect(await commit(store, [remove("a", { expect: 2 })])).toEqual({ status: "applied" });
    expect(await commit(store, [remove("a", { expect: 3 })])).toEqual({ status: "conflict", key: "a" });
    expect(await commit(store, [remove("a", { expect: 0 })])).toEqual({ status: "applied" });
    expect(await commit(store, [put("a", 3, { expect: 3 })])).toEqual({ status: "conflict", key: "a" });
    expect(await commit(store, [put("a", 3, { expect: 0 })])).toEqual({ status: "applied" });
    expect((await store.get("meta", "a", context))?.version).toBe(4);
  });

  it("refuses a copy that compares and is not newer than a grave, of a record and of a deletion", async () => {
    const store = await fresh();
    await commit(store, [put("a", 1), put("a", 2), remove("a")]);
    const conflict = { status: "conflict", key: "a" };
    for (const version of [1, 2, 3]) {
      expect(await commit(store, [put("a", "old", { expect: 0, version })])).toEqual(conflict);
      expect(await commit(store, [remove("a", { expect: 0, version })])).toEqual(conflict);
    }
    // Also one that was dug in the same operation.
    expect(await commit(store, [put("a", 3), remove("a"), put("a", "old", { expect: 0, version: 5 })])).toEqual(
      conflict,
    );
    expect(await store.get("meta", "a", context)).toBeUndefined();
    expect(await commit(store, [remove("a", { expect: 0, version: 4 })])).toEqual({ status: "applied" });
    expect(await commit(store, [put("a", "new", { expect: 0, version: 5 })])).toEqual({ status: "applied" });
    expect(await commit(store, [put("a", "older", { expect: 5, version: 2 })])).toEqual({ status: "applied" });
    expect((await store.get("meta", "a", context))?.version).toBe(2);
  });

  it("takes the version of an original's grave when it is mended", async () => {
    const store = await fresh();
    await commit(store, [put("a", 1), remove("a", { version: 9 }), remove("b", { version: 5 })]);
    expect(await store.graves({ collection: "meta", limit: 9 }, context)).toMatchObject([
      { key: "a", version: 9 },
      { key: "b", version: 5 },
    ]);
    await commit(store, [remove("b", { version: 3 }), put("a", 1)]);
    expect(await store.graves({ collection: "meta", limit: 9 }, context)).toMatchObject([{ key: "b", version: 3 }]);
    expect((await store.get("meta", "a", context))?.version).toBe(10);
  });

  it("forgets graves that are old enough, so many at a time, and then their versions", async () => {
    const store = await fresh();
    const keys = Array.from({ length: 12 }, (_, index) => `${index}`);
    await commit(
      store,
      keys.flatMap((key) => [put(key, 1), remove(key)]),
    );
    await commit(store, [put("again", 1), remove("again")]);
    await commit(store, [put("again", 2)]);
    const [first] = await store.graves({ collection: "meta", limit: 1 }, context);
    expect(await store.forgetGraves(first?.at ?? 0, 100, context)).toBe(0);
    const later = Date.now() + 60_000;
    expect(await store.forgetGraves(later, 5, context)).toBe(5);
    expect(await store.graves({ collection: "meta", limit: 100 }, context)).toHaveLength(7);
    expect(await store.forgetGraves(later, 2_000, context)).toBe(7);
    expect(await store.forgetGraves(later, 5, context)).toBe(0);
    expect(await store.graves({ collection: "meta", limit: 100 }, context)).toEqual([]);
    await commit(store, [put("3", 1)]);
    expect((await store.get("meta", "3", context))?.version).toBe(1);
    expect((await store.get("meta", "again", context))?.version).toBe(3);
  });

  it("leaves no grave in what belongs to one store alone", async () => {
    const store = await fresh();
    for (const collection of ownCollections) {
      const own: Write = { kind: "put", collection, key: "a", value: 1 };
      await commit(store, [own, { kind: "delete", collection, key: "a" }]);
      await commit(store, [{ kind: "delete", collection, key: "b", version: 3 }]);
      expect(await store.graves({ collection, limit: 9 }, context)).toEqual([]);
      await commit(store, [own]);
      expect((await store.get(collection, "a", context))?.version).toBe(1);
    }
  });
}
