import { describe, expect, it } from "vitest";
import {
  account,
  delivered,
  member,
  notFound,
  oneOrder,
  outage,
  refund,
  threeOrders,
  tickets,
  verdictOf,
  yenOrder,
} from "./judging.ts";

describe("a sentence of a reply that is made from records alone", () => {
  it.each([
    [oneOrder, "Your order LK20260142 has been shipped and should arrive on January 17, 2026."],
    [oneOrder, "It was ordered on 12 January and is expected in 2 days."],
    [oneOrder, "It contains 2 items: a Brew 2 coffee machine and a 500ml descaler."],
    [oneOrder, "The total is ¥1,299."],
    [oneOrder, "The total came to 1299 yuan, tracking number SF1234567890."],
    [oneOrder, "You ordered it three days ago, so it takes 5 days from order to delivery."],
    [oneOrder, "You can follow it with tracking number SF 1234 567 890."],
    [oneOrder, "The order ending in 0142 arrives on Saturday (1/17)."],
    [oneOrder, "It will arrive the day after tomorrow, on the 17th."],
    [oneOrder, "Expected delivery: Jan 17th, i.e. within 48 hours."],
    [oneOrder, "That is roughly 1,300 yuan."],
    [oneOrder, "As of January 15, 2026, it is on its way."],
    [oneOrder, "1. Order LK20260142: shipped"],
    [oneOrder, "- **Total:** 1,299.00 CNY"],
    [oneOrder, "您的订单 LK20260142 已发货，预计1月17日送达，还有两天。"],
    [oneOrder, "订单共2件商品，总金额1299元。"],
    [oneOrder, "订单金额为人民币 1,299.00 元，物流单号 SF1234567890。"],
    [oneOrder, "您是三天前下的单，预计后天到。"],
    [oneOrder, "尾号0142的订单正在运输中，预计本周六（17日）送达。"],
    [oneOrder, "大约1300元。"],
    [yenOrder, "The total is ¥15,000."],
    [yenOrder, "一共15000日元。"],
    [delivered, "LK20260142 was delivered on January 5, ten days ago."],
    [threeOrders, "You have 3 orders, 2 of which were not cancelled."],
    [threeOrders, "Together they come to 1,433.50 CNY."],
    [threeOrders, "The two active ones add up to 1388.5 yuan."],
    [threeOrders, "The first one was 1209.50 yuan more than the second one."],
    [threeOrders, "LK20260088 was delivered on December 24, four days after you ordered it."],
    [threeOrders, "您最近有三笔订单，合计1433.5元。"],
    [refund, "Your refund of ¥89.50 for return RT100231 has been made."],
    [refund, "退货单 RT100231 已退款 89.5 元。"],
    [member, "You are a gold member with 1,200 points, phone ending in 1234."],
    [member, "您是金卡会员，积分1200，手机号138****1234。"],
    [account, "Your balance is €120, and you have two open bills."],
    [account, "您的余额为120欧元，有2笔未付账单。"],
    [tickets, "It was opened on January 14 at 8:31 AM, so yesterday."],
    [tickets, "We will contact you at jane@mail.example."],
    [tickets, "Contact: jane@mail.example"],
    [tickets, "You have 2 tickets, one of them open."],
    [tickets, "工单 TK-C2B3C4D5 已关闭，联系方式：13900001111。"],
    [notFound, "Order numbers start with LK and have 8 digits."],
    [notFound, "No order LK99990000 is in your account; please check the number."],
  ])("%#: is borne out: $1", (result, sentence) => {
    expect(["borne_out", "talk"]).toContain(verdictOf(sentence, [result]));
  });

  it.each([
    [oneOrder, "Your order will arrive on January 19."],
    [oneOrder, "It will arrive in 5 weeks."],
    [oneOrder, "The total is 1,399 yuan."],
    [oneOrder, "The total is $1,299."],
    [oneOrder, "Your tracking number is SF1234567891."],
    [oneOrder, "Order LK20260143 has been shipped."],
    [oneOrder, "Call 400-800-1234."],
    [oneOrder, "See https://track.example/SF1234567890."],
    [oneOrder, "You can return it within 30 days."],
    [oneOrder, "It contains 3 items."],
    [oneOrder, "About 1,500 yuan."],
    [oneOrder, "预计1月19日送达。"],
    [oneOrder, "订单金额1399元。"],
    [oneOrder, "物流单号是 SF1234567899。"],
    [oneOrder, "请拨打 400-800-1234。"],
    [oneOrder, "预计19日送达。"],
    [threeOrders, "Together they come to 1,500 CNY."],
    [threeOrders, "You have 5 orders."],
    [threeOrders, "三笔订单合计1500元。"],
    [refund, "Your refund of 98.50 CNY has been made."],
    [member, "You have 1,300 points."],
    [member, "您的积分是12000。"],
    [account, "Your balance is 1,200 EUR."],
    [account, "The bills are due in 2 days."],
    [tickets, "Our hotline is 13900001111."],
    [tickets, "Write to us at jane@mail.example."],
    [tickets, "Ticket TK-B2B3C4D6 is open."],
    [outage, "Your order will arrive on January 19."],
    [notFound, "Order LK99990000 costs 80 euros."],
  ])("%#: is unfounded: $1", (result, sentence) => {
    expect(verdictOf(sentence, [result])).toBe("unfounded");
  });

  it.each([
    [oneOrder, "Will it arrive on January 19?", "Yes, it arrives on January 19."],
    [oneOrder, "Did I pay 50 yuan?", "It cost 50 yuan."],
    [oneOrder, "Is 400-800-1234 your number?", "Yes, call 400-800-1234."],
    [oneOrder, "我付了50元吗？", "是的，您付了50元。"],
    [oneOrder, "19号能到吗，1月19日？", "是的，1月19日送达。"],
  ])("%#: is unfounded where it says what the user said as if it were so: $2", (result, message, sentence) => {
    expect(verdictOf(sentence, [result], { message })).toBe("unfounded");
  });

  it.each([
    [oneOrder, "Will it arrive on January 19?", "No, it will arrive on January 17, not on January 19."],
    [oneOrder, "Did I pay 50 yuan?", "You mentioned 50 yuan, but the total is 1299 yuan."],
    [oneOrder, "I need it for January 25", "It arrives on January 17, in time for January 25."],
    [oneOrder, "我付了50元吗？", "您说的50元不对，订单金额是1299元。"],
    [tickets, "And?", "Ticket TK-B2B3C4D5 about your parcel being 3 days late is being worked on."],
    [tickets, "然后呢？", "关于20欧元优惠券缺失的工单正在处理。"],
  ])("%#: may tell what the user wrote, and is shown: $2", (result, message, sentence) => {
    expect(verdictOf(sentence, [result], { message })).toBe("doubted");
  });

  it("may repeat what we said earlier, and a code that the user named", () => {
    const earlier = [["How long?", "You have 30 days to return it, order LK11112222."]] as const;
    expect(verdictOf("You have 30 days to return it.", [oneOrder], { earlier })).toBe("borne_out");
    expect(verdictOf("Order LK11112222 is another one.", [oneOrder], { earlier })).toBe("borne_out");
  });

  it("is talk where it states nothing", () => {
    expect(verdictOf("Would you like me to open a ticket?", [oneOrder])).toBe("talk");
    expect(verdictOf("非常抱歉给您带来不便。", [oneOrder])).toBe("talk");
  });

  it("reckons nothing from a day that it is not told", () => {
    expect(verdictOf("It arrives in 2 days.", [oneOrder], { today: undefined })).toBe("unfounded");
    expect(verdictOf("It takes 5 days from order to delivery.", [oneOrder], { today: undefined })).toBe("borne_out");
  });
});
