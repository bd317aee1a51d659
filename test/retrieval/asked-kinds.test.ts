import { describe, expect, it } from "vitest";
import { figureAsked } from "../../src/retrieval/asked-kinds.ts";

/** A question, a text that says a figure of the kind, and one that says another. */
const asked: readonly (readonly [string, string, string])[] = [
  ["How much is express delivery?", "Express costs £6.", "Express takes two days."],
  ["加急要多少钱", "加急另收 20 元。", "加急两天送到。"],
  ["How long does a refund take?", "A refund takes five working days.", "A refund costs $3."],
  ["退款多久到账", "退款三个工作日到账。", "退款收手续费 5 元。"],
  ["几天能到？", "次日送达。", "由快递送达。"],
  ["What time do you close?", "We are open from 9:00 to 18:00.", "We are in the high street."],
  ["热线几点到几点", "每天九点到十八点。", "请拨打热线。"],
  ["When are points taken away?", "Points lapse in January.", "Points are worth money."],
  ["会员等级什么时候结算", "每月初结算。", "按消费结算。"],
  ["How many seats can I book?", "Up to four seats.", "Seats are booked in the app."],
  ["一次最多几张", "每人限购 4 张。", "实名购票。"],
  ["How heavy is it?", "It weighs 3.2 kg.", "It has 3 buttons."],
  ["水箱多大", "水箱容量 1.8 升。", "水箱每周清洗。"],
  ["What is the hotline number?", "Call 400-888-1234.", "Call our hotline."],
  ["客服电话多少", "请拨打 400-888-1234。", "请拨打客服电话。"],
];

describe("a figure that is asked for", () => {
  it.each(asked)("of %j is said by a text with one of its kind alone", (question, right, wrong) => {
    const says = figureAsked(question);
    for (const isSaid of [says?.isSaidIn, says?.isSaidBy])
      expect([isSaid?.(right), isSaid?.(wrong)]).toEqual([true, false]);
  });

  it.each([
    "Can I change my address?",
    "怎么改地址",
    "Is there a discount for students?",
    "How do I charge the vacuum?",
    "How much water does the tank hold?",
    "What do I do when the parcel is damaged?",
    "Which latest model do you have?",
    "怎么修改手机号码",
    "快递单号码在哪里看",
    "",
  ])("is none of %j", (question) => {
    expect(figureAsked(question)).toBeUndefined();
  });
});
