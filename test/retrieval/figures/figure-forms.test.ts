import { describe, expect, it } from "vitest";
import {
  figuresBorneOutBy,
  figuresIn,
  hasUnreadFigure,
  isAmong,
  withoutFigures,
} from "../../../src/retrieval/figures/figures.ts";

/** Whether every figure of the one text is among those of the other. */
function has(text: string, claim: string): boolean {
  const known = figuresBorneOutBy(text);
  const stated = figuresIn(claim);
  return stated.length > 0 && stated.every((figure) => isAmong(figure, known));
}

describe("numbers in words", () => {
  it.each([
    ["between three and five working days", "3 to 5 working days"],
    ["3-5 working days", "between three and five working days"],
    ["a hundred and twenty items", "120 items"],
    ["two thousand three hundred and five", "2305"],
    ["one hundred million points", "100 million points"],
    ["$2 million", "$2,000,000"],
    ["two and a half years", "30 months"],
    ["three and a half weeks", "3.5 weeks"],
    ["an hour and a half", "90 minutes"],
    ["one and a half hours", "90 minutes"],
    ["1½ hours", "90 minutes"],
    ["½ hour", "30 minutes"],
    ["1 1/2 hours", "1.5 hours"],
    ["保修两年半", "30个月"],
    ["保修2年半", "2.5 years"],
    ["一个半小时", "90 分钟"],
    ["三个半月", "3.5个月"],
    ["一千二百元", "1200元"],
    ["一千二", "1200"],
    ["三百五", "350"],
    ["两万五", "25000"],
    ["一千零二", "1002"],
    ["一百万元", "¥1,000,000"],
    ["100万", "1,000,000"],
    ["百分之零点五", "0.5%"],
    ["千分之五", "0.5%"],
    ["三点五元", "3.5元"],
    ["八五折", "15% off"],
    ["8.5折", "八五折"],
    ["对折", "50% off"],
    ["半价", "half price"],
    ["百分之百", "100%"],
    ["三分之一", "a third of it"],
    ["两三天", "2-3天"],
    ["3到5天", "三五天"],
    ["七八天", "7-8天"],
    ["十七八天", "17到18天"],
    ["二三十元", "20-30元"],
    ["a fortnight", "14 days"],
    ["a dozen", "12"],
    ["two dozen", "24"],
    ["5 pounds", "£5"],
    ["five bucks", "$5"],
    ["50 pence", "£0.50"],
    ["HK$10", "10港币"],
    ["RMB 10", "10元"],
    ["RMB10.50", "10.5元"],
    ["4,90 €", "€4.90"],
    ["€1.000,50", "1000.50 euros"],
    ["1.5万元", "15000元"],
    ["up to three items", "3 pieces"],
    ["٣٠ days", "30 days"],
    ["零下18度", "-18°C"],
    ["10x20x30 cm", "10 × 20 × 30 cm"],
  ])("%j says %j", (text, claim) => {
    expect(has(text, claim)).toBe(true);
  });

  it.each([
    ["between three and five working days", "8 working days"],
    ["24 months", "two and a half years"],
    ["24 months", "ten and a half years"],
    ["保修两年", "保修两年半"],
    ["保修2年", "保修2年半"],
    ["充电需要一小时", "一个半小时"],
    ["1 hour", "1½ hours"],
    ["5 working days", "5 pounds"],
    ["£4.90", "nine pounds"],
    ["£4.90", "five bucks"],
    ["5 working days", "a fortnight"],
    ["5 个工作日", "两三天"],
    ["5 个工作日", "三五天"],
    ["一千二", "1002"],
    ["三百五", "305"],
    ["百分之零点五", "5%"],
    ["优惠 10%", "对折"],
    ["10% off", "half off"],
    ["10% off", "two thirds off"],
    ["打二折", "20% off"],
    ["打八折", "80% off"],
    ["3 items", "five items"],
    ["-18°C", "18°C"],
    ["$10", "HK$10"],
    ["30 days", "٦٠ days"],
    ["¥1,000,000", "10万"],
  ])("%j does not say %j", (text, claim) => {
    expect(has(text, claim)).toBe(false);
  });

  it.each(["三六五天", "a couple of days", "a couple of more weeks"])(
    "finds none in %j and says that it is not read",
    (text) => {
      expect(figuresIn(text)).toEqual([]);
      expect(hasUnreadFigure(text)).toBe(true);
    },
  );

  it.each(["within 30 days", "三十天", "两三天", "a nice couple", "一一说明", "三三制"])("reads all of %j", (text) => {
    expect(hasUnreadFigure(text)).toBe(false);
  });

  it("counts nothing where what was said is counted", () => {
    expect(figuresIn("these two items")).toMatchObject([{ value: 2, unit: null, spelled: true }]);
  });

  it("takes several numbers for no telephone number", () => {
    expect(figuresIn("in 2026 100000 people").map(({ kind }) => kind)).toEqual(["quantity", "quantity"]);
    expect(figuresIn("1000-2000 yuan").map(({ kind }) => kind)).toEqual(["quantity", "quantity"]);
    expect(figuresIn("100000000 points").map(({ kind }) => kind)).toEqual(["quantity"]);
  });
});

