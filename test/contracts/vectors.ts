import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import { createManualClock } from "../support/manual-clock.ts";

interface VectorsCase {
  /** Gives a fresh, empty port. */
  readonly create: () => Vectors;
  /** Random histories that are compared with a plain scan; fewer where each step goes over the network. Default 60. */
  readonly histories?: number;
}

/** What every vectors port keeps. */
export function vectorsContract(name: string, { create, histories = 60 }: VectorsCase): void {
  const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 10_000 });
  const vector = (...values: number[]) => Float32Array.from(values);

  describe(`${name} keeps the vectors contract`, () => {
    it("finds the most similar first and keeps spaces apart", async () => {
      const port = create();
      await port.upsert(
        "a",
        [
          { id: "x", vector: vector(1, 0) },
          { id: "y", vector: vector(0, 2) },
        ],
        context,
      );
      await port.upsert("b", [{ id: "z", vector: vector(1, 0, 0) }], context);
      const hits = await port.query("a", vector(3, 1), 10, context);
      expect(hits.map(({ id }) => id)).toEqual(["x", "y"]);
      expect(hits[0]?.score).toBeCloseTo(3 / Math.sqrt(10), 5);
      expect(await port.query("unknown", vector(1), 10, context)).toEqual([]);
      expect([await port.count("a", context), await port.count("b", context), await port.count("c", context)]).toEqual([
        2, 1, 0,
      ]);
    });

    it("replaces on a second upsert and forgets what is removed", async () => {
      const port = create();
      await port.upsert(
        "a",
        [
          { id: "x", vector: vector(1, 0) },
          { id: "y", vector: vector(0, 1) },
        ],
        context,
      );
      await port.upsert("a", [{ id: "x", vector: vector(0, 1) }], context);
      expect((await port.query("a", vector(0, 1), 10, context)).map(({ id }) => id)).toEqual(["x", "y"]);
      await port.remove("a", ["x", "never there"], context);
      expect((await port.query("a", vector(0, 1), 10, context)).map(({ id }) => id)).toEqual(["y"]);
      expect(await port.count("a", context)).toBe(1);
    });

    it.each([
      ["all zero", vector(0, 0)],
      ["not a number", vector(Number.NaN, 1)],
      ["infinite", vector(Number.POSITIVE_INFINITY, 1)],
      ["of another dimension", vector(1, 0, 0)],
    ])("refuses a vector that is %s and stores nothing of its batch", async (_, wrong) => {
      const port = create();
      await port.upsert("a", [{ id: "x", vector: vector(1, 0) }], context);
      const batch = [
        { id: "good", vector: vector(0, 1) },
        { id: "wrong", vector: wrong },
      ];
      await expect(port.upsert("a", batch, context)).rejects.toMatchObject({ errorClass: "invalid_request" });
      expect(await port.count("a", context)).toBe(1);
      await expect(port.query("a", wrong, 5, context)).rejects.toMatchObject({ errorClass: "invalid_request" });
    });

    it("keeps the dimension of a space whose vectors are all gone", async () => {
      const port = create();
      await port.upsert("a", [{ id: "x", vector: vector(1, 0) }], context);
      await port.remove("a", ["x"], context);
      expect(await port.query("a", vector(1, 0), 5, context)).toEqual([]);
      const refused = { errorClass: "invalid_request" };
      await expect(port.query("a", vector(1, 0, 0), 5, context)).rejects.toMatchObject(refused);
      await expect(port.upsert("a", [{ id: "y", vector: vector(1, 0, 0) }], context)).rejects.toMatchObject(refused);
    });

    it("breaks ties by id, also where the limit cuts them off", async () => {
      const port = create();
      const tied = Array.from({ length: 60 }, (_, at) => ({ id: `t${at}`, vector: vector(1, 1) }));
      await port.upsert("a", [...tied, { id: "best", vector: vector(1, 0) }], context);
      const ids = tied.map(({ id }) => id).sort();
      const hits = async (limit: number) => (await port.query("a", vector(2, 0), limit, context)).map(({ id }) => id);
      expect(await hits(4)).toEqual(["best", ...ids.slice(0, 3)]);
      expect(await hits(100)).toEqual(["best", ...ids]);
    });

    it("keeps the last of an id that comes twice at once", async () => {
      const port = create();
      const batch = [
        { id: "x", vector: vector(1, 0) },
        { id: "x", vector: vector(0, 1) },
      ];
      await port.upsert("a", batch, context);
      expect(await port.get("a", ["x"], context)).toEqual([{ id: "x", vector: vector(0, 1) }]);
      await port.remove("a", ["x", "x"], context);
      expect(await port.count("a", context)).toBe(0);
    });

    it("takes empty lists", async () => {
      const port = create();
      await port.upsert("a", [], context);
      await port.remove("a", [], context);
      expect([await port.count("a", context), await port.get("a", [], context)]).toEqual([0, []]);
    });

    it("gives back unit vectors in the order in which they are asked for", async () => {
      const port = create();
      await port.upsert("a", [{ id: "x", vector: vector(3, 4) }], context);
      await port.upsert("a", [{ id: "y", vector: vector(0, -9) }], context);
      const found = await port.get("a", ["y", "unknown", "x", "y"], context);
      expect(found.map(({ id }) => id)).toEqual(["y", "x"]);
      for (const [at, expected] of [0, -1, 0.6, 0.8].entries()) {
        expect(found[Math.floor(at / 2)]?.vector[at % 2]).toBeCloseTo(expected, 6);
      }
      expect(await port.get("unknown", ["x"], context)).toEqual([]);
      found[0]?.vector.fill(7);
      expect((await port.get("a", ["y"], context))[0]?.vector[0]).toBeCloseTo(0, 6);
    });

    it("lists ids in order, a page at a time", async () => {
      const port = create();
      const stored = ["b", "a", "\ue000", "\u{1f600}", "B", "10", "9"];
      await port.upsert(
        "a",
        stored.map((id) => ({ id, vector: vector(1, 2) })),
        context,
      );
      const sorted = [...stored].sort();
      expect(await port.ids("a", { limit: 100 }, context)).toEqual(sorted);
      expect(await port.ids("a", { limit: 3 }, context)).toEqual(sorted.slice(0, 3));
      await port.remove("a", [sorted[2] as string], context);
      const rest = sorted.slice(3);
      expect(await port.ids("a", { after: sorted[2] as string, limit: 3 }, context)).toEqual(rest.slice(0, 3));
      expect(await port.ids("a", { after: rest[2] as string, limit: 3 }, context)).toEqual(rest.slice(3));
      expect(await port.ids("a", { after: rest.at(-1) as string, limit: 3 }, context)).toEqual([]);
      expect(await port.ids("unknown", { limit: 3 }, context)).toEqual([]);
      await expect(port.ids("a", { limit: 0 }, context)).rejects.toMatchObject({ errorClass: "invalid_request" });
    });

    it("takes any string as an id and as a space", async () => {
      const port = create();
      const odd = ["", " ", "%", "%0025", "%d800", "\ud800", "\udc00", "\u0000", "é", "e\u0301", "x".repeat(2_000)];
      const records = odd.map((id, at) => ({ id, vector: vector(1, at) }));
      for (const space of odd) await port.upsert(space, records, context);
      for (const space of odd) {
        expect(await port.ids(space, { limit: 100 }, context)).toEqual([...odd].sort());
        expect(await port.get(space, ["\ud800"], context)).toHaveLength(1);
        expect((await port.query(space, vector(1, 0), 1, context))[0]?.id).toBe("");
        await port.remove(space, odd, context);
        expect(await port.count(space, context)).toBe(0);
      }
    });

    it("takes more at once than any message may hold", async () => {
      const port = create();
      const at = Array.from({ length: 2_500 }, (_, index) => index);
      const vectors = at.map((index) =>
        Float32Array.from({ length: 64 }, (_, column) => Math.sin(index * 64 + column)),
      );
      const idOf = (index: number) => `id-${index}`;
      await port.upsert(
        "a",
        at.map((index) => ({ id: idOf(index), vector: vectors[index] as Float32Array })),
        context,
      );
      expect(await port.count("a", context)).toBe(2_500);
      expect((await port.get("a", at.map(idOf), context)).map(({ id }) => id)).toEqual(at.map(idOf));
      expect(await port.ids("a", { limit: 2_500 }, context)).toEqual(at.map(idOf).sort());
      expect(await port.query("a", vectors[7] as Float32Array, 1_000, context)).toHaveLength(1_000);
      await port.remove("a", at.slice(0, 2_499).map(idOf), context);
      expect(await port.ids("a", { limit: 10 }, context)).toEqual(["id-2499"]);
    });

    it("may be closed twice", async () => {
      const port = create();
      await port.count("a", context);
      await port.close?.();
      await port.close?.();
    });

    it.each([0, 1001, 1.5])("refuses the limit %s", async (limit) => {
      await expect(create().query("a", vector(1), limit, context)).rejects.toMatchObject({
        errorClass: "invalid_request",
      });
    });

    it("equals a plain scan after random upserts and removes", async () => {
      const component = fc.integer({ min: -9, max: 9 });
      const step = fc.record({
        id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
        values: fc.tuple(component, component, component).filter((values) => values.some((value) => value !== 0)),
        remove: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), async (steps, limit) => {
          const port = create();
          const model = new Map<string, readonly number[]>();
          for (const { id, values, remove } of steps) {
            if (remove) await port.remove("s", [id], context);
            else await port.upsert("s", [{ id, vector: vector(...values) }], context);
            if (remove) model.delete(id);
            else model.set(id, values);
          }
          const cosine = ([x = 0, y = 0, z = 0]: readonly number[]) =>
            (x + 2 * y + 3 * z) / Math.hypot(x, y, z) / Math.hypot(1, 2, 3);
          const expected = [...model.values()]
            .map(cosine)
            .sort((a, b) => b - a)
            .slice(0, limit);
          const hits = await port.query("s", vector(1, 2, 3), limit, context);
          expect(hits).toHaveLength(expected.length);
          for (const [rank, { score }] of hits.entries()) expect(score).toBeCloseTo(expected[rank] ?? Number.NaN, 4);
          for (const { id, score } of hits) expect(score).toBeCloseTo(cosine(model.get(id) ?? []), 4);
          expect(await port.count("s", context)).toBe(model.size);
        }),
        { numRuns: histories },
      );
    });
  });
}
