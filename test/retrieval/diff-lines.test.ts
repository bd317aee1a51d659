import fc from "fast-check";
import { expect, it } from "vitest";
import { diffOf } from "../../src/retrieval/diff-lines.ts";
import { finished } from "./finished.ts";

const words = fc.constantFrom("a", "b", "c", "d", "e", "", "中文", "longer line");
const lines = fc.array(words, { maxLength: 14 }).map((all) => all.join("\n"));

it("gives both texts back, whole lines only, and neighbours of one kind together", () => {
  fc.assert(
    fc.property(lines, lines, (from, to) => {
      const parts = finished(diffOf(from, to));
      const without = (kind: string) => parts.flatMap((part) => (part.kind === kind ? [] : [part.text])).join("");
      expect([without("added"), without("removed")]).toEqual([from, to]);
      expect(parts.every(({ text }) => text !== "")).toBe(true);
      expect(parts.every(({ kind }, index) => kind !== parts[index + 1]?.kind)).toBe(true);
      if (from === to) expect(parts.every(({ kind }) => kind === "same")).toBe(true);
    }),
  );
});

it("finds what was changed, added and moved among lines that stay", () => {
  expect(finished(diffOf("one\ntwo\nthree\nfour\n", "one\n2\nthree\nfour\nfive"))).toEqual([
    { kind: "same", text: "one\n" },
    { kind: "removed", text: "two\n" },
    { kind: "added", text: "2\n" },
    { kind: "same", text: "three\nfour\n" },
    { kind: "added", text: "five" },
  ]);
  const moved = finished(diffOf("a\nb\nc\nd\n", "b\nc\nd\na\n"));
  expect(moved.filter(({ kind }) => kind === "same")).toEqual([{ kind: "same", text: "b\nc\nd\n" }]);
});

it("does no more work on a long text for differing in all of it, and takes it in small steps", () => {
  const text = (word: string, rest: string) =>
    Array.from({ length: 20_000 }, (_, at) => (at % 2 === 0 ? `${word} ${at}\n` : `${rest} ${at}\n`)).join("");
  const half = finished(diffOf(text("old", "line"), text("new", "line")));
  expect(half.filter(({ kind }) => kind === "added")).toHaveLength(10_000);
  const steps = [...diffOf(text("old", "old"), text("new", "new"))];
  expect(steps.length).toBeGreaterThan(20_000);
  const [removed, added, ...others] = finished(diffOf(text("old", "old"), text("new", "new")));
  expect([removed?.kind, added?.kind, others]).toEqual(["removed", "added", []]);
});
