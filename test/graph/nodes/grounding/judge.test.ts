import { describe, expect, it } from "vitest";
import { groundsOf } from "../../../../src/graph/nodes/grounding/grounds.ts";
import { createJudge } from "../../../../src/graph/nodes/grounding/judge.ts";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import { packs, recognitionOf, searchOf } from "../bench.ts";

const knowledge = (...quotes: string[]): ToolResult => ({
  name: "search_knowledge",
  status: quotes.length > 0 ? "found" : "not_found",
  data: { query: "q", search: searchOf(...quotes) },
});

const english = knowledge(
  "Unopened goods can be returned within 30 days of delivery.",
  "Opened goods cannot be returned unless they are faulty.",
  "A refund takes 3 to 5 working days.",
  "Express delivery costs €4.90.",
);
const chinese = knowledge(
  "未拆封的商品可在签收后 30 天内退货。",
  "已拆封的商品不能退货，有质量问题的除外。",
  "退款需要 3 至 5 个工作日。",
);
const order: ToolResult = {
  name: "query_order",
  status: "found",
  data: {
    sample: true,
    orderId: "LK20260142",
    orders: [],
    order: {
      orderId: "LK20260142",
      status: "shipped",
      items: ["Kettle"],
      total: { amount: "99.00", currency: "CNY" },
      trackingNumber: "PX1",
      orderedOn: "2026-01-12",
      deliveredOn: null,
      expectedOn: "2026-01-17",
    },
  },
};

function judge(sentence: string, results: readonly ToolResult[], message = "How do returns work?") {
  const language = /\p{Script=Han}/u.test(sentence) ? "zh" : "en";
  const recognition = recognitionOf({ language });
  const history = [{ user: "Hello", bot: "Your ticket is TK-A2B3C4D5.", intent: "chitchat" as const }];
  return createJudge(groundsOf({ message, history, recognition, results }, packs), packs)(sentence);
}

