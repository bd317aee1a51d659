import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sentencesOf } from "../../../../src/graph/nodes/grounding/grounds.ts";
import { recordStatesOf } from "../../../../src/graph/nodes/grounding/record-states.ts";
import { stateClaimsIn } from "../../../../src/graph/nodes/grounding/states.ts";
import { resultText } from "../../../../src/graph/nodes/result-text.ts";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import { knowledgeResult, packs } from "../bench.ts";
import { oneOrder, refund, threeOrders, tickets, verdictOf } from "./judging.ts";
import { delivered, inEveryState, paid, pending, rejected, requested, returnCancelled } from "./state-records.ts";
import { chineseReplies, englishReplies } from "./state-replies.ts";
import { chineseStates, englishStates, type StateSentence } from "./state-sentences.ts";

const claimsOf = (sentence: string, ...results: readonly ToolResult[]) =>
  stateClaimsIn(sentence, results.flatMap(recordStatesOf), packs).map(({ isSo }) => isSo);
const isWrong = (sentence: string, ...results: readonly ToolResult[]) => claimsOf(sentence, ...results).includes(false);

/** What is taken for wrong and is right, and what is wrong and passes. */
function missesIn(sentences: readonly StateSentence[]) {
  const told = sentences.map(([results, sentence, isRight]) => ({
    sentence,
    isRight,
    wrong: isWrong(sentence, ...results),
  }));
  return {
    alarms: told.filter(({ isRight, wrong }) => isRight && wrong).map(({ sentence }) => sentence),
    passed: told.filter(({ isRight, wrong }) => !isRight && !wrong).map(({ sentence }) => sentence),
  };
}

const all = [...inEveryState, threeOrders, tickets];

