import { describe, expect, it } from "vitest";
import { createMatcher } from "../../../src/graph/rules/phrase.ts";

describe("phrases", () => {
  it.each([
    ["cat", "A Cat sat", true],
    ["cat", "concatenate", false],
    ["cat", "我要cat吗", true],
    ["refund*", "refunds please", true],
    ["refund", "refunds please", false],
    ["查订单", "帮我查订单吧", true],
    ["[talk|speak] to [a|an|] agent", "can I speak to agent", true],
    ["[talk|speak] to [a|an|] agent", "can I talk to an  agent?", true],
    ["[talk|speak] to [a|an|] agent", "talk to the agent", false],
    ["where ... order", "where on earth is my order", true],
    ["where ... order", "where am I. An order", false],
    ["^is", "is it open", true],
    ["^is", "the cup is open", false],
    ["a.b?", "a.b?", true],
    ["a.b?", "axb?", false],
    ["？", "好?", true],
  ])("%j in %j: %s", (phrase, text, expected) => {
    expect(createMatcher([phrase]).test(text.normalize("NFKC"))).toBe(expected);
  });

  it("does not see a phrase inside an exception, and sees the same phrase beside it", () => {
    const swearing = createMatcher(["滚"], ["滚筒"]);
    expect(swearing.test("滚筒洗衣机")).toBe(false);
    expect(swearing.test("滚筒洗衣机，滚！")).toBe(true);
    expect(swearing.count("滚滚，滚筒")).toBe(2);
  });

  it("takes the rest of a sentence away after a closing gap, not the next sentence", () => {
    const points = createMatcher(["points"], ["how to ..."]);
    expect(points.test("how to use points")).toBe(false);
    expect(points.test("how to pay? my points")).toBe(true);
  });

  it("blanks occurrences and keeps offsets, also beside letters that grow in lower case", () => {
    const matcher = createMatcher(["hello"]);
    expect(matcher.blank("İ HELLO you")).toBe("İ       you");
  });

  it("takes a bounded number of steps for text that nearly matches everywhere", () => {
    const matcher = createMatcher(["where ... my ... order"]);
    expect(matcher.test("where my ".repeat(20_000))).toBe(false);
  });
});
