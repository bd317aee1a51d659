import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSegmenterWords, type WordSegmenter } from "../../src/text/segmenter-words.ts";
import { compiledScript } from "../support/compiled-tree.ts";

const runtime = new Intl.Segmenter("zh", { granularity: "word" });

const plainEnds = (run: string) =>
  Array.from(runtime.segment(run), ({ index, segment }: Intl.SegmentData) => index + segment.length);

/** Counts the units of the text at each step, with which the time of a step grows in Node 20. */
function counted(segmenter: WordSegmenter) {
  const seen = { units: 0 };
  const counting: WordSegmenter = {
    segment(text) {
      const segments = segmenter.segment(text);
      return {
        containing(at) {
          seen.units += text.length;
          return segments.containing(at);
        },
        *[Symbol.iterator]() {
          for (const word of segments) {
            seen.units += text.length;
            yield word;
          }
        },
      };
    },
  };
  return { seen, words: createSegmenterWords(counting) };
}

/** Cuts every text into words of three units, from its beginning on: two texts are in step only where their distance is so. */
const threes: WordSegmenter = {
  segment(text) {
    const wordAt = (index: number) => ({ index, segment: text.slice(index, index + 3) });
    return {
      containing: (at) => (at < text.length ? wordAt(at - (at % 3)) : undefined),
      *[Symbol.iterator]() {
        for (let index = 0; index < text.length; index += 3) yield wordAt(index);
      },
    };
  },
};

const JAPANESE =
  "私 は 昨日 東京 の 大学 で 日本語 本 を 読み ました とても ながい ぶんしょう コンピューター 返品 お客様 ください";
const THAI = "ฉัน ต้องการ คืน สินค้า ที่ ซื้อ เมื่อวานนี้ การ จัดส่ง ฟรี บริษัท ลูกค้า ๆ ฯ ก ข เ แ ะ ิ";
const MANY = "ຂ້ອຍ ສົ່ງ ຄືນ ខ្ញុំ ប្រគល់ ទំនិញ ပစ္စည်း ပြန်ပေး ချင် あ が アー ッ 退款 \u{20000} 々";

describe("words of the runtime", () => {
  it("are the same for the first text of a process as for any later one", async () => {
    const child = await compiledScript("test/text/first-cut-child.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [child]);
    expect(JSON.parse(stdout)).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it.each([
    ["Japanese", JAPANESE.split(" ")],
    ["kana", "あいうえおかきくけこがぎアイウエオー".split("")],
    ["Thai", THAI.split(" ")],
    ["all scripts without spaces", `${JAPANESE} ${THAI} ${MANY}`.split(" ")],
  ])("of a long run of %s are those of the whole", (_, parts) => {
    const words = createSegmenterWords(runtime);
    const run = fc
      .array(fc.constantFrom(...parts), { minLength: 1_000, maxLength: 6_000, size: "max" })
      .map((chosen) => chosen.join("").repeat(3));
    fc.assert(
      fc.property(run, (any) => {
        expect(words.endsOf(any)).toEqual(plainEnds(any));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it("take twice as long where the run is twice as long", () => {
    const unitsOf = (characters: number) => {
      const { seen, words } = counted(runtime);
      const text = JAPANESE.replaceAll(" ", "");
      expect(words.endsOf(text.repeat(characters / text.length + 1)).length).toBeGreaterThan(characters / 4);
      return seen.units;
    };
    const [once, twice] = [unitsOf(16_000), unitsOf(32_000)];
    expect(twice / once).toBeGreaterThan(1.8);
    expect(twice / once).toBeLessThan(2.2);
  });

  it("are those of the whole also where a piece comes into step with it late or never", () => {
    const run = "あ".repeat(10_000);
    const { words } = counted(threes);
    expect(words.endsOf(run)).toEqual(Array.from(threes.segment(run), ({ index, segment }) => index + segment.length));
  });

  it("of a short run are not looked for again while it is among the last ones", () => {
    const { seen, words } = counted(runtime);
    const ends = words.endsOf("返品の送料");
    const units = seen.units;
    expect(words.endsOf("返品の送料")).toEqual(ends);
    expect(seen.units).toBe(units);
    for (let other = 0; other < 100; other += 1) words.endsOf(`返品の${other}`);
    const before = seen.units;
    expect(words.endsOf("返品の送料")).toEqual(ends);
    expect(seen.units).toBe(before + units);
  });
});
