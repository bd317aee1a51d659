import fc from "fast-check";
import { expect, it } from "vitest";
import { checkVectors } from "../../../src/fallbacks/embeddings/check.ts";

const DIMENSION = 4;
const good = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((numbers) => numbers.some((value) => value !== 0))
  .map((numbers) => new Float32Array(numbers));
const batch = fc.array(fc.option(good, { nil: undefined }), { maxLength: 6 });

const broken: readonly [string, fc.Arbitrary<Float32Array>][] = [
  [
    "another dimension",
    fc
      .integer({ min: 0, max: 9 })
      .filter((n) => n !== DIMENSION)
      .map((n) => new Float32Array(n).fill(1)),
  ],
  ["zeros", fc.constant(new Float32Array(DIMENSION))],
  ["minus zeros", fc.constant(new Float32Array(DIMENSION).fill(-0))],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(
    (value): [string, fc.Arbitrary<Float32Array>] => [
      String(value),
      fc.tuple(good, fc.integer({ min: 0, max: DIMENSION - 1 })).map(([vector, at]) => vector.with(at, value)),
    ],
  ),
];

it("lets every whole batch through", () => {
  fc.assert(
    fc.property(batch, (vectors) => {
      expect(() => checkVectors(vectors, { count: vectors.length, dimension: DIMENSION })).not.toThrow();
    }),
  );
});

it.each(broken)("fault 33: refuses a batch for one vector with %s, wherever it is", (_, bad) => {
  fc.assert(
    fc.property(batch, batch, bad, (before, after, vector) => {
      const vectors = [...before, vector, ...after];
      expect(() => checkVectors(vectors, { count: vectors.length, dimension: DIMENSION })).toThrow(
        expect.objectContaining({ errorClass: "bad_response" }),
      );
    }),
  );
});

it("fault 33: refuses a batch that is shorter or longer than what was asked", () => {
  fc.assert(
    fc.property(batch, fc.integer({ min: 0, max: 9 }), (vectors, count) => {
      fc.pre(count !== vectors.length);
      expect(() => checkVectors(vectors, { count, dimension: DIMENSION })).toThrow(
        expect.objectContaining({ errorClass: "bad_response" }),
      );
    }),
  );
});

it.each([0, -1, 1.5, Number.NaN])("fault 33: refuses vectors of %s numbers", (dimension) => {
  expect(() => checkVectors([], { count: 0, dimension })).toThrow(
    expect.objectContaining({ errorClass: "bad_response" }),
  );
});
