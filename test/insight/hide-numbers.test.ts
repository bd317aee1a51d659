import { describe, expect, it } from "vitest";
import { hideNumbers } from "../../src/insight/hide-numbers.ts";
import { shortNumber } from "../../src/support/operation-number.ts";

describe("what is hidden of a user's words", () => {
  it.each([
    ["555 - 123 - 4567"],
    ["138 - 0013 - 8000"],
    ["138–0013–8000"],
    ["138‑0013‑8000"],
    ["+49 (0) 30 123 456", "+…"],
    ["4111\u00a01111\u00a01111\u00a01111"],
    ["138\u200e0013\u200f8000"],
    ["１３８００１３８０００"],
    ["ORD-20260115-0042"],
    ["ORD–20260115–0042"],
  ])("is the number %s", (number, left = "…") => {
    expect(hideNumbers(`about ${number}, please`)).toBe(`about ${left}, please`);
  });

  it.each([
    ["ann@shop.com"],
    ["ann＠shop.com"],
    ["o'brien@x.com"],
    ["o’brien@x.com"],
    ["ann+news!#$%&'*/=?^_`{|}~-@x.com"],
    ["安娜@例子.公司"],
    [`${"a".repeat(70)}@x.com`],
  ])("is the address %s", (address) => {
    expect(hideNumbers(`from ${address}, please`)).toBe("from …, please");
  });

  it("is the number of a ticket, however it is written", () => {
    const numbers = Array.from({ length: 200 }, (_, index) => shortNumber(`op-${index}`, 0));
    const shown = numbers.flatMap((number) => {
      const forms = [`TK-${number}`, `tk-${number.toLowerCase()}`, `Tk ${number}`, `TK–${number}`, `TK${number}`];
      return forms.filter((form) => hideNumbers(`what of ${form}? 工单${form}呢？`) !== "what of …? 工单…呢？");
    });
    expect(shown).toEqual([]);
  });

  it("is nothing else", () => {
    const text = "12345 stamps, 3 - 4 of them at 5 @ a time; TK-maxx is a shop, TK is none";
    expect(hideNumbers(text)).toBe(text);
  });

  it("is found in a moment in text of any length", () => {
    const parts = [
      "a",
      "a.",
      "1",
      "1 - ",
      "12345 ",
      "TK-",
      "TK ",
      "a@",
      "@",
      "A-1",
      " ",
      "\u200e",
      "12345   x",
      "abcdefgh",
    ];
    const began = performance.now();
    const slow = parts.filter((part) => {
      const from = performance.now();
      hideNumbers(part.repeat(50_000));
      return performance.now() - from > 1_000;
    });
    expect([slow, performance.now() - began < 10_000]).toEqual([[], true]);
  });
});
