import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTokenVectors } from "../../../src/fallbacks/embeddings/hash.ts";
import { createFeatures } from "../../../src/fallbacks/embeddings/hash-features.ts";
import { createGramNumbers, hashOf } from "../../../src/fallbacks/embeddings/hash-grams.ts";
import { createTermCodes } from "../../../src/text/term-codes.ts";
import { NO_CARRY, type Token, tokenise } from "../../../src/text/tokenise.ts";

const DIMENSION = 512;

function gramsOf(word: string): readonly string[] {
  const marked = `<${word}>`;
  return [3, 4, 5].flatMap((size) =>
    Array.from({ length: Math.max(0, marked.length - size + 1) }, (_, at) => marked.slice(at, at + size)),
  );
}

/** The vector of tokens written down plainly: features by name, nothing kept. */
function plainVector(tokens: readonly Token[]): Float32Array {
  const features = new Map<string, { readonly weight: number; count: number }>();
  const add = (name: string, weight: number) => {
    const known = features.get(name);
    if (known) known.count += 1;
    else features.set(name, { weight, count: 1 });
  };
  for (const { term, kind, stop } of tokens) {
    if (kind === "pair") add(`p ${term}`, 0.7);
    else add(`w ${term}`, stop ? 0.2 : 1);
    if (kind !== "word" || stop || /[^\p{Script=Latin}\p{N}]/u.test(term)) continue;
    const grams = gramsOf(term);
    for (const gram of grams) add(`g ${gram}`, 0.5 / Math.sqrt(grams.length));
  }
  const vector = new Float32Array(DIMENSION);
  for (const [name, { weight, count }] of features) {
    const hash = hashOf(name);
    const place = hash % DIMENSION;
    const sign = hash >= 2 ** 31 ? -1 : 1;
    vector[place] = (vector[place] ?? 0) + sign * weight * (count === 1 ? 1 : 1 + Math.log(count));
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "refund",
        "refunds",
        "the",
        "not",
        "opened",
        "aaaaaaa",
        "é",
        "straße",
        "16GB",
        "a",
        "to",
        "退",
        "。",
      ),
      fc.integer({ min: 0x4e00, max: 0x9fff }).map((code) => String.fromCodePoint(code)),
      fc.string({ unit: fc.constantFrom("a", "b", "z", "1", "ü", "\u{20000}"), maxLength: 9 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(" ").replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, ""));

describe("hash vectors", () => {
  it("are those of the plain way, for any text, whatever came before", () => {
    const codes = createTermCodes();
    const vectors = createTokenVectors(codes.terms, { dimension: DIMENSION });
    fc.assert(
      fc.property(text, (any) => {
        const row = new Float32Array(DIMENSION);
        vectors.write(codes.tokenise(any, NO_CARRY).tokens, row);
        expect(row).toEqual(plainVector(tokenise(any)));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    { features: 50, grams: 1_000, read: 1_000_000 },
    { features: 1_000, grams: 50, read: 1_000_000 },
    { features: 1_000, grams: 1_000, read: 100 },
  ])(
    "have the same features when no more is kept, and no further counted, than $features features, $grams n-grams and $read places",
    (limits) => {
      const codes = createTermCodes();
      const features = createFeatures(codes.terms, limits);
      fc.assert(
        fc.property(text, (any) => {
          const { tokens } = codes.tokenise(any, NO_CARRY);
          const seen = [features, createFeatures(codes.terms)].map((each) => {
            const size = each.read(tokens);
            return [each.hashes, each.weights, each.counts].map((values) => [...values.subarray(0, size)]);
          });
          expect(seen[0]).toEqual(seen[1]);
        }),
        { numRuns: 100 },
      );
    },
  );
});

it("numbers each n-gram once, with its hash, ASCII or not", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "b", "é", "~"), maxLength: 8 })), (words) => {
      const hashes: number[] = [];
      const numbers = createGramNumbers((hash) => hashes.push(hash) - 1);
      for (const word of words) {
        expect(numbers.of(word).map((number) => hashes[number])).toEqual(
          gramsOf(word).map((gram) => hashOf(`g ${gram}`)),
        );
      }
      expect(hashes).toHaveLength(new Set(words.flatMap(gramsOf)).size);
      expect(numbers.size).toBe(hashes.length);
    }),
  );
});
