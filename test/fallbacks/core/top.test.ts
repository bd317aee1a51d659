import fc from "fast-check";
import { expect, it } from "vitest";
import { compareRanked, createTop } from "../../../src/fallbacks/core/top.ts";

it("keeps what sorting everything would keep, ties by id", () => {
  const entry = fc.record({ id: fc.string({ maxLength: 3 }), score: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: ({ id }) => id }),
      fc.integer({ min: 1, max: 8 }),
      (entries, limit) => {
        const top = createTop(limit);
        for (const { id, score } of entries) top.offer(id, score);
        expect(top.list()).toEqual([...entries].sort(compareRanked).slice(0, limit));
      },
    ),
  );
});
