import { describe, expect, it } from "vitest";
import { knowledgeResult } from "../bench.ts";
import { delivered, oneOrder, verdictOf } from "./judging.ts";

const warranty = knowledgeResult("The warranty on batteries is three months.", "Returns are free for 30 days.");
const chinese = knowledgeResult("电池保修三个月。", "商品可在签收后 30 天内退货。");
const express = knowledgeResult("Express orders are dispatched on the same day.", "Standard orders take 3 to 5 days.");
const chineseExpress = knowledgeResult("特快订单当天发货。", "标准订单需要3到5天。");
const returns = knowledgeResult("Unopened goods can be returned within 30 days of delivery.");

describe("arithmetic that is borne out", () => {
  it.each([
    [[warranty], "The warranty on batteries is 90 days."],
    [[warranty], "The warranty on batteries is 13 weeks."],
    [[warranty], "Returns are free for one month."],
    [[knowledgeResult("The warranty is 24 months.")], "The warranty is 730 days."],
    [[chinese], "电池保修90天。"],
    [[chinese], "商品可在签收后一个月内退货。"],
    [[express], "Express orders are dispatched within 24 hours."],
    [[express], "Express orders are dispatched in 0 days."],
    [[chineseExpress], "特快订单24小时内发货。"],
    [[chineseExpress], "特快订单0天发货。"],
    [[delivered, returns], "It was delivered on January 5, so you have 20 days left to return it."],
    [[delivered, returns], "You can return it until February 4, 2026."],
    [[delivered, returns], "You have 20 days left."],
    [[delivered, chinese], "您还有20天可以退货。"],
    [[delivered, chinese], "最晚可在2月4日前退货。"],
    [[knowledgeResult("The sale ends on January 25, 2026.")], "The sale ends in 10 days."],
    [[knowledgeResult("活动截止到2026年1月25日。")], "活动还有10天结束。"],
  ])("%#: is not left out: $1", (results, sentence) => {
    expect(verdictOf(sentence, results)).not.toBe("unfounded");
  });

  it.each([
    [[warranty], "The warranty on batteries is 80 days."],
    [[warranty], "The warranty on batteries is 100 days."],
    [[warranty], "Returns are free for 3 weeks."],
    [[warranty], "Returns are free for 90 days."],
    [[chinese], "电池保修60天。"],
    [[express], "Express orders are dispatched within 48 hours."],
    [[chineseExpress], "特快订单48小时内发货。"],
    [[knowledgeResult("Orders take 3 days.")], "Orders take 0 days."],
    [[delivered, returns], "You have 25 days left."],
    [[delivered, returns], "You can return it until March 4, 2026."],
    [[delivered, chinese], "您还有26天可以退货。"],
    [[knowledgeResult("The sale ends on January 25, 2026.")], "The sale ends in 20 days."],
  ])("%#: that does not hold is left out: $1", (results, sentence) => {
    expect(verdictOf(sentence, results)).toBe("unfounded");
  });

  it("goes by the day anywhere on earth, and no further", () => {
    const sale = knowledgeResult("The sale ends on January 25, 2026.");
    const evening = new Date("2026-01-15T23:00:00.000Z");
    const in9 = "The sale ends in 9 days.";
    expect(verdictOf(in9, [sale], { today: evening })).not.toBe("unfounded");
    expect(verdictOf("The sale ends in 10 days.", [sale], { today: evening })).not.toBe("unfounded");
    expect(verdictOf("The sale ends in 8 days.", [sale], { today: evening })).toBe("unfounded");
    expect(verdictOf("The sale ends in 11 days.", [sale], { today: evening })).toBe("unfounded");
  });

  const BOUGHT = "I got it on January 3, can I still return it?";
  const AGO = "I got it 12 days ago. Can I return it?";

  it.each([
    [returns, BOUGHT, "It is 12 days since January 3, so you have 18 days left."],
    [returns, BOUGHT, "You can return it until February 2, 2026, which is 18 days from today."],
    [returns, "I got it on December 20, 2025.", "You could return it until January 19, so you have 4 days left."],
    [returns, AGO, "You still have 18 days to return it."],
    [chinese, "1月3日签收的，还能退吗？", "您1月3日签收，到今天12天，还剩18天。"],
    [chinese, "1月3日签收的，还能退吗？", "最晚2月2日前可以退。"],
    [chinese, "签收12天了，还能退吗？", "您还有18天可以退货。"],
    [returns, "My parcel arrived on January 3.", "Your parcel arrived on January 3, so the 30 days end on February 2."],
    [returns, "My parcel arrived on January 3.", "Your parcel arrived on January 3, 12 days ago."],
  ])("%#: may start from the day that the user names: $1 $2", (result, message, sentence) => {
    expect(verdictOf(sentence, [result], { message })).not.toBe("unfounded");
    expect(verdictOf(sentence, [result], { message, today: undefined })).toBe("unfounded");
  });

  it.each([
    [returns, BOUGHT, "You can return it until February 9."],
    [returns, BOUGHT, "You have 22 days left."],
    [returns, AGO, "You have 25 days left."],
    [returns, "Can I return it within 60 days?", "Yes, you have 60 days."],
    [returns, "Does the sale end on January 25?", "Yes, the sale ends in 10 days."],
    [chinese, "签收12天了，还能退吗？", "您还有26天可以退货。"],
    [returns, "I got it on December 1, 2025. I think I have 45 days, right?", "Yes, you can return it within 45 days."],
    [returns, "I got it on December 1, 2025.", "The return period is 45 days."],
    [chinese, "2025年12月1日签收的，应该有45天吧？", "商品可以在45天内退货。"],
  ])("%#: does not follow from what the user says alone: $1 $2", (result, message, sentence) => {
    expect(verdictOf(sentence, [result], { message })).toBe("unfounded");
  });

  it("knows the days around today", () => {
    expect(verdictOf("It does not arrive tomorrow (January 16), but on January 17.", [oneOrder])).toBe("borne_out");
    expect(verdictOf("明天（1月16日）还到不了，预计后天1月17日送达。", [oneOrder])).toBe("borne_out");
    expect(verdictOf("It arrives on January 18.", [oneOrder])).toBe("unfounded");
  });
});
