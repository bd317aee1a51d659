import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chineseWords, createChineseWords, makeChineseWords } from "../../src/text/chinese-words.ts";
import { encodeChineseWords, learnChineseWords } from "../../training/chinese-words.ts";
import { readListedWords } from "../../training/listed-words.ts";
import { readTopics } from "../../training/topics.ts";
import { plainChineseWords, shippedCounts } from "./chinese-words-plain.ts";

function cut(run: string, words = chineseWords()): readonly string[] {
  const ends = words.endsOf(run);
  return ends.map((end, index) => run.slice(ends[index - 1] ?? 0, end));
}

describe("Chinese words", () => {
  it.each([
    ["怎么申请退款", "怎么 申请 退款"],
    ["快递一直没有动静", "快递 一直 没有 动静"],
    ["我们的手机坏了", "我们 的 手机 坏 了"],
    ["請檢查電源", "請 檢查 電源"],
  ])("of %s are %s", (run, expected) => {
    expect(cut(run).join(" ")).toBe(expected);
  });

  it("are the likeliest, and not the longest that come first", () => {
    const words = createChineseWords([
      ["研究", 20],
      ["研究生", 10],
      ["生命", 20],
      ["命", 5],
      ["起源", 10],
    ]);
    expect(cut("研究生命起源", words)).toEqual(["研究", "生命", "起源"]);
  });

  it("are of equally likely ones those with the longest last", () => {
    const counts = [
      ["退款", 5],
      ["款号", 5],
      ["退", 5],
      ["号", 5],
    ] as const;
    expect(cut("退款号", createChineseWords(counts))).toEqual(["退", "款号"]);
  });

  it("leave a character unknown only for a word that is e² times likelier than the two it stands against", () => {
    const words = (count: number) =>
      createChineseWords([
        ["退款", 1],
        ["单号", 1],
        ["款单号", count],
      ]);
    expect(cut("退款单号", words(7))).toEqual(["退款", "单号"]);
    expect(cut("退款单号", words(8))).toEqual(["退", "款单号"]);
  });

  it("are single characters where none is known, those of two units whole", () => {
    expect(cut("\u{20000}鬱\u{2a6d6}", createChineseWords([["退款", 1]]))).toEqual(["\u{20000}", "鬱", "\u{2a6d6}"]);
    expect(cut("")).toEqual([]);
  });

  it("are those of the plain way, for any run and any list", () => {
    const characters = fc.constantFrom("退", "款", "单", "\u{20000}", "\u{20001}", "号");
    const run = (maxLength: number) => fc.string({ unit: characters, minLength: 1, maxLength });
    // Small ones, so that some ways cost the same.
    const counts = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 50 }));
    const lists = fc.array(fc.tuple(run(4), counts), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lists, run(20), (list, any) => {
        const counts = new Map(list);
        const words = createChineseWords(counts);
        expect(cut(any, words)).toEqual(plainChineseWords(any, counts));
        expect(cut(any, words)).toEqual(plainChineseWords(any, counts));
      }),
    );
  });

  it("of the list are those of the plain way", () => {
    const words = fc.constantFrom(...shippedCounts.keys());
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 12 }), (parts) => {
        const run = parts.join("");
        expect(cut(run)).toEqual(plainChineseWords(run));
      }),
    );
  });
});

describe("the list of Chinese words", () => {
  it("is made ready in small steps", () => {
    const letter = (number: number) => String.fromCharCode(0x4e00 + (number % 20_000));
    const words = Array.from({ length: 30_000 }, (_, at) => [letter(at) + letter(7 * at + 1), 1] as const);
    const steps = [...makeChineseWords(words)];
    expect(steps.length).toBeGreaterThan(100);
    expect(Math.max(...steps)).toBeLessThanOrEqual(10_240);
  });

  it("is what is learnt from training/topics: `npm run train` makes it anew", () => {
    const topics = readTopics(new URL("../../training/topics/", import.meta.url));
    const shipped = readFileSync(new URL("../../resources/words/words-zh.txt", import.meta.url), "utf8");
    expect(encodeChineseWords(learnChineseWords(topics, readListedWords()))).toBe(shipped);
  });
});
