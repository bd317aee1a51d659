import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Json, Operation, Store, StoredRecord, Write } from "../../src/fallbacks/store/port.ts";

const context = createContext({ clock: systemClock, requestId: "contract", deadlineMs: 60_000 });

const put = (key: string, value: Json, more: { expect?: number; version?: number } = {}): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...more,
});
const remove = (key: string): Write => ({ kind: "delete", collection: "meta", key });

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
            await commit(store, keysOf(await all(store)).map(remove));
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

    it("counts versions from 1 and again from 1 after a delete", async () => {
      const store = await fresh();
      await commit(store, [put("a", 1)]);
      await commit(store, [put("a", 2), put("a", 3)]);
      expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: 3, version: 3 });
      await commit(store, [remove("a"), remove("never there")]);
      expect(await store.get("meta", "a", context)).toBeUndefined();
      await commit(store, [put("a", 4)]);
      expect((await store.get("meta", "a", context))?.version).toBe(1);
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

    it("keeps a value of 1 MB", async () => {
      const store = await fresh();
      const value = "😀中\u0000\ud800".repeat(200_000);
      await commit(store, [put("large", value)]);
      expect((await store.get("meta", "large", context))?.value === value).toBe(true);
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
      expect(await all(store)).toEqual([]);
    });
  });
}