describe("the state of a record, as a reply tells it", () => {
  it.each([
    ["English", englishStates],
    ["Chinese", chineseStates],
  ])("is held against the record, in %s", (_, sentences) => {
    expect(sentences.length).toBeGreaterThanOrEqual(60);
    expect(missesIn(sentences)).toEqual({ alarms: [], passed: [] });
  });

  it.each([
    ["English", englishReplies, []],
    ["Chinese", chineseReplies, ["包裹发出后一直没有送到。"]],
  ])("is held against it in longer sentences, too, in %s", (_, sentences, passed) => {
    expect(missesIn(sentences)).toEqual({ alarms: [], passed });
  });

  it.each([
    [[paid], "Your order is waiting to be packed.", false],
    [[oneOrder], "The parcel has arrived at the sorting centre.", false],
    [[oneOrder], "Your previous order was delivered in December.", false],
    [[oneOrder], "您上一个订单已经签收了。", false],
    [[paid], "It changes to shipped when the parcel is handed over.", false],
    [[pending], "Nobody is working on your ticket yet.", false],
    [[oneOrder], "The parcel has arrived at your door.", true],
  ])("%#: is read as a person would: $1", (results, sentence, wrong) => {
    expect(isWrong(sentence, ...results)).toBe(wrong);
  });

  it("is right, and read as such, in the words of the rule for each state", () => {
    for (const [language, pack] of Object.entries(packs)) {
      for (const result of all) {
        const claims = sentencesOf(resultText(result, pack)).flatMap((sentence) => claimsOf(sentence, result));
        expect(claims, `${language} ${JSON.stringify(recordStatesOf(result))}`).toContain(true);
        expect(claims).not.toContain(false);
      }
    }
  });

  it("is told by no fixed reply and by no help page, whatever records stand beside them", () => {
    const texts = Object.values(packs).flatMap(({ replies, smallTalk }) => [
      ...Object.values(replies).flatMap((words) => (typeof words === "string" ? [words] : Object.values(words))),
      ...smallTalk.map(({ reply }) => reply),
    ]);
    const folder = new URL("../../../../resources/knowledge/", import.meta.url);
    const pages = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => readFileSync(new URL(name, folder), "utf8"));
    const sentences = [...texts, ...pages].flatMap(sentencesOf);
    expect(sentences.length).toBeGreaterThan(200);
    expect(sentences.filter((sentence) => all.some((result) => isWrong(sentence, result)))).toEqual([]);
  });

  it("is that of the record which is named, by its number, the end of it, its tracking number or an item", () => {
    for (const name of ["LK20260010", "lk20260010", "the order ending in 0010", "The mug"])
      expect(isWrong(`${name} has been shipped.`, threeOrders), name).toBe(true);
    for (const name of ["LK20260088", "the parcel SF9876543210", "Filter paper"])
      expect(isWrong(`${name} has been shipped.`, threeOrders), name).toBe(false);
    expect(isWrong("LK20260142, LK20260010 and LK20260088 have been delivered.", threeOrders)).toBe(false);
    expect(isWrong("LK20260142 and LK20260010 have been delivered.", threeOrders)).toBe(true);
    // Of no order that came back.
    expect(isWrong("Order LK99990000 has been cancelled.", oneOrder)).toBe(false);
    expect(isWrong("Order LK20260142 has been shipped. ", oneOrder)).toBe(false);
  });

  it("is that of one of several where none is named", () => {
    expect(isWrong("Your order has been delivered.", threeOrders)).toBe(false);
    expect(isWrong("Your order is being packed.", threeOrders)).toBe(true);
    expect(isWrong("It has been cancelled.", oneOrder, refund)).toBe(true);
    expect(isWrong("It has been cancelled.", oneOrder, returnCancelled)).toBe(false);
    expect(isWrong("Your return has been cancelled.", oneOrder)).toBe(false);
    expect(isWrong("Order LK20260142: your refund has been cancelled.", oneOrder)).toBe(false);
    expect(isWrong("The return of order LK20260088 has been cancelled.", oneOrder, refund)).toBe(true);
  });

  it("is that of a return or ticket by its order, and not that of the order", () => {
    const other: ToolResult = {
      ...refund,
      data: { returnCase: { returnId: "RT100999", orderId: "LK20260010", status: "refunded", refund: null } },
    };
    const cancelledToo: ToolResult = {
      ...refund,
      data: { returnCase: { returnId: "RT100998", orderId: "LK20260142", status: "cancelled", refund: null } },
    };
    const claims = (sentence: string) => isWrong(sentence, threeOrders, refund, other, cancelledToo);
    expect(claims("The return of order LK20260088 has been cancelled.")).toBe(true);
    expect(claims("The return of order LK20260142 has been cancelled.")).toBe(false);
    // Its order is the one that is cancelled.
    expect(claims("RT100999 has been cancelled.")).toBe(true);
    expect(isWrong("Return RT100231 (order LK20260088): cancelled.", refund)).toBe(true);
    expect(isWrong("退货单 RT100231（订单 LK20260088）：已取消。", refund)).toBe(true);
  });

  it("is read part by part, as far as a part can be told from the one before", () => {
    expect(isWrong("LK20260142 has been shipped, LK20260010 has been shipped.", threeOrders)).toBe(true);
    expect(isWrong("It has not been packed and shipped.", paid)).toBe(false);
    expect(isWrong("It will be packed and shipped tomorrow.", paid)).toBe(false);
    expect(isWrong("If it is lost, it was never delivered.", delivered)).toBe(false);
    expect(isWrong("If you want to cancel it, you cannot, but it has been delivered.", oneOrder)).toBe(true);
    // Whether one that is requested has been approved is not said.
    expect(isWrong("Your return has been approved.", rejected)).toBe(true);
    expect(isWrong("Your return has been approved.", rejected, requested)).toBe(false);
  });

  it("is no claim of ours where it is asked for, or is what the user said", () => {
    expect(verdictOf("Has it been delivered?", [oneOrder])).toBe("talk");
    expect(claimsOf("You mentioned that it was delivered.", oneOrder)).toEqual([]);
    expect(claimsOf("您说已经签收了。", oneOrder)).toEqual([]);
  });

  it("takes a sentence with it that tells a wrong one, also where its figures are right", () => {
    expect(verdictOf("Order LK20260142 was delivered on January 17, 2026.", [oneOrder])).toBe("unfounded");
    expect(verdictOf("订单 LK20260142 已于1月17日送达。", [oneOrder])).toBe("unfounded");
    expect(verdictOf("Order LK20260142 is expected to be delivered on January 17, 2026.", [oneOrder])).toBe(
      "borne_out",
    );
    expect(verdictOf("You said 45 days, but it has not been shipped yet.", [delivered], { message: "45 days?" })).toBe(
      "unfounded",
    );
    expect(verdictOf("You said 45 days, but it has been shipped.", [delivered], { message: "45 days?" })).not.toBe(
      "unfounded",
    );
  });

  it("is nothing that a page says of all, even if it could be read as one", () => {
    const [results, rule] = [paid, "The order has been packed within an hour."];
    expect(verdictOf(rule, [results])).toBe("unfounded");
    const page = knowledgeResult(rule);
    expect(verdictOf(rule, [results, page])).toBe("borne_out");
    expect(verdictOf(rule.replace("has been", "has not been"), [requested, page])).not.toBe("unfounded");
  });
});
