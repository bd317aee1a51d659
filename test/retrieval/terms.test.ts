import { describe, expect, it } from "vitest";
import { meantTerms } from "../../src/retrieval/terms.ts";

describe("words that mean what a question says", () => {
  it("are of both languages", () => {
    const held = new Set(["password", "密码", "log", "登录"]);
    const terms = [...meantTerms("I forgot my password", (term) => held.has(term)).keys()];
    expect(terms).toContain("password");
    expect(terms).toContain("密码");
    expect(meantTerms("I forgot my password", () => true).size).toBe(16);
  });

  it("are only such as a passage holds, and count the more the more they say", () => {
    const held = new Set(["密码", "找回", "delivery"]);
    const terms = meantTerms("I forgot my password", (term) => held.has(term));
    expect([...terms.keys()].filter((term) => !held.has(term))).toEqual([]);
    expect(terms.get("密码")).toBeGreaterThan(terms.get("delivery") ?? 0);
  });

  it("are none where no word is known", () => {
    expect(meantTerms("qzxv wkjh", () => true).size).toBe(0);
  });
});
