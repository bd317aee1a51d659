import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { extractEntities } from "../../../src/graph/rules/entities.ts";
import { planByRule } from "../../../src/graph/rules/plan-by-rule.ts";
import { recogniseByRule } from "../../../src/graph/rules/recognise-by-rule.ts";
import type { PastTurn, Slots } from "../../../src/graph/state.ts";
import { createTools } from "../../../src/graph/tools/create-tools.ts";
import { createTicketList, layerOf, packs, recognitionOf, searchOf } from "../nodes/bench.ts";

function plan(message: string, history: readonly PastTurn[] = [], known: Slots = {}) {
  const recognition = recogniseByRule(message, history, known, packs);
  const slots = { ...(recognition.topicSwitch ? {} : known), ...extractEntities(message, packs) };
  return planByRule({ message, history, slots, recognition }, packs).map((call) => [call.name, call.arguments]);
}

const question: PastTurn = { user: "How long can I return unopened goods?", bot: "30 days.", intent: "knowledge_qa" };
const followUp: PastTurn = { user: "and for opened ones?", bot: "14 days.", intent: "knowledge_qa" };
const lookup: PastTurn = { user: "Where is my order LK20260142?", bot: "Shipped.", intent: "business_query" };

describe("the plan by rule", () => {
  it("searches for the question without the greeting", () => {
    expect(plan("Hi! How long does delivery take?")).toEqual([
      ["search_knowledge", { query: "How long does delivery take?" }],
    ]);
  });

  it("looks up the order named, the one remembered, or lists the latest", () => {
    expect(plan("where is my order LK20260142")).toEqual([["query_order", { order_id: "LK20260142" }]]);
    expect(plan("when will it arrive?", [lookup], { orderId: "LK20260142" })).toEqual([
      ["query_order", { order_id: "LK20260142" }],
    ]);
    expect(plan("查订单")).toEqual([["query_order", {}]]);
  });

  it("forgets the remembered order when the topic switches", () => {
    expect(plan("new question: where is my order?", [lookup], { orderId: "LK20260142" })).toEqual([
      ["query_order", {}],
    ]);
  });

  it("looks up returns by their number, else by the order, else asks", () => {
    expect(plan("what is the status of my return RT204518")).toEqual([["query_return", { return_id: "RT204518" }]]);
    expect(plan("where is my refund for order LK20260117?")).toEqual([["query_order", { order_id: "LK20260117" }]]);
    expect(plan("where is my refund?")).toEqual([]);
  });

  it("gives each intent its own call, those that change something last", () => {
    expect(plan("Open a ticket, the lid is broken. Where is LK20260142? And how do I clean the filter?")).toEqual([
      ["query_order", { order_id: "LK20260142" }],
      ["search_knowledge", { query: expect.stringContaining("how do I clean the filter") }],
      ["open_ticket", expect.objectContaining({ category: "product", problem: "Open a ticket, the lid is broken." })],
    ]);
  });

  it("searches for two questions one by one", () => {
    const queries = plan("How long does delivery take? How do I clean the filter?").map(([, args]) => args);
    expect(queries).toEqual([{ query: "How long does delivery take?" }, { query: "How do I clean the filter?" }]);
  });

  it("begins a follow-up with the last question that stands on its own", () => {
    expect(plan("and for coffee beans?", [question, followUp])).toEqual([
      ["search_knowledge", { query: "How long can I return unopened goods? and for coffee beans?" }],
    ]);
    const zh: PastTurn = { user: "积分多久过期？", bot: "12个月。", intent: "knowledge_qa" };
    expect(plan("那优惠券呢？", [zh])).toEqual([["search_knowledge", { query: "积分多久过期? 那优惠券呢?" }]]);
  });

  it.each([
    ["How long can I return unopened goods?", "and for opened ones?", "How long can I return opened goods?"],
    ["How long can I return opened goods?", "and unopened ones?", "How long can I return unopened goods?"],
    ["Is the non-stick pan covered?", "and the stick one?", "Is the stick pan covered?"],
    ["未拆封的商品几天内可以退货？", "那拆封的呢？", "拆封的商品几天内可以退货?"],
    ["拆封的商品几天内可以退货？", "那未拆封的呢？", "未拆封的商品几天内可以退货?"],
  ])("turns %j into its opposite after %j", (user, message, expected) => {
    expect(plan(message, [{ user, bot: "30", intent: "knowledge_qa" }])).toEqual([
      ["search_knowledge", { query: expected }],
    ]);
  });

  it("keeps a question of one word with the one before it", () => {
    expect(plan("How do I start a return?? Where do I click?")).toEqual([
      ["search_knowledge", { query: "How do I start a return?? Where do I click?" }],
    ]);
  });

  it("does not look up what a question only names", () => {
    expect(plan("我想退货，运费谁出？")).toEqual([["search_knowledge", { query: "我想退货,运费谁出?" }]]);
    expect(plan("I want to cancel my order, who pays the fee?")).toEqual([
      ["search_knowledge", { query: "I want to cancel my order, who pays the fee?" }],
    ]);
  });

  it("opens a ticket about the open question, with what is known, and none without a problem", () => {
    const refused = { ...question, bot: packs.en.replies.refusal };
    expect(plan("yes please", [refused], { orderId: "LK20260142", contact: "a@b.de" })).toEqual([
      ["open_ticket", expect.objectContaining({ problem: question.user, order_id: "LK20260142", contact: "a@b.de" })],
    ]);
    expect(plan("open a ticket")).toEqual([]);
    expect(plan("open a ticket", [lookup])).toEqual([]);
  });

  it("asks for the state of a ticket with or without its number", () => {
    expect(plan("工单TK-7Q2M9XKD处理得怎么样了？")).toEqual([["ticket_status", { ticket_id: "TK-7Q2M9XKD" }]]);
    expect(plan("any news on my ticket?")).toEqual([["ticket_status", {}]]);
  });

  it("follows intents that a model found where the rules saw none", () => {
    const recognition = recognitionOf({ intents: ["business_query", "knowledge_qa"] });
    const calls = planByRule(
      { message: "blue one", history: [], slots: { orderId: "LK20260142" }, recognition },
      packs,
    );
    expect(calls).toEqual([
      { name: "query_order", arguments: { order_id: "LK20260142" } },
      { name: "search_knowledge", arguments: { query: "blue one" } },
    ]);
  });

  it("makes only calls that the tools accept", () => {
    const tools = createTools({
      knowledge: { search: async () => searchOf() },
      business: layerOf("business", createMockBusiness()),
      tickets: createTicketList(),
    });
    const messages = [
      "Hi",
      "   ",
      "查订单 LK20260142",
      "x".repeat(5_000),
      "I want to complain about " + "x".repeat(5_000),
    ];
    for (const message of messages) {
      for (const intent of ["knowledge_qa", "business_query", "ticket"] as const) {
        const recognition = recognitionOf({ intents: [intent] });
        for (const call of planByRule({ message, history: [], slots: {}, recognition }, packs)) {
          if (message.trim() !== "") expect(tools.validate(call)).toMatchObject({ ok: true });
        }
      }
    }
  });
});
