import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recogniseByRule } from "../../../src/graph/rules/recognise-by-rule.ts";
import type { PastTurn, Slots } from "../../../src/graph/state.ts";
import { packs } from "../nodes/bench.ts";

function recognise(message: string, history: readonly PastTurn[] = [], slots: Slots = {}) {
  return recogniseByRule(message, history, slots, packs);
}

const question: PastTurn = { user: "How long can I return unopened goods?", bot: "30 days.", intent: "knowledge_qa" };
const lookup: PastTurn = { user: "Where is my order LK20260142?", bot: "Shipped.", intent: "business_query" };

describe("intents by rule", () => {
  it.each([
    ["Hello, how long does delivery take?", "knowledge_qa"],
    ["你好，退货运费谁承担？", "knowledge_qa"],
    ["what is the return policy", "knowledge_qa"],
    ["退货政策", "knowledge_qa"],
    ["查订单", "business_query"],
    ["Is my order LK20260142 here yet?", "business_query"],
    ["滚筒洗衣机怎么安装", "knowledge_qa"],
    ["I don't need a human, how do I change my address?", "knowledge_qa"],
    ["不需要转人工，积分怎么用？", "knowledge_qa"],
    ["What are the hours of your customer service?", "knowledge_qa"],
    ["人工客服几点下班？", "knowledge_qa"],
    ["xkcdqwrt", "unknown"],
    ["12", "unknown"],
    ["🙂🙂", "unknown"],
    ["", "unknown"],
    ["Who won the match yesterday", "knowledge_qa"],
    ["Check my order and open a ticket because the lid is broken", "business_query,ticket"],
    ["My parcel arrived damaged.", "ticket"],
    ["What can I do if my parcel arrived damaged?", "knowledge_qa"],
    ["I want to cancel my order, who pays the fee?", "knowledge_qa"],
    ["My parcel arrived damaged, where is my refund?", "ticket,business_query"],
    ["OK thanks, talk to you later!", "chitchat"],
    ["human", "human_request"],
    ["Human!", "human_request"],
    ["agent, please", "human_request"],
    ["operator", "human_request"],
    ["a person", "human_request"],
    ["真人", "human_request"],
    ["客服，谢谢", "human_request"],
    ["人工！", "human_request"],
    ["customer service phone number", "knowledge_qa"],
    ["客服电话是多少", "knowledge_qa"],
    ["Is the agent fee refunded?", "knowledge_qa"],
    ["Please don't hand me over to a human", "chitchat"],
    ["no human please", "chitchat"],
    ["不用转人工", "chitchat"],
    ["do not open a ticket", "chitchat"],
    ["Please don't open a ticket", "chitchat"],
    ["no ticket please", "chitchat"],
    ["不要开工单", "chitchat"],
    ["请不要给我提交工单", "chitchat"],
    ["Please don't open a ticket, how do I return goods?", "knowledge_qa"],
    ["My lamp does not work please open a ticket", "ticket"],
  ])("%j: %s", (message, expected) => {
    expect(recognise(message).intents.join()).toBe(expected);
  });

  it("takes a follow-up for what the last turn was", () => {
    expect(recognise("and for opened ones?", [question]).intents).toEqual(["knowledge_qa"]);
    expect(recognise("那拆封的呢？", [{ ...question, user: "未拆封几天内可以退？" }]).intents).toEqual([
      "knowledge_qa",
    ]);
    expect(recognise("when will it arrive?", [lookup]).intents).toEqual(["business_query"]);
  });

  it("takes yes for a ticket only where one was offered", () => {
    const refused = (language: "en" | "zh") => ({ ...question, bot: packs[language].replies.refusal });
    expect(recognise("yes please", [refused("en")]).intents).toEqual(["ticket"]);
    expect(recognise("好的", [refused("zh")]).intents).toEqual(["ticket"]);
    expect(recognise("不用了", [refused("zh")]).intents).toEqual(["chitchat"]);
    expect(recognise("你好！", [refused("zh")]).intents).toEqual(["chitchat"]);
    expect(recognise("你好，好的", [refused("zh")]).intents).toEqual(["ticket"]);
    expect(recognise("yes please", [question]).intents).toEqual(["chitchat"]);
  });

  it("takes a statement for the problem that was asked for", () => {
    const asked: PastTurn = { user: "open a ticket", bot: packs.en.replies.askProblem, intent: "ticket" };
    expect(recognise("the handle wobbles a bit", [asked]).intents).toEqual(["ticket"]);
    expect(recognise("what is the return policy?", [asked]).intents).toEqual(["knowledge_qa"]);
  });

  it.each([
    ["en", "The kettle leaks, order LK20260117", "ticket"],
    ["en", "My parcel never arrived", "ticket"],
    ["en", "never mind", "chitchat"],
    ["en", "no", "chitchat"],
    ["en", "cancel that", "chitchat"],
    ["en", "human", "human_request"],
    ["en", "Let me talk to a person", "human_request"],
    ["zh", "水壶漏水，订单LK20260117", "ticket"],
    ["zh", "我的快递一直没到", "ticket"],
    ["zh", "算了", "chitchat"],
    ["zh", "取消", "chitchat"],
    ["zh", "转人工", "human_request"],
  ] as const)("asked for the problem (%s), takes %j for %s", (language, message, expected) => {
    const user = language === "en" ? "open a ticket" : "开工单";
    const asked: PastTurn = { user, bot: packs[language].replies.askProblem, intent: "ticket" };
    expect(recognise(message, [asked]).intents).toEqual([expected]);
  });

  it.each(["What did I pay for it?", "how much was that order?", "那个订单多少钱？", "我付了多少钱？"])(
    "takes %j for a look-up right after one, and only then",
    (message) => {
      const known = { orderId: "LK20260142" };
      expect(recognise(message, [lookup], known)).toMatchObject({ intents: ["business_query"], topicSwitch: false });
      expect(recognise(message, [question], known).intents).toEqual(["knowledge_qa"]);
    },
  );
});

