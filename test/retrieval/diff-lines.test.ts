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

it("finds the ends that are the same of any stretch, and compares the rest only when it is short", () => {
  const repeated = (count: number) =>
    Array.from({ length: count }, (_, at) => (at % 7 === 0 ? "yes\n" : "no\n")).join("");
  const around = (middle: string) => `${repeated(700)}${middle}${repeated(350)}`;
  expect(finished(diffOf(around("old\n"), around("new\n")))).toEqual([
    { kind: "same", text: repeated(700) },
    { kind: "removed", text: "old\n" },
    { kind: "added", text: "new\n" },
    { kind: "same", text: repeated(350) },
  ]);
  // Three changes; what is the same between them is looked for up to 20,000 lines of both texts.
  const three = (count: number, word: string) => [word, repeated(count), word, repeated(count), word].join("");
  const kinds = (count: number) =>
    finished(diffOf(three(count, "old\n"), three(count, "new\n"))).map(({ kind }) => kind);
  expect(kinds(4_900).filter((kind) => kind === "same")).toHaveLength(2);
  expect(kinds(5_000)).toEqual(["removed", "added"]);
});

it("goes through long texts of the same lines again and again in steps of one line", () => {
  const text = (end: string) => `${"no\nno\nyes\n".repeat(40_000)}${end}`;
  const steps = [...diffOf(text("a\nno\n".repeat(20_000)), text("b\nyes\n".repeat(20_000)))];
  expect(steps.filter((step) => step > 4)).toEqual([]);
});
