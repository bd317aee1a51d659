import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import {
  createArena,
  encodeInArena,
  IN_THREAD,
  ON_LOOP,
  PAGE_ROWS,
  pageOfArena,
  planArena,
  strideOf,
} from "../../../src/fallbacks/vectors/scan-arena.ts";
import { encodeQuery } from "../../../src/fallbacks/vectors/scan-codes.ts";
import { CODED_AT_ONCE, type Kernel } from "../../../src/fallbacks/vectors/scan-kernel.ts";
import { scanArenas } from "../../../src/fallbacks/vectors/scan-pages.ts";
import { createPlainScan } from "../../../src/fallbacks/vectors/scan-plain.ts";
import { hasKernel } from "../../../src/fallbacks/vectors/scan-wasm.ts";

type Row = Float32Array<ArrayBuffer>;
type Shape = (random: () => number, dimension: number) => Row;

const dot = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);

function unit(numbers: Row): Row {
  const length = Math.sqrt(dot(numbers, numbers));
  return length === 0
    ? Float32Array.from(numbers, (_, at) => (at === 0 ? 1 : 0))
    : numbers.map((value) => value / length);
}

const dense: Shape = (random, dimension) => unit(Float32Array.from({ length: dimension }, () => random() - 0.5));
/** As a question by hashed words. */
const sparse: Shape = (random, dimension) =>
  unit(Float32Array.from({ length: dimension }, () => (random() < 0.1 ? random() - 0.5 : 0)));
/** One number outweighs all others, in each row another one. */
const spiky: Shape = (random, dimension) => {
  const row = dense(random, dimension);
  row[Math.floor(random() * dimension)] = 20 * (random() - 0.5);
  return unit(row);
};
/** The same number outweighs all others, as in the vectors of some models. */
const leaning: Shape = (random, dimension) => {
  const row = dense(random, dimension);
  row[dimension >> 1] = -3;
  return unit(row);
};
/** Rows that differ by less than their codes can. */
const near: Shape = (random, dimension) =>
  unit(Float32Array.from({ length: dimension }, (_, at) => Math.sin(at + 1) + random() * 1e-4));
/** Few different ones. */
const tied: Shape = (random, dimension) => {
  const kind = Math.floor(random() * 5);
  return unit(Float32Array.from({ length: dimension }, (_, at) => Math.cos(at * kind + 1)));
};
const shapes = { dense, sparse, spiky, leaning, near, tied };

/** Rows with their codes, in as many arenas as they need. */
function lay(rows: readonly Row[], dimension: number, centre: Float32Array, arenaBytes = 1_000_000_000) {
  const plan = planArena(strideOf(dimension), arenaBytes);
  const ofArena = plan.pages * PAGE_ROWS;
  const padded = new Float32Array(plan.stride);
  padded.set(centre);
  const arenas = Array.from({ length: Math.ceil(rows.length / ofArena) }, () => createArena(plan, padded));
  for (const [row, vector] of rows.entries()) {
    const arena = arenas[Math.floor(row / ofArena)];
    if (!arena) throw new Error("too few arenas");
    const inArena = row % ofArena;
    const page = pageOfArena(arena, plan, Math.floor(inArena / PAGE_ROWS));
    page.set(vector, (row % PAGE_ROWS) * plan.stride);
    encodeInArena(arena, plan, inArena);
  }
  return { plan, arenas };
}

function meanOf(rows: readonly Row[], dimension: number): Row {
  return Float32Array.from(
    { length: dimension },
    (_, at) => rows.reduce((sum, row) => sum + (row[at] as number), 0) / rows.length,
  );
}

