import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sentenceSpans } from "../../src/text/sentences.ts";

const sentences = (text: string) => sentenceSpans(text).map(({ start, end }) => text.slice(start, end));

describe("sentenceSpans", () => {
  it.each([
    ["It costs 3.5 yuan. Pay it, e.g. by card. Done!", ["It costs 3.5 yuan.", "Pay it, e.g. by card.", "Done!"]],
    [
      "Open until 9:00 p.m. on weekdays. Call No. 12 or Mr. Lin.",
      ["Open until 9:00 p.m. on weekdays.", "Call No. 12 or Mr. Lin."],
    ],
    ['He said "Stop." Then he left...  And?', ['He said "Stop."', "Then he left...", "And?"]],
    ["运费3.5元。能退吗？“可以。”七天内！好", ["运费3.5元。", "能退吗？", "“可以。”", "七天内！", "好"]],
    ["使用 Brew 2. 然后关机。", ["使用 Brew 2.", "然后关机。"]],
    ["See sec. four below. It helps.", ["See sec. four below.", "It helps."]],
    ["A line that\ngoes on. Next", ["A line that\ngoes on.", "Next"]],
    ["Pack:\n- the box\n* the label\n1. close it\n2、寄出", ["Pack:", "the box", "the label", "close it", "寄出"]],
    ["One\n\nTwo\n# Three\n| a | b |", ["One", "Two", "Three", "| a | b |"]],
    ["", []],
    ["?! …", []],
  ])("%j", (text, expected) => {
    expect(sentences(text)).toEqual(expected);
  });

  it("gives verbatim spans in order that leave no letter out", () => {
    const piece = fc.constantFrom(
      "a",
      "B",
      "退",
      "。",
      ".",
      "!",
      "？",
      " ",
      "\n",
      "\n\n",
      "- ",
      "3",
      "“",
      "”",
      "\u{1F600}",
      "e.g.",
      "#",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        let last = 0;
        let left = "";
        for (const { start, end } of sentenceSpans(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(text.slice(start, end)).toBe(text.slice(start, end).trim());
          left += text.slice(last, start);
          last = end;
        }
        expect(left + text.slice(last)).not.toMatch(/\p{L}/u);
      }),
    );
  });
});
