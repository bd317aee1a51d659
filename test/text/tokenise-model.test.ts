import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_CARRY, tokenise, tokeniseAfter } from "../../src/text/tokenise.ts";
import { plainTokens } from "./tokenise-plain.ts";

/** What decides where a word begins and ends, what it means, and how characters are folded. */
const pieces =
  "a|not |how |long |don't|isn't |re-opened|'|’|-|.|_|1|6GB|3.5|é|e\u0301|\u0301|退|款|没|拆封|没拆封|は|カメラ|ー|々|ก|ำ|မ|ြ|가|ﬁ|Ａ|½|Σ|İ|\u{20000}|\u{1D400}|\ud800|\udc00| |\n|。|，".split(
    "|",
  );
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...pieces) },
      { weight: 2, arbitrary: fc.integer({ min: 0x4e00, max: 0x9fff }).map((code) => String.fromCodePoint(code)) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 3 }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

describe("tokens", () => {
  it("are those of the plain way, for any text", () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(tokenise(any)).toEqual(plainTokens(any));
        // What is kept from the first time says the same.
        expect(tokenise(any)).toEqual(plainTokens(any));
      }),
      { numRuns: 1_000 },
    );
  });

  it("are the same when more was kept than there is room for", () => {
    const han = (code: number) => String.fromCharCode(0x4e00 + (code % 20_000));
    const many = Array.from(
      { length: 70_000 },
      (_, at) => han(at * 7919 + Math.floor(at / 20_000)) + (at % 50 ? "" : "。"),
    );
    for (let at = 0; at < many.length; at += 1_000) tokenise(many.slice(at, at + 1_000).join(""));
    const some = many.slice(30_000, 30_200).join("");
    expect(tokenise(some)).toEqual(plainTokens(some));
  });

  it("of lines, one after the other, are those of all lines", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (lines) => {
        let carry = NO_CARRY;
        const tokens = lines.flatMap((line) => {
          const next = tokeniseAfter(line, carry);
          carry = next;
          return next.tokens;
        });
        expect(tokens).toEqual(tokenise(lines.join("\n")));
      }),
      { numRuns: 300 },
    );
  });
});
