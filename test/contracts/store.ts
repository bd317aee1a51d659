import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import {
  type Json,
  type Operation,
  type Store,
  type StoredRecord,
  type Write,
} from "../../src/fallbacks/store/port.ts";
import { graveCases } from "./store-graves.ts";
import { createStoreModel, type DraftOperation, draftOperation, modelPlaces } from "./store-model.ts";
import { context, put, remove } from "./store-writes.ts";

/** Any code units, the awkward ones often: NUL, lone halves of a pair, the last unit, whole emoji. */
const unit = fc.oneof(
  fc.constantFrom("\u0000", "\ud83d", "\ude00", "\uffff", "😀", "a", "/", "é", "中"),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
);
const anyString = fc.array(unit, { maxLength: 4 }).map((units) => units.join(""));

/** What every store port promises. `create` gives an empty store; the suite closes it. */
export function storeContract(name: string, create: () => Store | Promise<Store>): void {
  describe(`${name}: store contract`, () => {
    const open: Store[] = [];
    let operations = 0;

    async function fresh(): Promise<Store> {
      const store = await create();
      open.push(store);
      return store;
    }
    function commit(store: Store, writes: readonly Write[], id = `operation-${++operations}`) {
      return store.commit({ id, writes } satisfies Operation, context);
    }
    const all = (store: Store) => store.list({ collection: "meta", limit: 1000 }, context);
    const keysOf = (records: readonly StoredRecord[]) => records.map((record) => record.key);

    afterEach(async () => {
      for (const store of open.splice(0)) await store.close?.();
    });

    it("lists like a plain sorted array, whatever the keys, prefix, start, direction and limit", async () => {
      const store = await fresh();
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(anyString, { maxLength: 12 }),
          fc.option(anyString, { nil: undefined }),
          fc.option(anyString, { nil: undefined }),
          fc.boolean(),
          fc.integer({ min: 1, max: 8 }),
          async (keys, prefix, after, reverse, limit) => {
            await commit(
              store,
              keysOf(await all(store)).map((key) => remove(key)),
            );
            await commit(
              store,
              keys.map((key) => put(key, key)),
            );
            const sorted = [...keys].sort((a, b) => (a < b ? -1 : 1));
            const expected = (reverse ? sorted.reverse() : sorted)
              .filter((key) => key.startsWith(prefix ?? ""))
              .filter((key) => after === undefined || (reverse ? key < after : key > after))
              .slice(0, limit);
            const listed = await store.list(
              {
                collection: "meta",
                limit,
                reverse,
                ...(prefix === undefined ? {} : { prefix }),
                ...(after === undefined ? {} : { after }),
              },
              context,
            );
            expect(keysOf(listed)).toEqual(expected);
            expect(listed.map((record) => record.value)).toEqual(expected);
          },
        ),
        { numRuns: 150 },
      );
    });

    it("finds the keys of a prefix that has nothing behind it", async () => {
      const store = await fresh();
      const keys = ["\ufffe", "\uffff", "\uffff\uffff", "\uffffa"];
      await commit(
        store,
        keys.map((key) => put(key, key)),
      );
      const ends = await store.list({ collection: "meta", prefix: "\uffff", limit: 9 }, context);
      expect(keysOf(ends)).toEqual(["\uffff", "\uffffa", "\uffff\uffff"]);
    });

    it("counts versions from 1 with each put and each deletion", async () => {
      const store = await fresh();
      await commit(store, [put("a", 1)]);
      await commit(store, [put("a", 2), put("a", 3)]);
      expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: 3, version: 3 });
      await commit(store, [remove("a"), remove("never there")]);
      expect(await store.get("meta", "a", context)).toBeUndefined();
      await commit(store, [put("a", 4)]);
      expect((await store.get("meta", "a", context))?.version).toBe(5);
      await commit(store, [remove("a"), put("a", 5), remove("a"), put("a", 6)]);
      expect((await store.get("meta", "a", context))?.version).toBe(9);
    });

    it("takes the version of an original when it is mended", async () => {
      const store = await fresh();
      await commit(store, [put("a", 1, { version: 7 })]);
      expect(await commit(store, [put("a", 2, { expect: 7 })])).toEqual({ status: "applied" });
      expect((await store.get("meta", "a", context))?.version).toBe(8);
    });

    it("compares and sets", async () => {
      const store = await fresh();
      expect(await commit(store, [put("a", 1, { expect: 1 })])).toEqual({ status: "conflict", key: "a" });
      expect(await commit(store, [put("a", 1, { expect: 0 })])).toEqual({ status: "applied" });
      expect(await commit(store, [put("a", 2, { expect: 0 })])).toEqual({ status: "conflict", key: "a" });
      expect(await commit(store, [put("a", 2, { expect: 1 })])).toEqual({ status: "applied" });
      expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: 2, version: 2 });
    });

    it("does all of an operation or nothing", async () => {
      const store = await fresh();
      await commit(store, [put("old", "kept"), put("gone", "kept")]);
      const before = await all(store);
      const writes = [put("new", 1), put("old", 2), remove("gone"), put("gone", 3), put("x", 4, { expect: 9 })];
      expect(await commit(store, writes)).toEqual({ status: "conflict", key: "x" });
      expect(await all(store)).toEqual(before);
      const broken = put("y", (() => {}) as unknown as Json);
      await expect(commit(store, [put("old", 5), broken])).rejects.toMatchObject({ errorClass: "invalid_request" });
      expect(await all(store)).toEqual(before);
    });

    it("applies an operation id once, and one that conflicted when it no longer does", async () => {
      const store = await fresh();
      expect(await commit(store, [put("a", 1)], "same")).toEqual({ status: "applied" });
      expect(await commit(store, [put("a", 2)], "same")).toEqual({ status: "applied" });
      expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: 1, version: 1 });
      expect(await commit(store, [put("b", 1, { expect: 1 })], "later")).toEqual({ status: "conflict", key: "b" });
      await commit(store, [put("b", 0)]);
      expect(await commit(store, [put("b", 1, { expect: 1 })], "later")).toEqual({ status: "applied" });
      expect((await store.get("meta", "b", context))?.value).toBe(1);
    });

    graveCases({ fresh, commit });

    it("sees what is at many places at one moment", async () => {
      const store = await fresh();
      const other: Write = { kind: "put", collection: "tickets", key: "a", value: { there: [null] } };
      await commit(store, [put("a", null), put("b", 1), remove("b"), other]);
      const places = [
        { collection: "meta", key: "b" },
        { collection: "tickets", key: "a" },
        { collection: "meta", key: "a" },
        { collection: "turns", key: "a" },
        { collection: "meta", key: "b" },
      ] as const;
      const grave = { version: 2, value: undefined };
      expect(await store.look(places, context)).toEqual([
        grave,
        { version: 1, value: { there: [null] } },
        { version: 1, value: null },
        { version: 0, value: undefined },
        grave,
      ]);
      expect(await store.look([], context)).toEqual([]);
      const many = Array.from({ length: 1_000 }, () => places[0]);
      expect(await store.look(many, context)).toEqual(many.map(() => grave));
    });

    it("applies several operations, each by itself and in order", async () => {
      const store = await fresh();
      const broken = put("broken", (() => {}) as unknown as Json);
      const outcomes = await store.commitAll(
        [
          { id: "1", writes: [put("a", 1, { expect: 0 }), put("b", 1)] },
          { id: "2", writes: [put("c", 1), put("a", 2, { expect: 7 })] },
          { id: "3", writes: [put("d", 1), broken] },
          { id: "4", writes: [put("a", 4, { expect: 1 }), remove("b", { expect: 1 })] },
          { id: "1", writes: [put("a", 5)] },
          { id: "", writes: [put("e", 1)] },
          { id: "2", writes: [put("c", 2), put("a", 2, { expect: 2 })] },
          { id: "5", writes: [] },
        ],
        context,
      );
      const [applied, refused] = [{ status: "applied" }, { status: "refused", error: expect.any(LayerError) }];
      const conflict = { status: "conflict", key: "a" };
      expect(outcomes).toEqual([applied, conflict, refused, applied, applied, refused, applied, applied]);
      expect(outcomes[2]).toMatchObject({ error: { errorClass: "invalid_request", message: /value of "broken"/ } });
      expect(await all(store)).toEqual([
        { key: "a", value: 2, version: 3 },
        { key: "c", value: 2, version: 1 },
      ]);
      expect(await store.graves({ collection: "meta", limit: 9 }, context)).toMatchObject([{ key: "b", version: 2 }]);
      expect(await store.commitAll([], context)).toEqual([]);
      expect(await commit(store, [put("a", 9)], "5")).toEqual({ status: "applied" });
      expect((await store.get("meta", "a", context))?.value).toBe(2);
    });

    it("applies more operations than go into one command, with large ones among them", async () => {
      const store = await fresh();
      const large = "x".repeat(1_500_000);
      const operations = Array.from({ length: 1_100 }, (_, index) => ({
        id: `${index}`,
        writes: [
          put("counter", index, { expect: index }),
          ...(index % 500 === 7 ? [put("large", large)] : [remove("large")]),
        ],
      }));
      const outcomes = await store.commitAll(operations, context);
      expect(outcomes.every(({ status }) => status === "applied")).toBe(true);
      expect(outcomes).toHaveLength(1_100);
      expect(await store.get("meta", "counter", context)).toEqual({ key: "counter", value: 1_099, version: 1_100 });
      expect(await store.look([{ collection: "meta", key: "large" }], context)).toEqual([
        { version: 6, value: undefined },
      ]);
    });

    it("tells operations apart by ids of any Unicode", async () => {
      const store = await fresh();
      const ids = ["\ud83d", "\ude00", "😀", "\u0000", "\ufffd", "?"];
      for (const id of [...ids, ...ids]) await commit(store, [put(id, id, { expect: 0 })], id);
      expect(await all(store)).toHaveLength(ids.length);
    });

    it("keeps collections apart", async () => {
      const store = await fresh();
      await commit(store, [put("a", 1), { kind: "put", collection: "tickets", key: "a", value: 2 }]);
      expect((await store.get("meta", "a", context))?.value).toBe(1);
      expect((await store.get("tickets", "a", context))?.value).toBe(2);
      expect(await store.list({ collection: "turns", limit: 5 }, context)).toEqual([]);
    });

    it("gives back any JSON value as it was", async () => {
      const store = await fresh();
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue(), anyString), anyString, async (value, key) => {
          await commit(store, [put(key, { value: value as Json, absent: undefined })]);
          const found = await store.get("meta", key, context);
          expect(found?.value).toEqual(JSON.parse(JSON.stringify({ value })));
        }),
        { numRuns: 100 },
      );
    });

    it("keeps a value of 10 MB, and one a thousand levels deep", async () => {
      const store = await fresh();
      const value = "😀中\u0000\ud800".repeat(700_000);
      expect(Buffer.byteLength(JSON.stringify(value))).toBeGreaterThan(10_000_000);
      await commit(store, [put("large", value)]);
      expect((await store.get("meta", "large", context))?.value === value).toBe(true);
      const [seen] = await store.look([{ collection: "meta", key: "large" }], context);
      expect(seen?.value === value).toBe(true);
      const deep = JSON.parse("[".repeat(1_000) + "]".repeat(1_000)) as Json;
      await commit(store, [put("large", deep)]);
      expect(JSON.stringify((await store.get("meta", "large", context))?.value)).toBe(JSON.stringify(deep));
    });

    it("does whatever a slow and obvious model does", async () => {
      // Each store is used by one run: what fast-check tries again to find a smaller example begins with nothing, too.
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(draftOperation, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
          (steps) => runAgainstModel(fresh, steps),
        ),
        { numRuns: 40 },
      );
    });

    it("shares no object with its callers", async () => {
      const store = await fresh();
      const value = { list: [1] };
      await commit(store, [put("a", value)]);
      value.list.push(2);
      const first = (await store.get("meta", "a", context))?.value as { list: number[] };
      expect(first).toEqual({ list: [1] });
      first.list.push(3);
      expect((await store.get("meta", "a", context))?.value).toEqual({ list: [1] });
    });

    it("refuses what is not allowed and says why", async () => {
      const store = await fresh();
      for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
        const refused = store.list({ collection: "meta", limit }, context);
        await expect(refused).rejects.toThrow(/limit must be a whole number from 1 to 1000/);
        await expect(refused).rejects.toBeInstanceOf(LayerError);
      }
      await expect(commit(store, [put("a", 1)], "")).rejects.toThrow(/id of an operation/);
      await expect(commit(store, [put("a", 1, { expect: -1 })])).rejects.toThrow(/expect of "a".*at least 0, not -1/);
      await expect(commit(store, [put("a", 1, { version: 0 })])).rejects.toThrow(/version of "a".*at least 1, not 0/);
      await expect(commit(store, [remove("a", { expect: 1.5 })])).rejects.toThrow(/expect of "a".*at least 0, not 1.5/);
      await expect(commit(store, [remove("a", { version: 0 })])).rejects.toThrow(/version of "a".*at least 1, not 0/);
      await expect(store.graves({ collection: "meta", limit: 1001 }, context)).rejects.toThrow(/limit .* not 1001/);
      const places = Array.from({ length: 1001 }, () => ({ collection: "meta", key: "a" }) as const);
      await expect(store.look(places, context)).rejects.toThrow(/places must be at most 1000, not 1001/);
      await expect(store.forgetGraves(Number.NaN, 1, context)).rejects.toThrow(/before must be a time/);
      await expect(store.forgetGraves(0, 0, context)).rejects.toThrow(/limit must be .* at least 1, not 0/);
      expect(await all(store)).toEqual([]);
    });
  });
}

/** Each step is a `commit`, or a `commitAll` of several; after each, the store must show what the model shows. */
async function runAgainstModel(fresh: () => Promise<Store>, steps: readonly (readonly DraftOperation[])[]) {
  const store = await fresh();
  const model = createStoreModel();
  for (const step of steps) {
    const operations: Operation[] = [];
    const expected = step.map((draft) => {
      const operation = model.concrete(draft);
      operations.push(operation);
      return model.apply(operation);
    });
    const [first] = operations;
    const outcomes =
      operations.length === 1 && first
        ? [await store.commit(first, context)]
        : await store.commitAll(operations, context);
    expect(outcomes).toEqual(expected);
    expect(await store.look(modelPlaces, context)).toEqual(modelPlaces.map((place) => model.look(place)));
    for (const collection of new Set(modelPlaces.map((place) => place.collection))) {
      expect(await store.list({ collection, limit: 100 }, context)).toEqual(model.records(collection));
      const graves = await store.graves({ collection, limit: 100 }, context);
      expect(graves.map(({ key, version }) => ({ key, version }))).toEqual(model.graves(collection));
    }
  }
}
