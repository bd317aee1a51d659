import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { figuresBorneOutBy, figuresIn, isAmong, withoutFigures } from "../../../src/retrieval/figures/figures.ts";

/** Whether every figure of the one text is among those of the other. */
function has(text: string, claim: string): boolean {
  const known = figuresBorneOutBy(text);
  const stated = figuresIn(claim);
  return stated.length > 0 && stated.every((figure) => isAmong(figure, known));
}

describe("figures of two texts", () => {
  it.each([
    ["within 30 days", "thirty days"],
    ["30 天内", "三十天"],
    ["30 天内", "you have 30 days"],
    ["within 30 days", "您有三十天"],
    ["takes 24 hours", "takes one day"],
    ["a year of warranty", "12 months of warranty"],
    ["two-year warranty", "保修期 24 个月"],
    ["3-5 working days", "3 days at the least"],
    ["三到五个工作日", "3 to 5 working days"],
    ["three to five days", "five days"],
    ["costs ¥1,000.50", "1000.5 元"],
    ["costs 4.90 EUR", "€4.9"],
    ["costs 1500 JPY", "1500日元"],
    ["1.5万元", "15000 yuan"],
    ["a hundred and twenty euros", "120 €".replace("120 €", "€120")],
    ["a discount of 20%", "打八折"],
    ["打 9 折", "10 percent off"],
    ["百分之五", "5%"],
    ["on 2026-06-05", "June 5, 2026"],
    ["on 2026-06-05", "5 June"],
    ["2026年6月5日", "6月5日"],
    ["二〇二六年", "2026"],
    ["2026-06-05", "2026年"],
    ["from 9:00 to 18:00", "9 am to 6 p.m."],
    ["上午9点到下午5点半", "9:00 to 17:30"],
    ["opens at 9:00", "opens at 9"],
    ["order LK20260142", "订单 lk20260142"],
    ["call 400-800-1234", "4008001234"],
    ["see https://www.example.com/help.", "example.com/help"],
    ["mail help@example.com", "help@example.com"],
    ["16GB of memory", "16 GB"],
    ["lasts half an hour", "30 minutes"],
    ["半年内", "6 个月"],
    ["within a week", "7 days"],
  ])("%j says %j", (text, claim) => {
    expect(has(text, claim)).toBe(true);
  });

  it.each([
    ["within 30 days", "within 60 days"],
    ["within 30 days", "within 30 hours"],
    ["30 天内", "30 元"],
    ["costs 5 euros", "costs 5 dollars"],
    ["3-5 days", "3 hours"],
    ["within 30 days", "within 3 days"],
    ["within 30 days", "within three hundred days"],
    ["三十天", "三百天"],
    ["保修两年", "保修一年"],
    ["5%", "百分之十五"],
    ["on June 5", "on June 6"],
    ["on June 5", "on July 5"],
    ["in June 2026", "in June 2025"],
    ["6月5日", "5月6日"],
    ["12个月内", "12月"],
    ["9 am", "9 pm"],
    ["9:00", "10:00"],
    ["order LK20260142", "order LK20260143"],
    ["call 400-800-1234", "call 400-800-1235"],
    ["example.com/help", "example.org/help"],
    ["help@example.com", "pay@example.com"],
    ["打八折", "打七折"],
    ["within 30 days", "within a week"],
    ["within 30 days", "within half a year"],
    ["30 天内", "半年内"],
  ])("%j does not say %j", (text, claim) => {
    expect(has(text, claim)).toBe(false);
  });

  it.each(["千万不要这样做", "周一至周五", "第一次", "三六五天", "nobody knows"])("finds none in %j", (text) => {
    expect(figuresIn(text)).toEqual([]);
  });

  it("takes no word for a number that is only part of one", () => {
    expect(figuresIn("often, someone weighs a stone")).toEqual([]);
  });

  it("says of a number in words that it is one", () => {
    expect(figuresIn("two ways, 2 ways")).toMatchObject([
      { value: 2, spelled: true },
      { value: 2, spelled: false },
    ]);
  });

  it("are those of the text itself, whatever it is, and none are left without them", () => {
    const words = fc.constantFrom(
      "30",
      "days",
      " ",
      "三十",
      "天",
      "¥",
      "9:00",
      "am",
      "LK1",
      "-",
      "to",
      "June",
      "half",
      "，",
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.array(words).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (said) => {
        const figures = figuresIn(said);
        expect(figures.every((figure) => isAmong(figure, figures))).toBe(true);
        expect(withoutFigures(said)).not.toMatch(/[0-9]/);
      }),
    );
  });
});
