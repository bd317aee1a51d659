import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PAGE_ROWS, strideOf } from "../../../src/fallbacks/vectors/scan-arena.ts";
import { createPlainScan } from "../../../src/fallbacks/vectors/scan-plain.ts";
import { createSelection, offerProducts, roundingOf, rowsOf } from "../../../src/fallbacks/vectors/scan-selection.ts";
import { hasKernel, kernelOn, sharedMemory } from "../../../src/fallbacks/vectors/scan-wasm.ts";

const QUERY = PAGE_ROWS * 4;
const memory = hasKernel ? sharedMemory(4_000_000, 8_000_000) : undefined;

const unit = (numbers: readonly number[]) => {
  const length = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (value) => value / length);
};

/** A question and rows of unit vectors, as they lie in memory. */
const pageOf = (dimension: number) => {
  const vector = fc
    .array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: dimension, maxLength: dimension })
    .map(unit);
  return fc.record({ query: vector, rows: fc.array(vector, { minLength: 1, maxLength: 20 }) });
};

function lay(dimension: number, query: Float32Array, rows: readonly Float32Array[]) {
  if (!memory) throw new Error("no kernel");
  const stride = strideOf(dimension);
  const first = QUERY + stride * 4;
  const asked = new Float32Array(memory.buffer, QUERY, stride).fill(0);
  asked.set(query);
  const page = new Float32Array(memory.buffer, first, PAGE_ROWS * stride).fill(0);
  for (const [index, row] of rows.entries()) page.set(row, index * stride);
  return { stride, first, page };
}

describe.skipIf(!memory)("the SIMD kernel", () => {
  it.each([1, 2, 15, 16, 17, 64, 384, 1_024])(
    "equals plain JavaScript within a millionth for vectors of %i numbers",
    (dimension) => {
      if (!memory) return;
      const kernel = kernelOn(memory);
      fc.assert(
        fc.property(pageOf(dimension), ({ query, rows }) => {
          const { stride, first, page } = lay(dimension, query, rows);
          const products = new Float32Array(memory.buffer, 0, PAGE_ROWS).fill(7);
          kernel.products(first, rows.length, stride * 4, QUERY, 0);
          const plain = createPlainScan(query, stride);
          const expected = plain.products(page, rows.length);
          for (const [index] of rows.entries()) {
            expect(Math.abs((products[index] as number) - (expected[index] as number))).toBeLessThan(1e-6);
            expect(plain.product(page, index)).toBe(expected[index]);
          }
          // Nothing is written beyond.
          expect(products[rows.length]).toBe(7);
        }),
        { numRuns: 20 },
      );
    },
  );

  it("gives equal rows equal products", () => {
    if (!memory) return;
    const row = unit([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2]);
    const { stride, first, page } = lay(row.length, row, [row, row.toReversed(), row]);
    kernelOn(memory).products(first, 3, stride * 4, QUERY, 0);
    const products = new Float32Array(memory.buffer, 0, 3);
    expect(products[2]).toBe(products[0]);
    const plain = createPlainScan(row, stride).products(page, 3);
    expect(plain[2]).toBe(plain[0]);
  });
});

describe("the selection of rows", () => {
  it("has the best ones and all that tie with them, whatever the rounding was", () => {
    const stride = 384;
    // Few different ones, so that there are ties.
    const score = fc.integer({ min: -40, max: 40 }).map((value) => value / 40);
    const offered = fc.array(
      fc.record({ score, error: fc.integer({ min: -10, max: 10 }).map((value) => value / 10) }),
      {
        maxLength: 300,
        size: "max",
      },
    );
    fc.assert(
      fc.property(offered, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 64 }), (rows, wanted, step) => {
        const selection = createSelection(wanted);
        // What the kernel may be off by.
        const products = Float64Array.from(rows, (row) => row.score + (row.error * stride) / 16 / 2 ** 24);
        for (let at = 0; at < rows.length; at += step) {
          const some = products.subarray(at, at + step);
          offerProducts(selection, at, some, some.length, roundingOf(stride));
        }
        const picked = new Set(rowsOf(selection.picked()));
        const floor = rows.map((row) => row.score).sort((a, b) => b - a)[Math.min(wanted, rows.length) - 1] ?? 0;
        for (const [at, row] of rows.entries()) expect(picked.has(at)).toBe(row.score >= floor);
      }),
    );
  });

  it("goes through any number of rows that become better and better", () => {
    const selection = createSelection(3);
    for (let page = 0; page < 1_000; page += 1) {
      const products = Float64Array.from({ length: 100 }, (_, at) => (page * 100 + at) / 1_000);
      offerProducts(selection, page * 100, products, 100, roundingOf(16));
    }
    expect(rowsOf(selection.picked()).sort()).toEqual(Uint32Array.of(99_997, 99_998, 99_999));
  });
});
