import { describe, expect, it } from "vitest";
import { differencesOf } from "../../src/retrieval/contradicting.ts";

const place = "Returns › Opened goods";
const told = (one: string, other: string, places: readonly [string, string] = [place, place]) =>
  differencesOf({ place: places[0], text: one }, { place: places[1], text: other }).map(
    ({ kind, one: own, other: theirs }) => [
      kind,
      own.words.map(({ start, end }) => one.slice(start, end)),
      theirs.words.map(({ start, end }) => other.slice(start, end)),
    ],
  );

describe("differences that matter", () => {
  it.each([
    [
      "Opened goods can be returned within 14 days.",
      "Opened goods can be returned within 21 days.",
      "figure",
      ["14"],
      ["21"],
    ],
    [
      "Sending goods back by courier costs 12 yuan.",
      "Sending goods back by courier costs ¥15.",
      "figure",
      ["12 yuan"],
      ["¥15"],
    ],
    [
      "The shop in Leeds opens at 9:00 on Saturdays.",
      "The shop in Leeds opens at 10:30 on Saturdays.",
      "figure",
      ["9:00"],
      ["10:30"],
    ],
    [
      "The summer offer for members ends on 31 August 2026.",
      "The summer offer for members ends on 15 September 2026.",
      "figure",
      ["31 August"],
      ["15 September"],
    ],
    [
      "Opened coffee beans can be returned to us.",
      "Opened coffee beans cannot be returned to us.",
      "negation",
      ["can"],
      ["cannot"],
    ],
    [
      "Call the service desk at 0800 555 1234 for help.",
      "Call the service desk at 0800 555 9876 for help.",
      "address",
      ["1234"],
      ["9876"],
    ],
    [
      "Write to the service desk at help@shop.example today.",
      "Write to the service desk at care@shop.example today.",
      "address",
      ["help@shop.example"],
      ["care@shop.example"],
    ],
    ["已拆封的商品签收后14天内可以退货。", "已拆封的商品签收后21天内可以退货。", "figure", ["14"], ["21"]],
    ["退货的运费由顾客承担，每次12元。", "退货的运费由顾客承担，每次十五元。", "figure", ["12"], ["十五"]],
    ["开封的咖啡豆可以申请退货退款。", "开封的咖啡豆不可以申请退货退款。", "negation", [], ["不"]],
    ["北京门店周六上午9点开门营业。", "北京门店周六上午10点开门营业。", "figure", ["9"], ["10"]],
  ])("%s / %s", (one, other, kind, own, theirs) => {
    expect(told(one, other)).toEqual([[kind, own, theirs]]);
    expect(told(other, one)).toEqual([[kind, theirs, own]]);
  });

  it.each([
    [
      "the same in other words for it",
      "Opened goods can be returned within 14 days.",
      "Opened goods can be returned within fourteen days.",
    ],
    ["the same amount", "Sending goods back costs 1,000 yuan in total.", "Sending goods back costs ¥1000 in total."],
    [
      "another subject",
      "Opened goods can be returned within 14 days.",
      "Unopened goods can be returned within 30 days.",
    ],
    ["another subject", "已拆封的商品签收后14天内可以退货。", "未拆封的商品签收后30天内可以退货。"],
    [
      "another model",
      "The tank of the PX100 boiler holds 1.2 litres.",
      "The tank of the PX200 boiler holds 1.5 litres.",
    ],
    [
      "another step",
      "Step 1 of the repair takes the engineer 5 minutes.",
      "Step 2 of the repair takes the engineer 9 minutes.",
    ],
    [
      "what is described",
      "Goods that are damaged on arrival are replaced free.",
      "Goods that are not damaged on arrival are replaced free.",
    ],
    ["what is described", "不需要安装的大件商品可以直接签收。", "需要安装的大件商品可以直接签收。"],
    [
      "other words",
      "Opened goods can be returned within 14 days.",
      "Opened goods are collected by courier within 21 days.",
    ],
    ["too few words", "It takes 5 days.", "It takes 7 days."],
    [
      "what is said elsewhere in the passage",
      "Members get points for 12 months after orders. It was 6 months in 2020.",
      "Members get points for 6 months after orders. It was 12 months in 2020.",
    ],
    [
      "another order",
      "Pay the deposit before the visit of the engineer.",
      "Pay the deposit after the visit of the engineer.",
    ],
  ])("are not %s: %s / %s", (_, one, other) => {
    expect(told(one, other)).toEqual([]);
  });

  it("are told between places of one subject, and not of two", () => {
    const [one, other] = [
      "The warranty covers faulty parts for 12 months.",
      "The warranty covers faulty parts for 24 months.",
    ];
    expect(told(one, other, ["Kettle › Warranty", "Toaster › Warranty"])).toEqual([]);
    expect(told(one, other, ["Kettle › Warranty", "FAQ › Warranty"])).toHaveLength(1);
    expect(told(one, other, ["Warranty", "Warranty › Kettle"])).toHaveLength(1);
    const [eins, zwei] = ["保修范围包括零件故障，为期12个月。", "保修范围包括零件故障，为期24个月。"];
    expect(told(eins, zwei, ["水壶 › 保修", "烤箱 › 保修"])).toEqual([]);
    expect(told(eins, zwei, ["保修", "常见问题 › 保修"])).toHaveLength(1);
  });

  it("are found in the middle of passages, with where they are", () => {
    const one =
      "Goods are sent in sturdy boxes. Opened goods can be returned within 14 days. Labels are valid for 10 days.";
    const other =
      "Goods are sent in sturdy boxes. Labels are valid for 10 days. Opened goods can be returned within 21 days.";
    const [found, ...more] = differencesOf({ place, text: one }, { place, text: other });
    expect(more).toEqual([]);
    expect(found && one.slice(found.one.start, found.one.end)).toBe("Opened goods can be returned within 14 days.");
    expect(found && other.slice(found.other.start, found.other.end)).toBe(
      "Opened goods can be returned within 21 days.",
    );
  });
});
