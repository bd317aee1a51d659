import { expect, it } from "vitest";
import { synonymsOf } from "../../src/text/synonyms.ts";

it("knows other words of the same language, both ways, and never the word itself", () => {
  expect(synonymsOf("coupon")).toContain("voucher");
  expect(synonymsOf("voucher")).toContain("coupon");
  expect(synonymsOf("账号")).toContain("账户");
  expect(synonymsOf("coupon")).not.toContain("coupon");
  expect([...synonymsOf("coupon")].join("")).not.toMatch(/\p{Script=Han}/u);
  expect(synonymsOf("unheard")).toEqual(new Set());
});
