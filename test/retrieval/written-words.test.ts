import fc from "fast-check";
import { expect, it } from "vitest";
import { createWrittenWords } from "../../src/retrieval/written-words.ts";

/** Written down plainly. */
const wordsOf = (text: string) => new Set(text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+/gu));

const pieces =
  "退|款|了|々|〇|⺀|ab|Ab|İ|ß|ﬁ|1|½|é|e\u0301|は|カ|ー|ก|가|Σ|ς|\u{20000}|\u{2F800}|\u{1D400}|\ud800|\udc00|'|-|_| |\n|。|，".split(
    "|",
  );
const text = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);

it("are those of the plain expression, whatever was compared before", () => {
  const written = createWrittenWords();
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 4 }), (first, others) => {
      written.begin(first);
      const own = wordsOf(first);
      expect(written.words).toBe(own.size);
      for (const other of [...others, first]) {
        const words = wordsOf(other);
        expect(written.compare(other)).toEqual({
          words: words.size,
          common: [...words].filter((word) => own.has(word)).length,
        });
      }
    }),
    { numRuns: 1_000 },
  );
});
