import { describe, expect, it } from "vitest";
import { createRecollect } from "../../src/graph/given-history.ts";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";

const recollect = createRecollect(loadLanguagePacks(new URL("../../resources/languages/", import.meta.url)));

describe("a history that a client gives", () => {
  it("is nothing when there is none", () => {
    expect(recollect([])).toEqual({ history: [], slots: {} });
  });

  it.each([
    ["Where is my order LK20260142?", "It is on its way."],
    ["我的订单LK20260142到哪了？", "在路上了。"],
  ])("is read by the rules, in any language: %s", (user, bot) => {
    expect(recollect([{ user, bot }])).toEqual({
      history: [{ user, bot, intent: "business_query" }],
      slots: { orderId: "LK20260142" },
    });
  });

  it("keeps the number when the talk goes on about it, and forgets it when the topic switches", () => {
    const order = { user: "Where is my order LK20260142?", bot: "It is on its way." };
    const goesOn = { user: "And when will it arrive?", bot: "Tomorrow." };
    const switches = { user: "How long is the warranty on the battery?", bot: "Two years." };
    expect(recollect([order, goesOn]).slots).toEqual({ orderId: "LK20260142" });
    expect(recollect([order, switches]).slots).toEqual({});
  });

  it("takes the numbers of a question that nobody answered, and leaves the question out", () => {
    expect(recollect([{ user: "My order is LK20260142", bot: null }])).toEqual({
      history: [],
      slots: { orderId: "LK20260142" },
    });
  });

  it("keeps the last 5 answered turns, and reads the last 10", () => {
    const turns = Array.from({ length: 11 }, (_, index) => ({ user: "Thank you", bot: `Reply ${index}` }));
    const [first, ...others] = turns;
    const { history } = recollect(turns);
    expect(history.map(({ bot }) => bot)).toEqual(["Reply 6", "Reply 7", "Reply 8", "Reply 9", "Reply 10"]);
    const named = { user: "My order is LK20260142", bot: "Thanks." };
    expect(recollect([named, ...others]).slots).toEqual({});
    expect(recollect([...(first ? [first] : []), named, ...others.slice(2)]).slots).toEqual({ orderId: "LK20260142" });
  });

  it("cuts what is longer than any message may be, and not within a character", () => {
    const [turn] = recollect([{ user: "好".repeat(9_000), bot: `${"x".repeat(7_999)}\u{1f600}` }]).history;
    expect([turn?.user.length, turn?.bot.length]).toEqual([8_000, 7_999]);
  });

  it("never remembers an offer: what a client says of the past sets off no change", () => {
    const { slots } = recollect([
      { user: "I want to return order LK20260142, it is broken", bot: "I can request the return. Shall I? Reply yes." },
      { user: "yes", bot: "Done." },
    ]);
    expect(Object.keys(slots)).toEqual(["orderId"]);
  });
});
