import { expect, it, vi } from "vitest";
import { createPages } from "../../../src/fallbacks/vectors/memory-pages.ts";

const pagesAsked = vi.hoisted(() => ({ count: 0, refusedAt: Number.POSITIVE_INFINITY }));

vi.mock("../../../src/fallbacks/vectors/scan-arena.ts", async (original) => {
  const real = await original<typeof import("../../../src/fallbacks/vectors/scan-arena.ts")>();
  return {
    ...real,
    pageOfArena: (...args: Parameters<typeof real.pageOfArena>) => {
      pagesAsked.count += 1;
      if (pagesAsked.count === pagesAsked.refusedAt) throw new RangeError("no room");
      return real.pageOfArena(...args);
    },
  };
});

it.each([2, 13])("takes back from the thread what it was given, when the machine refuses page %i", (refusedAt) => {
  const given = new Set<number>();
  const reports: unknown[] = [];
  Object.assign(pagesAsked, { count: 0, refusedAt });
  const pages = createPages(2_048, {
    plainPages: 12,
    report: (error) => reports.push(String(error)),
    grown: ({ id }) => given.add(id),
    freed: (arenas) => arenas.forEach(({ id }) => given.delete(id)),
  });
  for (let count = 0; count < 14; count += 1) pages.grow();
  expect([pages.list.length, pages.arenas, reports]).toEqual([14, undefined, ["RangeError: no room"]]);
  expect([...given]).toEqual([]);
});