describe.skipIf(!hasKernel)("codes of 8 bits", () => {
  const dimensions = fc.constantFrom(1, 2, 15, 16, 17, 100, 512);
  const kinds = fc.constantFrom(...Object.values(shapes));

  it("say each number of a row, less the centre, but for half a scale", () => {
    fc.assert(
      fc.property(dimensions, kinds, fc.integer(), fc.constantFrom(1, 1e-20, 1e-40), (dimension, shape, seed, size) => {
        const random = seededRandom(seed);
        const centre = dense(random, dimension);
        const rows = [shape(random, dimension), centre, shape(random, dimension)].map((row) =>
          row.map((value, at) => (centre[at] as number) + (value - (centre[at] as number)) * size),
        );
        const { plan, arenas } = lay(rows, dimension, centre);
        const { buffer } = arenas[0]?.memory ?? { buffer: new ArrayBuffer(0) };
        const codes = new Int8Array(buffer, plan.firstPage + plan.codes, PAGE_ROWS * plan.stride);
        const scales = new Float32Array(buffer, plan.firstPage + plan.scales, PAGE_ROWS);
        for (const [row, numbers] of rows.entries()) {
          const scale = scales[row] as number;
          for (const [at, number] of numbers.entries()) {
            const code = codes[at * PAGE_ROWS + row] as number;
            expect(Math.abs(code)).toBeLessThanOrEqual(127);
            expect(Math.abs(number - (centre[at] as number) - code * scale)).toBeLessThanOrEqual(
              0.5005 * scale + 1e-30,
            );
          }
        }
        // Whatever is beside them is left as it was.
        expect(scales.slice(rows.length).every((scale) => scale === 0)).toBe(true);
        expect(codes.every((code, at) => code === 0 || at % PAGE_ROWS < rows.length)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("have products with a question that are as far from the true ones as is said, at most", () => {
    let nearest = 0;
    fc.assert(
      fc.property(dimensions, kinds, kinds, fc.integer(), (dimension, shape, asking, seed) => {
        const random = seededRandom(seed);
        const rows = Array.from({ length: 70 }, () => shape(random, dimension));
        const query = asking(random, dimension);
        const centre = meanOf(rows, dimension);
        const { plan, arenas } = lay(rows, dimension, centre);
        const [arena] = arenas;
        if (!arena) return;
        const { buffer } = arena.memory;
        const { pairs, unit: one, error } = encodeQuery(query);
        new Int32Array(buffer, plan.queries, pairs.length).set(pairs);
        const outEnd = Math.ceil(rows.length / CODED_AT_ONCE) * CODED_AT_ONCE * 4;
        const words = new Int32Array(buffer, 0, PAGE_ROWS).fill(7);
        const codes = plan.firstPage + plan.codes;
        arena.kernel.codedProducts(codes, plan.queries, plan.queries + pairs.byteLength, 0, outEnd);
        const scales = new Float32Array(buffer, plan.firstPage + plan.scales, PAGE_ROWS);
        for (const [row, numbers] of rows.entries()) {
          const scale = scales[row] as number;
          const off = Math.abs(dot(numbers, query) - dot(centre, query) - (words[row] as number) * one * scale);
          expect(off).toBeLessThanOrEqual(error * scale + 1e-9);
          if (scale > 1e-6) nearest = Math.max(nearest, off / scale / error);
        }
        // Nothing is written beyond.
        expect(words[outEnd / 4]).toBe(7);
      }),
      { numRuns: 60 },
    );
    // It is no empty promise either.
    expect(nearest).toBeGreaterThan(0.2);
  });

  it.each([1, 512, 4_096])("do not wrap around in 32 bits where all %i numbers are as large as can be", (dimension) => {
    const largest = unit(new Float32Array(dimension).fill(1));
    const { plan, arenas } = lay([largest, largest.map((value) => -value)], dimension, new Float32Array(dimension));
    const [found] = scanArenas(arenas, plan, 2, [{ vector: largest, wanted: 1 }], ON_LOOP);
    expect(found).toEqual(Uint32Array.of(0));
  });
});

describe.skipIf(!hasKernel)("a scan of codes", () => {
  /** As `scanArenas`, with how many rows were looked at as numbers. */
  function scan({ plan, arenas }: ReturnType<typeof lay>, count: number, queries: readonly Row[], wanted: number) {
    let rated = 0;
    const counting = arenas.map(({ memory, kernel }) => {
      const products: Kernel["products"] = (...place) => {
        rated += 1;
        kernel.products(...place);
      };
      return { memory, kernel: { ...kernel, products } };
    });
    const found = scanArenas(
      counting,
      plan,
      count,
      queries.map((vector) => ({ vector, wanted })),
      IN_THREAD,
    );
    return { found, rated };
  }

  it("has the best rows and all that tie with them, whatever the vectors are like", () => {
    const kinds = fc.constantFrom(...Object.values(shapes));
    const dimensions = fc.constantFrom(1, 3, 16, 40, 130);
    const counts = fc.record({ rows: fc.integer({ min: 1, max: 700 }), wanted: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(
        dimensions,
        kinds,
        kinds,
        counts,
        fc.integer(),
        (dimension, shape, asking, { rows: many, wanted }, seed) => {
          const random = seededRandom(seed);
          const rows = Array.from({ length: many }, () => shape(random, dimension));
          const queries = [asking(random, dimension), rows[many >> 1] ?? dense(random, dimension)];
          const laid = lay(rows, dimension, meanOf(rows.slice(0, 100), dimension), 200_000);
          const { found } = scan(laid, many, queries, wanted);
          for (const [index, query] of queries.entries()) {
            const plain = createPlainScan(query, dimension + (dimension % 2));
            const page = new Float32Array(dimension + 1);
            const products = rows.map((row) => {
              page.set(row);
              return plain.product(page, 0);
            });
            const floor = products.toSorted((a, b) => b - a)[Math.min(wanted, many) - 1] as number;
            const picked = new Set(found[index]);
            for (const [row, product] of products.entries()) if (product >= floor) expect(picked).toContain(row);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("may be made on the event loop while the thread makes another one", () => {
    const random = seededRandom(2);
    const rows = Array.from({ length: 500 }, () => dense(random, 40));
    const laid = lay(rows, 40, meanOf(rows, 40));
    const [one, other] = [dense(random, 40), dense(random, 40)];
    const scanned = (vector: Row, arenas: Parameters<typeof scanArenas>[0], place: number) =>
      scanArenas(arenas, laid.plan, rows.length, [{ vector, wanted: 5 }], place)[0];
    const alone = [scanned(one, laid.arenas, IN_THREAD), scanned(other, laid.arenas, ON_LOOP)];
    // Between any two steps of the thread.
    const disturbed = laid.arenas.map(({ memory, kernel }) => {
      const disturb = () => expect(scanned(other, laid.arenas, ON_LOOP)).toEqual(alone[1]);
      const own: Kernel = {
        ...kernel,
        codedProducts(...place) {
          kernel.codedProducts(...place);
          disturb();
        },
        products(...place) {
          kernel.products(...place);
          disturb();
        },
      };
      return { memory, kernel: own };
    });
    expect(scanned(one, disturbed, IN_THREAD)).toEqual(alone[0]);
  });

  it("refuses rows that this thread does not see in the memory yet", () => {
    const random = seededRandom(3);
    const laid = lay([dense(random, 40)], 40, new Float32Array(40));
    const early = laid.arenas.map(({ memory, kernel }) => {
      const buffer = new SharedArrayBuffer(laid.plan.firstPage);
      return { kernel, memory: { buffer, grow: (pages: number) => memory.grow(pages) } };
    });
    const queries = [{ vector: dense(random, 40), wanted: 1 }];
    expect(() => scanArenas(early, laid.plan, 1, queries, IN_THREAD)).toThrow("fewer rows than there are");
  });

  it.each([
    ["dense", 100],
    ["sparse", 100],
    ["leaning", 100],
    // Codes of a row whose largest number is far from the others are coarse.
    ["spiky", 1_000],
  ] as const)("looks at the numbers of few of 3,000 %s rows", (name, most) => {
    const random = seededRandom(1);
    const rows = Array.from({ length: 3_000 }, () => shapes[name](random, 384));
    const laid = lay(rows, 384, meanOf(rows.slice(0, 1_000), 384));
    const { rated } = scan(laid, rows.length, [dense(random, 384)], 26);
    expect(rated).toBeLessThan(most);
  });
});
