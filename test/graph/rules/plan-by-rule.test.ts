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

  it.each([
    [["What is the return window?"], "And for opened goods?", "opened goods"],
    [["Do you ship to islands?"], "What about refunds?", "refunds"],
    [["Do you ship to islands?", "What about refunds?"], "And the warranty?", "warranty"],
    [["Do you ship to islands?", "What about refunds?", "And the warranty?"], "how long?", "warranty how long"],
    [
      ["How long can I return unopened goods?", "and for opened ones?"],
      "and for coffee beans?",
      "How long can I return opened goods? and for coffee beans?",
    ],
    [
      ["How long is the warranty on the Brew 2?"],
      "what about the Glide?",
      "How long is the warranty on the Brew 2? what about the Glide?",
    ],
    [["When do points expire?"], "What about vouchers?", "vouchers expire"],
    [["How long does delivery take?"], "and how much?", "does delivery take how much does it cost"],
    [["How long does delivery take?", "and how much?"], "how long?", "does delivery take how long"],
    [["Do you deliver to islands?"], "what does it cost?", "Do you deliver to islands how much does it cost"],
    [["海岛能送吗？"], "退款呢？", "退款"],
    [["海岛能送吗？", "退款呢？"], "多久？", "退款 多久"],
    [["积分多久过期？"], "那优惠券呢？", "优惠券 多久 过期"],
    [["特快配送多少钱？"], "多久？", "特快配送 多久"],
    [["退款到银行卡要多久？"], "那退到钱包呢？", "退款到银行卡要多久? 那退到钱包呢?"],
    [["How do I start a return?"], "and who pays for that?", "How do I start a return? and who pays for that?"],
  ])("after %j reads %j as %j", (users, message, query) => {
    const history = users.map((user): PastTurn => ({ user, bot: "So it is.", intent: "knowledge_qa" }));
    expect(plan(message, history)).toEqual([["search_knowledge", { query }]]);
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

  it.each([
    ["en", "The kettle leaks, order LK20260117", "product"],
    ["en", "My parcel never arrived", "logistics"],
    ["zh", "水壶漏水，订单LK20260117", "product"],
    ["zh", "我的快递一直没到", "logistics"],
  ] as const)("asked for the problem (%s), opens a ticket with %j", (language, problem, category) => {
    const user = language === "en" ? "open a ticket" : "开工单";
    const asked: PastTurn = { user, bot: packs[language].replies.askProblem, intent: "ticket" };
    expect(plan(problem, [asked])).toEqual([["open_ticket", expect.objectContaining({ problem, category })]]);
    expect(plan("LK20260117", [asked])).toEqual([]);
  });

  it.each(["do not open a ticket", "不要开工单"])("does nothing after %j", (message) => {
    expect(plan(message, [question])).toEqual([]);
  });

  it("looks up the remembered order for a question about it", () => {
    const known = { orderId: "LK20260142" };
    for (const message of ["What did I pay for it?", "那个订单多少钱？"]) {
      expect(plan(message, [lookup], known)).toEqual([["query_order", { order_id: "LK20260142" }]]);
    }
  });

  it.each(["Show my tickets", "我的工单", "所有工单"])(
    "lists the tickets for %j, whichever was named before",
    (message) => {
      const named: PastTurn = { user: "state of TK-7Q2M9XKD", bot: "Waiting.", intent: "ticket" };
      expect(plan(message, [named], { ticketId: "TK-7Q2M9XKD" })).toEqual([["ticket_status", {}]]);
    },
  );

  it("means the ticket that was named by a ticket without a number", () => {
    const named: PastTurn = { user: "state of TK-7Q2M9XKD", bot: "Waiting.", intent: "ticket" };
    for (const message of ["any news on my ticket?", "我的工单处理得怎么样了？"]) {
      const call = ["ticket_status", { ticket_id: "TK-7Q2M9XKD" }];
      expect(plan(message, [named], { ticketId: "TK-7Q2M9XKD" })).toEqual([call]);
    }
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
