import { describe, expect, it } from "vitest";
import { contentTerms, tokenise } from "../../src/text/tokenise.ts";

const terms = (text: string) => tokenise(text).map((token) => token.term);

describe("tokenise", () => {
  it("brings the forms of an English word together", () => {
    for (const [one, other] of [
      ["returning", "Returned"],
      ["spend", "spent"],
      ["deliver", "deliveries"],
      ["Larkspur's", "larkspur"],
      ["refunds", "ＲＥＦＵＮＤ"],
    ] as const) {
      expect(terms(one)).toEqual(terms(other));
    }
  });

  it("gives a compound as a whole and in its parts", () => {
    expect(terms("e-mail 16GB 3.5 E3")).toEqual(["email", "e", "mail", "16gb", "16", "gb", "3.5", "e3"]);
  });

  it("cuts Chinese into words and pairs, also inside English", () => {
    expect(terms("Brew 2 退款时间")).toEqual(["brew", "2", "退款", "时间", "退款", "款时", "时间"]);
    expect(terms("退")).toEqual(["退"]);
  });

  it("finds something in other scripts without spaces and in accented ones", () => {
    expect(terms("ありがとう").length).toBeGreaterThan(1);
    expect(terms("Rückgabe")).toEqual(["rückgabe"]);
    expect(terms("возврат")).toEqual(["возврат"]);
  });

  it("marks words of grammar", () => {
    expect(contentTerms("How can I return it?")).toEqual(terms("return"));
    expect(contentTerms("怎么退款呢")).toContain("退款");
    expect(contentTerms("怎么退款呢")).not.toContain("怎么");
  });

  it("gives the opposite of what is denied", () => {
    expect(terms("haven't even opened")).toContain(terms("unopened")[0]);
    expect(terms("not opened")).toContain(terms("unopened")[0]);
    expect(terms("opened, not sold")).not.toContain(terms("unopened")[0]);
    expect(terms("没拆封")).toContain("未拆封");
    expect(terms("未拆封")).toContain("未拆封");
    expect(terms("已拆封")).not.toContain("未拆封");
  });

  it("gives nothing for a text without letters and digits", () => {
    expect(tokenise(" ?!…\n—")).toEqual([]);
  });

  it("takes the measure that a question asks for as grammar, and the same word elsewhere as a word", () => {
    const content = (text: string) => tokenise(text).flatMap(({ term, stop }) => (stop ? [] : [term]));
    expect(content("How long is the warranty?")).toEqual(["warranti"]);
    expect(content("a long warranty")).toEqual(["long", "warranti"]);
  });
});
