import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tierOf, tiersFor } from "../../src/accounts/tiers.ts";

const tiers = ["premium", "standard", "basic"];

describe("the tier of a request", () => {
  it.each([
    ["that of the key", "standard", undefined, "standard"],
    ["the key's own when it is asked for", "standard", "standard", "standard"],
    ["a lower one when it is asked for", "premium", "basic", "basic"],
    ["the whole list for a key without a tier", null, undefined, null],
    ["any for a key without a tier", null, "premium", "premium"],
  ])("is %s", (_name, key, asked, expected) => {
    expect(tierOf({ key, asked, tiers })).toBe(expected);
  });

  it.each([
    ["a higher one", "standard", "premium", "tier: the key's tier is standard; a request may only lower it"],
    ["an unknown one", "standard", "gold", 'tier: "gold" is not one; allowed: standard, basic'],
    ["an unknown one of a key without a tier", null, "gold", "allowed: premium, standard, basic"],
    ["an empty one", null, "", 'tier: "" is not one'],
  ])("is refused for %s", (_name, key, asked, message) => {
    expect(() => tierOf({ key, asked, tiers })).toThrow(RangeError);
    expect(() => tierOf({ key, asked, tiers })).toThrow(message);
  });

  it("is refused where there are none", () => {
    expect(() => tierOf({ key: null, asked: "premium", tiers: [] })).toThrow("this server has no tiers; leave it out");
    expect(tierOf({ key: null, asked: undefined, tiers: [] })).toBeNull();
  });

  it("is never above the key's, and exactly those that may be used are accepted", () => {
    const asked = fc.option(fc.constantFrom(...tiers, "gold"), { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom(null, ...tiers), asked, (key, wish) => {
        const rank = (tier: string | null) => (tier === null ? -1 : tiers.indexOf(tier));
        const allowed = wish === undefined || (tiers.includes(wish) && rank(wish) >= rank(key));
        if (allowed) expect(tierOf({ key, asked: wish, tiers })).toBe(wish ?? key);
        else expect(() => tierOf({ key, asked: wish, tiers })).toThrow(RangeError);
        if (wish !== undefined) expect(tiersFor(key, tiers).includes(wish)).toBe(allowed);
      }),
    );
  });

  it("leaves nothing to a key whose tier is gone", () => {
    expect(tiersFor("gone", tiers)).toEqual([]);
    expect(() => tierOf({ key: "gone", asked: "basic", tiers })).toThrow(RangeError);
  });
});
