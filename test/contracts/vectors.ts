import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** What every vectors port keeps; `create` gives a fresh, empty one. */
export function vectorsContract(name: string, create: () => Vectors): void {
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
        { numRuns: 60 },
      );
    });
  });
}
