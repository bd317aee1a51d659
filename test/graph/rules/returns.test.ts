import { describe, expect, it } from "vitest";
import { consentOf } from "../../../src/graph/rules/consent.ts";
import { extractEntities } from "../../../src/graph/rules/entities.ts";
import { planByRule } from "../../../src/graph/rules/plan-by-rule.ts";
import { recogniseByRule } from "../../../src/graph/rules/recognise-by-rule.ts";
import type { PastTurn, Slots } from "../../../src/graph/state.ts";
import { packs } from "../nodes/bench.ts";

function read(message: string, history: readonly PastTurn[] = [], known: Slots = {}) {
  const recognition = recogniseByRule(message, history, known, packs);
  const slots = { ...(recognition.topicSwitch ? {} : known), ...extractEntities(message, packs) };
  const calls = planByRule({ message, history, slots, recognition }, packs);
  return { intents: recognition.intents.join(), calls: calls.map((call) => [call.name, call.arguments]) };
}

const lk = "LK20260129";

describe("the wish to return an order", () => {
  it.each([
    ["I want to return order LK20260129, it is broken", { order_id: lk, reason: "quality" }],
    ["I'd like to return LK20260129 because I changed my mind", { order_id: lk, reason: "changed_mind" }],
    ["Please return my order LK20260129, it's not what I ordered", { order_id: lk, reason: "wrong_item" }],
    ["Can you start a return for order LK20260129? The frother is faulty.", { order_id: lk, reason: "quality" }],
    ["I need to send this kettle back, order LK20260129, wrong colour", { order_id: lk, reason: "wrong_item" }],
    ["My kettle arrived broken, I want to return it, order LK20260129", { order_id: lk, reason: "quality" }],
    ["I want a return for LK20260129, it is too big", { order_id: lk, reason: "other" }],
    ["return order LK20260129", { order_id: lk }],
    ["I want to return it, it does not work", { reason: "quality" }],
    ["I want to return my order", {}],
    ["我要退货，订单LK20260129，坏了", { order_id: lk, reason: "quality" }],
    ["订单LK20260129我要退货，发错颜色了", { order_id: lk, reason: "wrong_item" }],
    ["帮我把订单LK20260129退了，不想要了", { order_id: lk, reason: "changed_mind" }],
    ["能帮我申请退货吗？订单LK20260129，质量有问题", { order_id: lk, reason: "quality" }],
    ["我想退掉LK20260129", { order_id: lk }],
    ["我要退货", {}],
  ])("%j", (message, args) => {
    expect(read(message)).toEqual({ intents: "business_query", calls: [["create_return", args]] });
  });

  it("takes the order that was talked about", () => {
    const lookup: PastTurn = { user: "Where is my order LK20260129?", bot: "Delivered.", intent: "business_query" };
    expect(read("I want to return it, it is broken", [lookup], { orderId: lk }).calls).toEqual([
      ["create_return", { order_id: lk, reason: "quality" }],
    ]);
  });

  it("answers a question beside it too", () => {
    expect(read("I want to return order LK20260129. Who pays the postage?")).toEqual({
      intents: "business_query,knowledge_qa",
      calls: [
        ["search_knowledge", { query: "Who pays the postage?" }],
        ["create_return", { order_id: lk }],
      ],
    });
    expect(read("Where is order LK20260142? And I want to return order LK20260129, wrong item").calls).toEqual([
      ["query_order", { order_id: "LK20260142" }],
      ["create_return", { order_id: lk, reason: "wrong_item" }],
    ]);
  });

  it("does not look up what it names in other words", () => {
    expect(read("I want to return order LK20260129, this order is faulty").calls).toEqual([
      ["create_return", { order_id: lk, reason: "quality" }],
    ]);
  });

  it("opens a ticket beside it only when one is wanted", () => {
    const { calls } = read("The frother is broken. I want to return order LK20260129. Open a ticket too, please.");
    expect(calls.map(([name]) => name)).toEqual(["create_return", "open_ticket"]);
  });
});

describe("the wish to cancel a return", () => {
  it.each([
    ["Cancel my return RT204590", { return_id: "RT204590" }],
    ["Could you cancel my return RT204590?", { return_id: "RT204590" }],
    ["please withdraw the return request RT204590", { return_id: "RT204590" }],
    ["I don't want to return it any more", {}],
    ["取消退货RT204590", { return_id: "RT204590" }],
    ["帮我取消退货单RT204590", { return_id: "RT204590" }],
    ["把RT204590取消掉", { return_id: "RT204590" }],
    ["我不想退货了", {}],
  ])("%j", (message, args) => {
    expect(read(message)).toEqual({ intents: "business_query", calls: [["cancel_return", args]] });
  });
});

describe("no wish for a change", () => {
  it.each([
    ["How long do I have to return opened goods?", "search_knowledge"],
    ["Can I return opened goods?", "search_knowledge"],
    ["How do I return an order?", "search_knowledge"],
    ["What happens if I want to return a kettle?", "search_knowledge"],
    ["Do I have to return the box as well?", "search_knowledge"],
    ["When I want to return something, who pays?", "search_knowledge"],
    ["I don't want to return anything, just asking about the rules", "search_knowledge"],
    ["I want to know how to return a kettle", "search_knowledge"],
    ["I need a return label", "search_knowledge"],
    ["How do I cancel a return?", "search_knowledge"],
    ["Can I return order LK20260129?", "query_order"],
    ["I returned order LK20260117 last week, where is my refund?", "query_order"],
    ["I want a refund for order LK20260129", "query_order"],
    ["Cancel my order LK20260155", "query_order"],
    ["Where is my return RT204518?", "query_return"],
    ["Did you cancel my return RT204590?", "query_return"],
    ["I did not cancel my return", undefined],
    ["I want to return a kettle how do I do that", "search_knowledge"],
    ["怎么退货？", "search_knowledge"],
    ["我要退货退款怎么操作", "search_knowledge"],
    ["我要取消退货怎么操作", "search_knowledge"],
    ["未拆封的商品几天内可以退货？", "search_knowledge"],
    ["我不想退货，只是问问政策", "search_knowledge"],
    ["我想退货，运费谁出？", "search_knowledge"],
    ["可以退货吗？", "search_knowledge"],
    ["怎么取消退货？", "search_knowledge"],
    ["退货能取消吗？", "search_knowledge"],
    ["我已经申请退货了，什么时候退款？", "search_knowledge"],
    ["我的退货RT204518处理到哪一步了？", "query_return"],
    ["我要退款，订单LK20260129", "query_order"],
  ])("%j", (message, tool) => {
    expect(read(message).calls.map(([name]) => name)).toEqual(tool === undefined ? [] : [tool]);
  });
});

