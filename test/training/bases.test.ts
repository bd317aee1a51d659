import { expect, it } from "vitest";
import { readBases, unitedOf } from "../../training/bases.ts";

const bases = readBases();

it("gives every message about something else to one base of its language", () => {
  const messages = bases.flatMap(({ offTopic }) => offTopic);
  expect(new Set(messages).size).toBe(messages.length);
  expect(messages.length).toBeGreaterThan(1_500);
  const shares = bases.map(({ offTopic }) => offTopic.length);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
});

it("puts every base together with others of its language, once", () => {
  const groups = unitedOf(bases, 12);
  expect(groups.map((group) => group.length)).toEqual(Array.from({ length: 14 }, () => 12));
  expect(new Set(groups.flat())).toEqual(new Set(bases));
  for (const group of groups) expect(new Set(group.map(({ language }) => language)).size).toBe(1);
});