describe("addresses and telephone numbers", () => {
  it.each([
    ["see https://shop.example/help", "请访问 https://shop.example/help，按提示操作。"],
    ["see https://shop.example/help", "请打开https://shop.example/help查看。"],
    ["see https://shop.example/help", "See `https://shop.example/help` for details."],
    ["see https://shop.example/help", "（https://shop.example/help）"],
    ["see https://shop.example/help", "网址：shop.example/help。"],
    ["请访问https://shop.example/help查看", "https://shop.example/help!"],
    ["mail help@shop.example", "邮箱help@shop.example，谢谢"],
    ["call 400-800-1234", "call +86 400-800-1234"],
    ["call 400-800-1234", "call 400.800.1234"],
    ["call 400-800-1234", "call 400 800 1234."],
    ["call 020 7946 0958", "call +44 20 7946 0958"],
    ["call +44 20 7946 0958", "call (020) 7946 0958"],
    ["call 1-800-555-0199", "call 800-555-0199"],
    ["call 0800-1234567", "call 08001234567"],
  ])("%j says %j", (text, claim) => {
    expect(has(text, claim)).toBe(true);
  });

  it.each([
    ["see https://shop.example/help", "see https://shop.example/pay"],
    ["see https://shop.example/help", "see https://shop.example.evil.ninja/help"],
    ["see https://shop.example/help", "请打开https://假冒.中国/help"],
    ["see https://shop.example/help", "see evil.top"],
    ["see https://shop.example", "see https://shop.example:8443"],
    ["call 400-800-1234", "call +86 400-800-1235"],
    ["call 400-800-1234", "call 900-400-800-1234"],
    ["call +44 20 7946 0958", "call +49 20 7946 0958"],
    ["call 020 7946 0958", "call 021 7946 0958"],
  ])("%j does not say %j", (text, claim) => {
    expect(has(text, claim)).toBe(false);
  });
});

describe("dates and times", () => {
  it.each([
    ["9点至21点", "9:00-21:00"],
    ["9点至21点", "上午9点到晚上9点"],
    ["9:00-21:00", "9点到21点"],
    ["早9点至晚6点", "9:00 to 18:00"],
    ["九点到十八点", "9:00-18:00"],
    ["Mon-Fri 9-17", "9:00 to 17:00"],
    ["9:00 to 17:00", "9-17"],
    ["9am to 5pm", "9-5"],
    ["9 o'clock", "9:00"],
    ["noon to 10 pm", "12:00 to 22:00"],
    ["noon", "中午12点"],
    ["midnight", "晚上12点"],
    ["24:00", "midnight"],
    ["中午1点", "13:00"],
    ["October 1-7", "October 1 to October 7"],
    ["October 1 to October 7", "October 1–7"],
    ["1 to 7 October", "October 1 to 7"],
    ["October 1st through 7th, 2026", "7 October 2026"],
    ["10月1日至7日", "October 1 to October 7"],
    ["2026年10月1日至7日", "2026-10-07"],
    ["10月1-7日", "10月7日"],
    ["2026-06-05", "05/06/2026"],
    ["2026-06-05", "6/5/2026"],
    ["05/06/2026", "June 5, 2026"],
    ["06/05/2026", "June 5, 2026"],
    ["5.6.2026", "5 June 2026"],
    ["25/12/2026", "December 25"],
    ["2026-11-20T22:31:00.000Z", "November 20, 2026 at 22:31"],
  ])("%j says %j", (text, claim) => {
    expect(has(text, claim)).toBe(true);
  });

  it.each([
    ["9点至21点", "9:00-22:00"],
    ["9 am to 5 pm", "17 pm to 18:00"],
    ["9-17", "9:00 to 18:00"],
    ["noon", "midnight"],
    ["October 1-7", "October 8"],
    ["October 1 to 7 days", "October 7"],
    ["10月1日至7日", "10月8日"],
    ["25/12/2026", "December 12"],
    ["5.6.2026", "6 May 2026"],
    ["05/06/2026", "July 5, 2026"],
    ["2026-11-20T22:31:00.000Z", "7:00"],
  ])("%j does not say %j", (text, claim) => {
    expect(has(text, claim)).toBe(false);
  });

  it.each(["请早一点到", "有一点关系", "请注意以下三点后续", "晚一点"])("takes %j for no time", (text) => {
    expect(figuresIn(text).filter(({ kind }) => kind === "time")).toEqual([]);
  });
});

describe("codes and numbering", () => {
  it.each([
    ["Works with iOS17", "iOS 17"],
    ["支持 iOS 17 和 iPhone 15", "iOS17 和 iPhone15"],
    ["version 2.1", "v2.1"],
    ["v2.1", "version 2.1"],
    ["版本2.1", "v2.1"],
    ["PX-100", "PX 100"],
    ["SKU 12345678", "SKU12345678"],
  ])("%j says %j", (text, claim) => {
    expect(has(text, claim)).toBe(true);
  });

  it.each([
    ["iOS17", "iOS 18"],
    ["iOS 17", "Android17"],
    ["17 days", "iOS17"],
    ["version 2.1", "v2.9"],
    ["iOS17", "17 days"],
  ])("%j does not say %j", (text, claim) => {
    expect(has(text, claim)).toBe(false);
  });

  it.each([
    "① 打开",
    "1️⃣ Open it",
    "It is so [1].",
    "It is so【2】。",
    "(1) Open, (2) click and (3) go",
    "（1）打开",
    "⑵ 打开",
    "❸ go",
  ])("finds none in %j", (text) => {
    expect(figuresIn(text)).toEqual([]);
    expect(withoutFigures(text)).not.toMatch(/\d/);
  });

  it("keeps the digits in brackets that count something", () => {
    expect(figuresIn("thirty (30) days, [60] days, ⑩天")).toMatchObject([
      { value: 30 },
      { value: 30, unit: { kind: "minutes" } },
      { value: 60, unit: { kind: "minutes" } },
      { value: 10, unit: { kind: "minutes" } },
    ]);
  });
});
