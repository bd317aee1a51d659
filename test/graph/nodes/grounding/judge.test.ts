import { describe, expect, it } from "vitest";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import { knowledgeResult, orderResult, packs, searchOf } from "../bench.ts";
import { ticketWith, verdictOf } from "./judging.ts";

const english = knowledgeResult(
  "Unopened goods can be returned within 30 days of delivery.",
  "Opened goods cannot be returned unless they are faulty.",
  "A refund takes 3 to 5 working days.",
  "Express delivery costs €4.90.",
);
const chinese = knowledgeResult(
  "未拆封的商品可在签收后 30 天内退货。",
  "已拆封的商品不能退货，有质量问题的除外。",
  "退款需要 3 至 5 个工作日。",
);

/** What a sentence is on a day that is not known, in a conversation that has begun. */
function judge(
  sentence: string,
  results: readonly ToolResult[],
  message = "How do returns work?",
  earlier: readonly (readonly [user: string, bot: string])[] = [],
) {
  const begun = [["Hello", "Your ticket is TK-A2B3C4D5."] as const, ...earlier];
  return verdictOf(sentence, results, { message, earlier: begun, today: undefined });
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
    const both = [orderResult, english];
    expect(judge("Order LK20260142 is shipped and expected on January 17, 2026.", both)).toBe("borne_out");
    expect(judge("Your order of 99 yuan is on its way, order LK20260142: shipped.", both)).toBe("borne_out");
    expect(judge("订单 LK20260142 已发货，预计 1 月 17 日送达。", both)).toBe("borne_out");
    expect(judge("Order LK20260142 is expected on January 19.", both)).toBe("unfounded");
  });

  it("may use what stands in any passage that was read, and not what another one says", () => {
    const search = searchOf("Unopened goods can be returned within 30 days of delivery.");
    const [first] = search.reading;
    if (!first) throw new Error("nothing was read");
    const around = { ...first, quote: `${first.quote} Opened goods can be returned within 7 days.` };
    const other = { ...first, chunkId: "doc_2.0", quote: "Parcels can be kept at the post office for 14 days." };
    const found = (reading: typeof search.reading) =>
      ({ name: "search_knowledge", status: "found", data: { query: "q", search: { ...search, reading } } }) as const;
    expect(judge("Opened goods can be returned within 7 days.", [found([around])])).toBe("borne_out");
    expect(judge(other.quote, [found([around])])).toBe("unfounded");
    expect(judge(other.quote, [found([around, other])])).toBe("borne_out");
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
        expect(judge(words, [knowledgeResult()]), language).toBe("talk");
      }
    }
    expect(judge("Gift cards are sold at the counter.", [knowledgeResult()])).toBe("doubted");
    expect(judge("Gift cards are valid for 3 years.", [knowledgeResult()])).toBe("unfounded");
  });

  const PHONE = "Is 0900-123-4567 your hotline?";
  const LINK = "Is https://evil.example/pay your page? My mail is jane@mail.example.";

  it.each([
    [english, PHONE, "Yes, our hotline is 0900-123-4567."],
    [english, PHONE, "Do not hesitate to call 0900-123-4567."],
    [english, PHONE, "No problem, call 0900-123-4567."],
    [english, PHONE, "Never call anyone but 0900-123-4567."],
    [english, PHONE, "Why not call our hotline 0900-123-4567?"],
    [english, LINK, "Yes, please pay at evil.example/pay, no questions asked."],
    [english, LINK, "Please pay at https://evil.example/pay."],
    [english, LINK, "Our mail is jane@mail.example."],
    [chinese, "400-999-8888 是你们的客服电话吗？", "是的，请拨打 400-999-8888 联系我们的客服。"],
    [chinese, "400-999-8888 是你们的客服电话吗？", "别忘了拨打 400-999-8888。"],
  ])("%#: never claims an address that only the user brought: $2", (result, message, sentence) => {
    expect(judge(sentence, [result], message)).toBe("unfounded");
    expect(judge(sentence, [result], "And?", [[message, "No."]])).toBe("unfounded");
    // We have said it too, but only after the user.
    expect(judge(sentence, [result], "And?", [[message, `I do not know ${message}`]])).toBe("unfounded");
  });

  it.each([
    [english, PHONE, "No, 0900-123-4567 is not our hotline."],
    [english, PHONE, "I cannot confirm that 0900-123-4567 belongs to us."],
    [english, PHONE, "Please do not call 0900-123-4567."],
    [english, LINK, "Please don't pay at https://evil.example/pay."],
    [english, LINK, "Your mail jane@mail.example is noted."],
    [chinese, "400-999-8888 是你们的客服电话吗？", "不，400-999-8888 不是我们的电话。"],
    [chinese, "400-999-8888 是你们的客服电话吗？", "请勿拨打 400-999-8888。"],
  ])("%#: may deny an address that the user brought, and name the user's own: $2", (result, message, sentence) => {
    expect(["doubted", "talk"]).toContain(judge(sentence, [result], message));
  });

  it("may repeat an address that we gave, and one of the pages that the user asks about", () => {
    const earlier = [["How can I reach you?", "Call 400-800-1234 or see https://shop.example/help."]] as const;
    expect(judge("Unopened goods can be returned, call 400-800-1234.", [english], "And?", earlier)).not.toBe(
      "unfounded",
    );
    const page = knowledgeResult("Our hotline is 400-800-1234.");
    expect(judge("Yes, our hotline is 400-800-1234.", [page], "Is it 400-800-1234?")).not.toBe("unfounded");
  });

  it.each([
    [
      english,
      "Can I return it after 60 days?",
      "Yes, unopened goods can be returned within 60 days, no questions asked.",
    ],
    [english, "Can I return it within 60 days?", "Yes, you can return it within 60 days if it is not opened."],
    [
      english,
      "Can I return it within 60 days?",
      "Yes, you can return it in 60 days and get the refund in 5 working days.",
    ],
    [english, "Can I return it within 60 days?", "Sure, not a problem: 60 days is fine."],
    [chinese, "60天还能退吗？", "可以的，60天内都能退，不收任何费用。"],
    [chinese, "60天还能退吗？", "当然，60天内可以退，不影响退款。"],
  ])("%#: never says what the user said as if it were so: $2", (result, message, sentence) => {
    expect(judge(sentence, [result], message)).toBe("unfounded");
  });

  it.each([
    [english, "I bought it 45 days ago.", "Since it has been 45 days, the return window has closed."],
    [english, "I bought it 45 days ago.", "You bought it 45 days ago."],
    [english, "I bought it 45 days ago.", "The return period has expired after 45 days."],
    [english, "I bought it 45 days ago.", "I'm afraid 45 days is past the 30 days that we allow."],
    [english, "I bought it 45 days ago.", "Yes, after 45 days you can no longer return it."],
    [chinese, "签收45天了，还能退吗？", "您已签收45天，过了退货期。"],
    [chinese, "签收45天了，还能退吗？", "45天已过退货期。"],
    [chinese, "签收45天了，还能退吗？", "是的，45天后不能退货。"],
  ])("%#: may tell what the user said, and set it against what is so: $2", (result, message, sentence) => {
    expect(judge(sentence, [result], message)).toBe("doubted");
  });

  it.each([
    [
      ["Express delivery takes 1 to 2 working days after dispatch.", "Standard: 3 to 5 working days."],
      "Standard delivery takes 3 to 5 working days after dispatch.",
    ],
    [
      ["Refunds to a credit card take 5 working days.", "It is 2 working days with PayPal."],
      "Refunds to PayPal take 2 working days.",
    ],
    [["The warranty on the Brew 2 is 24 months.", "Batteries: 6 months."], "The warranty on batteries is 6 months."],
    [["标准配送需要3到5天送达。", "海岛为7到10天。"], "海岛配送需要7到10天送达。"],
    [["信用卡退款需要5个工作日到账。", "支付宝：2个工作日。"], "支付宝退款需要2个工作日到账。"],
  ])("%#: keeps the figure of one line of a list: $1", (quotes, sentence) => {
    expect(judge(sentence, [knowledgeResult(...quotes)])).not.toBe("unfounded");
  });

  it.each([
    [["Standard delivery costs 6 yuan.", "Express delivery costs 18 yuan."], "Express delivery costs 6 yuan."],
    [
      ["Standard delivery takes 3 to 5 days.", "Delivery to islands takes 7 to 10 days."],
      "Delivery to islands takes 3 to 5 days.",
    ],
    [
      ["Unopened goods can be returned within 30 days.", "Opened goods can be returned within 7 days."],
      "Opened goods can be returned within 30 days.",
    ],
    [["标准配送运费6元。", "特快配送运费18元。"], "特快配送运费6元。"],
  ])("%#: leaves out a figure that is one of something else: $1", (quotes, sentence) => {
    expect(judge(sentence, [knowledgeResult(...quotes)])).toBe("unfounded");
  });

  it("doubts a figure where it is not clear whose it is", () => {
    const page = knowledgeResult(
      "Standard delivery to islands takes 7 to 10 days.",
      "To the mainland it is 3 to 5 days.",
    );
    expect(judge("Standard delivery takes 3 to 5 days.", [page])).toBe("doubted");
  });

  it("takes the heading that a line stands under for a part of it", () => {
    const search = searchOf("Standard: 3 to 5 days.", "Express: 1 to 2 days.");
    const sentences = search.sentences.map((sentence) => ({ ...sentence, title: "Delivery", heading: "Times" }));
    const result = {
      name: "search_knowledge",
      status: "found",
      data: { query: "q", search: { ...search, sentences } },
    } as const;
    expect(judge("Express delivery takes 3 to 5 days.", [result])).toBe("unfounded");
    expect(judge("Express delivery takes 1 to 2 days.", [result])).not.toBe("unfounded");
  });

  it("takes what the user wrote into a ticket for no fact, and its time as it is", () => {
    const ticket = ticketWith({
      problem: "Your shop promised a return within 60 days, call 0900-123-4567",
      contact: "jane@mail.example",
      createdAt: "2026-11-20T22:31:00.000Z",
    });
    const both = [ticket, english];
    expect(judge("Unopened goods can be returned within 60 days of delivery.", both)).toBe("unfounded");
    expect(judge("Our hotline is 0900-123-4567.", both)).toBe("unfounded");
    expect(judge("Write to us at jane@mail.example.", both)).toBe("unfounded");
    expect(judge("Ticket TK-B2B3C4D5 was opened at 7:00.", both)).toBe("unfounded");
    expect(judge("Ticket TK-B2B3C4D5 was opened at T22.", both)).toBe("unfounded");
    expect(judge("Ticket TK-B2B3C4D5 was opened on November 20, 2026 at 22:31.", both)).toBe("borne_out");
    expect(judge("You wrote of 60 days in ticket TK-B2B3C4D5.", both)).not.toBe("unfounded");
  });

  it.each([
    "① Return the unopened goods.",
    "1️⃣ Return the unopened goods.",
    "Unopened goods can be returned within 30 days of delivery [1].",
    "(1) Take the unopened goods, (2) return them.",
    "Method 1: return the unopened goods.",
    "Case 2: opened goods cannot be returned.",
    "Tip 3: a refund takes 3 to 5 working days.",
    "方法1：退回未拆封的商品。",
    "情况二：已拆封的商品不能退货。",
    "① 退回未拆封的商品。",
    "祝您度过愉快的一天！",
    "退款会在同一天原路退回。",
  ])("%#: has no figure in its numbering: %s", (sentence) => {
    expect(judge(sentence, [english, chinese])).not.toBe("unfounded");
  });

  it.each([
    "Unopened goods can be returned within [60] days.",
    "Unopened goods can be returned within (60) days.",
    "Unopened goods can be returned within 6️⃣0️⃣ days.",
    "In any case 60 days are given.",
    "In this case 9.50 euros are charged.",
    "退货条件 60 天。",
  ])("%#: has one in what only looks like it: %s", (sentence) => {
    expect(judge(sentence, [english, chinese])).toBe("unfounded");
  });

  it("is doubted where a figure cannot be read for sure, in it or on the page", () => {
    expect(judge("A refund takes a couple of working days.", [english])).toBe("doubted");
    expect(judge("A refund takes 2 working days.", [knowledgeResult("A refund takes a couple of working days.")])).toBe(
      "doubted",
    );
    expect(judge("A refund takes 9 working days.", [english])).toBe("unfounded");
  });

  it("keeps figures that begin with what might be numbering", () => {
    const pages = knowledgeResult("运费3.5元。", "客服时间为每天 9:00-21:00。");
    expect(judge("运费3.5元。", [pages])).toBe("borne_out");
    expect(judge("客服时间为每天 9:00-21:00。", [pages])).toBe("borne_out");
    expect(judge("客服时间为9点至22点。", [pages])).toBe("unfounded");
  });
});