describe("what was asked for", () => {
  const asked = (user: string, bot: string): PastTurn => ({ user, bot, intent: "business_query" });
  const { en, zh } = { en: packs.en.changes, zh: packs.zh.changes };
  const order = asked("I want to return it, it leaks", en.askOrder);
  const why = asked("I want to return LK20260129", en.askReason.replace("{orderId}", lk));
  const known = { orderId: lk };

  it("goes into the call, with what was said before", () => {
    expect(read("LK20260129", [order])).toEqual({
      intents: "business_query",
      calls: [["create_return", { order_id: lk, reason: "quality" }]],
    });
    expect(read("The order number is LK20260129", [order]).calls).toEqual([
      ["create_return", { order_id: lk, reason: "quality" }],
    ]);
    for (const [message, reason] of [
      ["It is broken", "quality"],
      ["it arrived damaged", "quality"],
      ["It's not what I ordered", "wrong_item"],
      ["changed my mind", "changed_mind"],
      ["my neighbour has the same one", "other"],
    ]) {
      expect(read(message ?? "", [why], known)).toEqual({
        intents: "business_query",
        calls: [["create_return", { order_id: lk, reason }]],
      });
    }
  });

  it("is asked again for another order, unless a reason comes with it", () => {
    expect(read("I want to return order LK20260117", [why], known).calls).toEqual([
      ["create_return", { order_id: "LK20260117" }],
    ]);
  });

  it("does so in Chinese, and over two questions", () => {
    const whyZh = zh.askReason.replace("{orderId}", lk);
    const history = [asked("我要退货", zh.askOrder), asked(lk, whyZh)];
    expect(read("质量有问题", history, known).calls).toEqual([["create_return", { order_id: lk, reason: "quality" }]]);
    expect(read("RT204590", [asked("取消退货", zh.askReturn)]).calls).toEqual([
      ["cancel_return", { return_id: "RT204590" }],
    ]);
  });

  it.each([
    ["never mind", "chitchat"],
    ["What is the return policy?", "knowledge_qa"],
    ["Where is my order LK20260142?", "business_query"],
    ["human", "human_request"],
  ])("is left for %j", (message, intents) => {
    const found = read(message, [why], known);
    expect(found.intents).toBe(intents);
    expect(found.calls.some(([name]) => name === "create_return")).toBe(false);
  });
});

describe("the answer to what was shown", () => {
  const change = (tool: string, args: Record<string, string>): Slots => ({
    offer: { tool, arguments: args, operationId: "o", shownAt: "2026-01-15T10:00:00.000Z" },
  });
  const creating = change("create_return", { order_id: lk, reason: "quality" });
  const cancelling = change("cancel_return", { return_id: "RT204590" });
  const say = (message: string, slots: Slots) => consentOf(message, undefined, slots, packs);

  it.each([
    "yes",
    "Yes please!",
    "ok, thanks",
    "sure, go ahead",
    "yes, return it",
    "yes, return LK20260129",
    "confirm",
    "是",
    "是的",
    "确认",
    "好的，谢谢",
    "确认退货",
  ])("%j is a yes to a return", (message) => expect(say(message, creating)).toBe("yes"));

  it.each(["no", "no thanks", "never mind", "don't return it", "cancel", "I changed my mind", "不", "算了", "取消"])(
    "%j is a no to a return",
    (message) => expect(say(message, creating)).toBe("no"),
  );

  it.each([
    "yes?",
    "yes, return LK20260117",
    "yes, where is my order",
    "yes and no",
    "ok, got it",
    "not sure",
    "thanks",
    "yes but who pays",
    "好吗",
    "是？",
    "是的，取消",
    "知道了",
    "I want to return order LK20260129, it is broken",
    `yes ${"please ".repeat(20)}`,
  ])("%j is neither", (message) => expect(say(message, creating)).toBeUndefined());

  it("reads to cancel as what was shown, or as a no", () => {
    expect(say("yes, cancel it", cancelling)).toBe("yes");
    expect(say("确认取消", cancelling)).toBe("yes");
    expect(say("yes, cancel it", creating)).toBeUndefined();
    expect(say("不取消", cancelling)).toBe("no");
    expect(say("cancel it", cancelling)).toBeUndefined();
  });

  it("is none where nothing was shown", () => {
    expect(say("yes", {})).toBeUndefined();
    expect(read("yes").intents).toBe("chitchat");
  });

  it("is known from the words that were shown, in every language", () => {
    for (const { changes } of Object.values(packs)) {
      for (const bot of [changes.askYes, changes.unconfirmed, changes.unsent]) {
        expect(consentOf("ok", { user: "u", bot, intent: "business_query" }, {}, packs)).toBe("yes");
      }
    }
  });
});
