import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateTokens, outputLimit } from "../../../src/fallbacks/llm/tokens.ts";

function tokens(text: string): number {
  return estimateTokens({ system: "", messages: [{ role: "user", content: text }] });
}

const empty = tokens("");

describe("the estimate of tokens", () => {
  // What js-tiktoken counts with cl100k_base for the same texts.
  it.each([
    ["English", "You can return unopened goods within thirty days of delivery, and we refund the full price.", 19],
    ["Chinese", "未拆封的商品自签收之日起三十天内可以申请退货并全额退款。", 29],
    ["two languages", "您好,order A-1007 的 delivery 在哪里？ It was due on 2026-11-21.", 27],
    [
      "German",
      "Ungeöffnete Ware können Sie innerhalb von dreißig Tagen zurückgeben, wir erstatten den vollen Preis.",
      27,
    ],
    ["Japanese", "未開封の商品は三十日以内に返品できます。", 20],
    ["Korean", "미개봉 상품은 삼십일 이내에 반품할 수 있습니다.", 28],
    ["Russian", "Вы можете вернуть товар в течение тридцати дней после доставки.", 26],
    ["Arabic", "يمكنك إرجاع البضائع غير المفتوحة خلال ثلاثين يومًا", 41],
    ["JSON", '{"calls":[{"name":"get_order","arguments":{"order_id":"A-1007"}}]}', 19],
    ["code", "for (let i = 0; i < n; i += 1) { total += values[i] ?? 0; }\n\treturn total / n;", 33],
    ["digits", "2026-11-21 10:45:33.123 tel 0123456789", 20],
    ["emoji", "😀👩‍👩‍👧 🇨🇳", 21],
  ])("is at least nine tenths of what a tokeniser counts for %s, and not much above twice as much", (_, text, real) => {
    expect(tokens(text) - empty).toBeGreaterThanOrEqual(real * 0.9);
    expect(tokens(text) - empty).toBeLessThanOrEqual(real * 2.2);
  });

  it("counts what messages cost besides their text", () => {
    const message = { role: "user" as const, content: "" };
    const of = (count: number) =>
      estimateTokens({ system: "", messages: Array.from({ length: count }, () => message) });
    expect(of(3) - of(2)).toBeGreaterThan(0);
  });

  it("is a whole number that grows with the text, whatever that holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, two) => {
        expect(Number.isSafeInteger(tokens(one))).toBe(true);
        // Two halves of a character that become one are one, and a rounding is done once.
        expect(tokens(one + two)).toBeGreaterThanOrEqual(Math.max(tokens(one), tokens(two)) - 1);
      }),
    );
  });
});

describe("the limit of a reply", () => {
  it.each([
    [4_096, undefined, 4_096],
    [4_096, 128_000, 4_096],
    [4_096, 8_192, 2_048],
    [100, 8_192, 100],
    [4_096, 2, 1],
  ])("of %s tokens in a window of %s is %s", (most, window, limit) => {
    expect(outputLimit(most, window)).toBe(limit);
  });
});
