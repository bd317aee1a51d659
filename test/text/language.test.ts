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
