import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskPhone } from "../../../src/fallbacks/business/mask.ts";

describe("maskPhone", () => {
  it.each([
    ["13800131234", "138****1234"],
    ["138 0013-1234", "138****1234"],
    ["138****1234", "138****1234"],
    ["１３８００１３１２３４", "138****1234"],
    ["+44 20 7946 0958", "442****0958"],
    ["5550123", "****23"],
    ["****23", "****23"],
    ["110", "****"],
    ["", "****"],
    ["ask Anna", "****"],
  ])("%s is shown as %s", (phone, masked) => {
    expect(maskPhone(phone)).toBe(masked);
  });

  it("hides 4 digits at least, keeps nothing but digits, and changes nothing the second time", () => {
    const phones = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("0", "1", "9", "*", "+", "-", " ", "(") }));
    fc.assert(
      fc.property(phones, (phone) => {
        const masked = maskPhone(phone);
        expect(masked).toMatch(/^(?:[\d*]{3}\*{4}[\d*]{4}|\*{4}[\d*]{2}|\*{4})$/);
        expect(maskPhone(masked)).toBe(masked);
        const places = phone.normalize("NFKC").replaceAll(/[^\d*]/g, "").length;
        expect(masked.replaceAll(/\D/g, "").length).toBeLessThanOrEqual(Math.max(0, places - 4));
      }),
    );
  });
});