describe("a sentence of a reply", () => {
  it.each([
    [english, "Unopened goods can be returned within 30 days of delivery."],
    [english, "You can return unopened goods within thirty days after delivery."],
    [english, "**Unopened** goods: returned within 30 days."],
    [english, "According to our help pages, a refund takes 3 to 5 working days."],
    [english, "The refund takes up to 5 working days."],
    [english, "Express delivery costs 4.90 euros."],
    [english, "Opened goods cannot be returned unless they are faulty."],
    [chinese, "未拆封的商品，签收后三十天内可以退货。"],
    [chinese, "退款一般需要3到5个工作日。"],
    [chinese, "根据我们的帮助文档，已拆封的商品不能退货，质量问题除外。"],
  ])("%#: is borne out: $1", (result, sentence) => {
    expect(judge(sentence, [result])).toBe("borne_out");
  });

  it.each([
    [english, "Unopened goods can be returned within 60 days of delivery."],
    [english, "Unopened goods can be returned within sixty days of delivery."],
    [english, "Unopened goods can be returned within 30 months."],
    [english, "I am sorry, but a refund takes 10 working days."],
    [english, "Express delivery costs $4.90."],
    [english, "Ask at www.refunds.example or call 400-800-1234."],
    [english, "Did you know that returns take 60 days?"],
    [english, "The offer ends on June 5."],
    [english, "You can return unopened goods within a week."],
    [english, "A refund takes 30 days."],
    [chinese, "未拆封的商品可在签收后 60 天内退货。"],
    [chinese, "退款需要两个月。"],
    [chinese, "很抱歉，未拆封的商品六十天内可以退货。"],
    [chinese, "运费是 12 元。"],
    [chinese, "未拆封的商品半年内可以退货。"],
  ])("%#: is unfounded, with a figure that nobody has: $1", (result, sentence) => {
    expect(judge(sentence, [result])).toBe("unfounded");
  });

  it.each([
    [english, "Our shop in Paris opens on Sundays and sells flowers."],
    [english, "You get a free voucher for every late parcel."],
    [english, "Opened goods can be returned unless they are faulty."],
    [english, "Unopened goods cannot be returned within 30 days of delivery."],
    [english, "Your return has been accepted and your money is on its way."],
    [chinese, "我们会免费上门安装冰箱并赠送小礼品。"],
    [chinese, "未拆封的商品不可在签收后 30 天内退货。"],
  ])("%#: is doubted: $1", (result, sentence) => {
    expect(judge(sentence, [result])).toBe("doubted");
  });

  it.each([
    [english, "Hello!"],
    [english, "Thank you for asking."],
    [english, "I am sorry about the trouble this has caused you."],
    [english, "I'm sorry for the inconvenience."],
    [english, "Would you like me to open a ticket?"],
    [english, "If you like, I can hand you over to a person."],
    [english, "Let me know if you have other questions."],
    [english, "I could not find anything about gift cards in our help pages."],
    [english, "I hope this helps!"],
    [chinese, "您好！"],
    [chinese, "非常抱歉给您带来不便。"],
    [chinese, "需要我为您开工单吗？"],
    [chinese, "如果您还有其他问题，请随时告诉我。"],
    [chinese, "希望能帮到您。"],
    [chinese, "抱歉，我没有找到关于礼品卡的说明。"],
  ])("%#: is talk: $1", (result, sentence) => {
    expect(judge(sentence, [result])).toBe("talk");
  });

  it("does not take the number of a step or of ways for a figure", () => {
    for (const sentence of ["Step 1: return the unopened goods.", "2) Unopened goods can be returned."]) {
      expect(judge(sentence, [english])).not.toBe("unfounded");
    }
    expect(judge("There are 2 ways to return goods.", [english])).not.toBe("unfounded");
    expect(judge("退货有2种方式。", [chinese])).not.toBe("unfounded");
    expect(judge("第2步：退货。", [chinese])).not.toBe("unfounded");
  });

  it("that says it in words of its own may be doubted, never unfounded", () => {
    const free = [
      "If you have not opened it, just send it back: you have 30 days for that.",
      "没拆开过的话，三十天之内寄回来就行。",
    ];
    for (const sentence of free) expect(judge(sentence, [english, chinese])).not.toBe("unfounded");
  });

  it("in another language than what was found is judged by its figures alone", () => {
    expect(judge("Goods that are still sealed may come back for 30 days.", [chinese])).toBe("borne_out");
    expect(judge("Goods that are still sealed may come back for 60 days.", [chinese])).toBe("unfounded");
    expect(judge("没拆过的可以退，三十天之内都行。", [english])).toBe("borne_out");
    expect(judge("没拆过的可以退，六十天之内都行。", [english])).toBe("unfounded");
  });

  it("may use the records that other tools found", () => {
    const both = [order, english];
    expect(judge("Order LK20260142 is shipped and expected on January 17, 2026.", both)).toBe("borne_out");
    expect(judge("Your order of 99 yuan is on its way, order LK20260142: shipped.", both)).toBe("borne_out");
    expect(judge("订单 LK20260142 已发货，预计 1 月 17 日送达。", both)).toBe("borne_out");
    expect(judge("Order LK20260142 is expected on January 19.", both)).toBe("unfounded");
  });

  it("may use what stands around the cited sentence, and not what another passage says", () => {
    const search = searchOf("Unopened goods can be returned within 30 days of delivery.");
    const passage = { ...search.sentences[0], stages: { vectorRank: 1, lexicalRank: 1, fused: 1, reranked: 1 } };
    const passages = [
      { ...passage, quote: `${search.sentences[0]?.quote} Opened goods can be returned within 7 days.` },
      { ...passage, chunkId: "doc_2.0", quote: "Parcels can be kept at the post office for 14 days." },
    ];
    const result = {
      name: "search_knowledge",
      status: "found",
      data: { query: "q", search: { ...search, passages } },
    } as const;
    expect(judge("Opened goods can be returned within 7 days.", [result])).toBe("borne_out");
    expect(judge("Parcels can be kept at the post office for 14 days.", [result])).toBe("unfounded");
  });

  it("may set what the user said against what is true, and never say it as if it were", () => {
    const message = "I have had it for 45 days, may I return it? My order is LK99990000.";
    expect(judge("Yes, you have 45 days.", [english], message)).toBe("unfounded");
    expect(judge("No, after 45 days unopened goods cannot be returned.", [english], message)).toBe("doubted");
    expect(judge("Unopened goods can be returned within 30 days, not 45 days.", [english], message)).toBe("doubted");
    expect(judge("您有 45 天。", [chinese], message)).toBe("unfounded");
    expect(judge("Unopened goods of order LK99990000 can be returned within 30 days.", [english], message)).toBe(
      "borne_out",
    );
    expect(judge("Unopened goods can be returned, ticket TK-A2B3C4D5.", [english], message)).toBe("borne_out");
    expect(judge("Unopened goods can be returned, see ticket TK-Z9Z9Z9Z9.", [english], message)).toBe("unfounded");
  });

  it("states nothing that is borne out where nothing was found, but what we say ourselves is no statement", () => {
    for (const [language, pack] of Object.entries(packs)) {
      for (const words of pack.replies.refusal.match(/[^.。]+[.。]/gu) ?? []) {
        expect(judge(words, [knowledge()]), language).toBe("talk");
      }
    }
    expect(judge("Gift cards are sold at the counter.", [knowledge()])).toBe("doubted");
    expect(judge("Gift cards are valid for 3 years.", [knowledge()])).toBe("unfounded");
  });
});
