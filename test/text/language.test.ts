import fc from "fast-check";
import { expect, it } from "vitest";
import { detectLanguage } from "../../src/text/language.ts";

it.each([
  ["退款多久到账？", "zh"],
  ["如何切换 LLM 模型", "zh"],
  ["Wi-Fi 连不上", "zh"],
  ["How long does a refund take?", "en"],
  ["What does 退款 mean in an order e-mail from your shop?", "en"],
  ["LK20260142", "en"],
  ["", "en"],
  ["?!", "en"],
])("%s is %s", (text, language) => {
  expect(detectLanguage(text)).toBe(language);
});

it("is told by counting Han characters and words of Latin letters, in any text", () => {
  const piece = fc.constantFrom(..."退|款|\u{20000}|a|é|e\u0301|\u{16ff0}| |。|7|\ud840|Ж".split("|"));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      const han = (text.match(/\p{Script=Han}/gu)?.length ?? 0) / 2;
      const words = text.match(/[\p{Script=Latin}\p{M}]+/gu)?.length ?? 0;
      expect(detectLanguage(text)).toBe(han > 0 && han >= (han + words) * 0.2 ? "zh" : "en");
    }),
    { numRuns: 500 },
  );
});
