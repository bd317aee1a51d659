import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sentenceTokens, textTokens } from "../../src/text/known-tokens.ts";
import { type Token, tokenise } from "../../src/text/tokenise.ts";

/** What ends sentences or seems to, what goes on in the next one, and marks that join with what stands beside them. */
const parts = [
  ..."how|long|how long|not|Not yet.|没有|退款。|他说：“好的。”然后|e.g.|a.m. |3.5|1. |- x|ΑΣ|16GB|doesn't|foo|bar-baz|カ|ｶ|㊀|ﬁ|İ".split(
    "|",
  ),
  ..."!?.,'’_>…。，“”】)".split(""),
  "\n",
  "\n\n",
  " ",
  "\u3000",
  "\u2028",
  "\u0301",
  "\u3099",
  "\u0338",
  "\u00b4",
];
const text = fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((all) => all.join(""));
const plain = (tokens: readonly Token[]) => tokens.map(({ term, kind, stop }) => ({ term, kind, stop }));

describe("the tokens of a text that is read sentence by sentence", () => {
  it("are those of the text as a whole", () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(plain(textTokens(whole))).toEqual(tokenise(whole));
        expect(plain(sentenceTokens(whole))).toEqual(tokenise(whole));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["a denial goes on behind a line break", "It is not\nopened."],
    ["a question word goes on behind a sentence", "How! Long?"],
    ["nothing is cut between a mark and what it is composed with", ">\u0338opened"],
  ])("%s", (_, whole) => {
    expect(plain(textTokens(whole))).toEqual(tokenise(whole));
  });
});
