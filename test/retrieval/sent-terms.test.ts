import { expect, it } from "vitest";
import { createTermsReceiver, createTermsSender } from "../../src/retrieval/sent-terms.ts";

it("sends of a list what is new, and keeps the same list on the other side", () => {
  const sender = createTermsSender();
  const receiver = createTermsReceiver();
  const terms = ["refund", "退款"];
  const kept = receiver.take(sender.next(terms));
  expect(kept).toEqual(["refund", "退款"]);
  terms.push("parcel");
  const added = sender.next(terms);
  expect(added).toEqual({ from: 2, text: "parcel" });
  expect(receiver.take(added)).toBe(kept);
  expect(receiver.take(sender.next(terms))).toBe(kept);
  expect(kept).toEqual(["refund", "退款", "parcel"]);
});

it("begins another list with the sender, and leaves the one before to those who hold it", () => {
  const sender = createTermsSender();
  const receiver = createTermsReceiver();
  const first = receiver.take(sender.next(["refund"]));
  const second = receiver.take(sender.next(["parcel", "refund"]));
  expect([first, second]).toEqual([["refund"], ["parcel", "refund"]]);
});
