import { describe, expect, it } from "vitest";
import { atRandom, plainBm25, wordOverlap } from "../../src/evaluation/floors.ts";

const texts = [
  { id: "a", text: "the red kettle boils" },
  { id: "b", text: "the blue lamp" },
  { id: "c", text: "红色的水壶烧开了" },
];

describe("what ours is compared with", () => {
  it("ranks by rare words, in English and in Chinese", () => {
    const rank = plainBm25(texts, 10);
    expect(rank("red kettle").map(({ id }) => id)).toEqual(["a"]);
    expect(rank("the lamp").map(({ id }) => id)).toEqual(["b", "a"]);
    expect(rank("水壶怎么用").map(({ id }) => id)).toEqual(["c"]);
    expect(rank("nothing here")).toEqual([]);
  });

  it("scores a single word by the formula", () => {
    // n 1 of 3 texts; 4 of 14 words, average 14/3 (the Chinese text has 7 pairs).
    const rarity = Math.log(1 + (3 - 1 + 0.5) / (1 + 0.5));
    const expected = (rarity * 2.2) / (1 + 1.2 * (0.25 + (0.75 * 4) / (14 / 3)));
    expect(plainBm25(texts, 1)("kettle")[0]?.score).toBeCloseTo(expected, 10);
  });

  it("is the same at random in every run", () => {
    expect(atRandom(texts, 2)("?")).toEqual(atRandom(texts, 2)("?"));
    expect(atRandom(texts, 5)("?")).toHaveLength(3);
  });

  it("measures the overlap of words", () => {
    expect(wordOverlap("a red lamp", "the red kettle")).toBeCloseTo(1 / 3);
    expect(wordOverlap("", "x")).toBe(0);
  });
});
