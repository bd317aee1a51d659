import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readText, supporter, supportOf } from "../../src/retrieval/support.ts";

const passages = [
  "Unopened items can be sent back within 30 days. The refund arrives 5 working days after we receive the parcel.",
  "自收到商品之日起 7 天内可申请无理由退货，运费由消费者承担。",
];

describe("whether passages bear out a reply", () => {
  it.each([
    "Unopened items can be sent back within 30 days.",
    "The refund arrives 5 working days after we receive the parcel.",
    "自收到商品之日起 7 天内可申请无理由退货。",
  ])("believes what they say: %s", (reply) => {
    expect(supportOf(reply, passages)).toBeGreaterThan(0.8);
  });

  it.each([
    "You get a voucher worth ten euros for every late delivery.",
    "Our shop in Paris opens on Sundays.",
    "我们会免费上门安装冰箱并赠送礼品。",
  ])("doubts what they do not say: %s", (reply) => {
    expect(supportOf(reply, passages)).toBeLessThan(0.3);
  });

  it("does not believe another number, however right the words are", () => {
    expect(supportOf("Unopened items can be sent back within 60 days.", passages)).toBe(0);
    expect(supportOf("自收到商品之日起 15 天内可申请无理由退货。", passages)).toBe(0);
    expect(supportOf("It costs 1,000 yuan.", ["It costs 1000 yuan."])).toBeGreaterThan(0.8);
  });

  it("says the same of a reply whether the passages were read before or not", () => {
    const supports = supporter(passages.map(readText));
    for (const reply of [...passages, "Unopened items can be sent back within 60 days.", "Do you?", ""])
      expect(supports(readText(reply))).toBe(supportOf(reply, passages));
  });

  it("believes every whole text that is a passage itself, and is always from 0 to 1", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        const support = supportOf(text, [other]);
        expect(support).toBeGreaterThanOrEqual(0);
        expect(support).toBeLessThanOrEqual(1);
        // A question is no fact, even where a passage asks it too.
        if (!/[?？]/u.test(text)) expect(supportOf(text, [text])).toBeGreaterThan(0.8);
      }),
    );
  });
});