describe("language by rule", () => {
  it("is that of the last turn for a bare number", () => {
    expect(recognise("LK 20260142", [{ ...lookup, user: "查订单" }]).language).toBe("zh");
    expect(recognise("LK20260142", [lookup]).language).toBe("en");
    expect(recognise("LK20260142").language).toBe("en");
  });
});

describe("topic switch by rule", () => {
  it.each([
    ["nothing was said before", "where is my order?", [], false],
    ["the user says so", "换个问题，我想查订单", [{ ...lookup, user: "订单到哪了" }], true],
    ["records give way to rules", "How do I descale the coffee machine?", [lookup], true],
    ["a question shares words with the last one", "Who pays to return goods?", [question], false],
    ["a follow-up", "and for opened ones?", [question], false],
    ["small talk", "thanks!", [lookup], false],
    ["another record of the user", "Show my points", [lookup], false],
  ])("%s", (_, message, history, expected) => {
    expect(recognise(message, history).topicSwitch).toBe(expected);
  });
});

describe("any message", () => {
  it("is recognised, with a score in range and the same result again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (message) => {
        const found = recognise(message, [question]);
        expect(found.intents.length).toBeGreaterThan(0);
        expect(new Set(found.intents).size).toBe(found.intents.length);
        expect(found.emotionScore).toBeGreaterThanOrEqual(1);
        expect(found.emotionScore).toBeLessThanOrEqual(5);
        expect(recognise(message, [question])).toEqual(found);
      }),
    );
  });

  it("is recognised also when it is very long", () => {
    expect(recognise("where is my order ".repeat(20_000)).intents).toEqual(["business_query"]);
    expect(recognise("好".repeat(100_000)).language).toBe("zh");
  });
});
