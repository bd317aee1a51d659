import fc from "fast-check";
import { expect, it } from "vitest";
import { createTermCodes, isPairCode, isPlainCode, isStopCode, numberOfCode } from "../../src/text/term-codes.ts";
import { NO_CARRY, tokenise } from "../../src/text/tokenise.ts";

const text = fc
  .array(
    fc.constantFrom("not ", "opened ", "how ", "long ", "the ", "re-opened ", "没", "拆封", "的", "退款", "𠀋", "。"),
    {
      maxLength: 30,
    },
  )
  .map((parts) => parts.join(""));

it("gives each token as the number of its term with its kind, whatever came before", () => {
  const codes = createTermCodes();
  fc.assert(
    fc.property(text, (any) => {
      const seen = codes.tokenise(any, NO_CARRY).tokens.map((code) => ({
        term: codes.terms[numberOfCode(code)],
        isPair: isPairCode(code),
        isStop: isStopCode(code),
        isPlain: isPlainCode(code),
      }));
      expect(seen).toEqual(
        tokenise(any).map(({ term, kind, stop }) => ({
          term,
          isPair: kind === "pair",
          isStop: kind === "word" && stop,
          isPlain: kind === "word" && !stop,
        })),
      );
      expect(new Set(codes.terms).size).toBe(codes.terms.length);
    }),
  );
});

it("knows a term by one number, short or long", () => {
  const { numberOf, terms } = createTermCodes();
  expect(["退", "退款", "refund", "a", "", "退款", "refund", "a", ""].map(numberOf)).toEqual([
    0, 1, 2, 3, 4, 1, 2, 3, 4,
  ]);
  expect(terms).toEqual(["退", "退款", "refund", "a", ""]);
});
