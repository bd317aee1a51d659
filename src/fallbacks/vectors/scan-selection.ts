/** Picks rows by approximate products: among them are, whatever the rounding was, the `wanted` best and all that tie with those. */
export interface Selection {
  /** The products of rows that follow each other. */
  take(firstRow: number, products: Float32Array | Float64Array, count: number): void;
  /** In no promised order. */
  rows(): Uint32Array;
}

/** Doubles the rounding error, and is enough for unit vectors that are a little longer than 1. */
const SAFETY = 4;
/** Of a product of singles: half of the last of 24 bits. */
const HALF_BIT = 2 ** -24;
/** Rows that are kept, beyond those that are wanted, until they are looked through again. */
const KEPT = 1_024;

/** @param stride numbers of a row. @param wanted at least 1. */
export function createSelection(stride: number, wanted: number): Selection {
  // Each of the sixteen sums that the kernel adds up side by side is rounded once for each of its parts.
  const margin = SAFETY * HALF_BIT * (stride / 16 + 5);
  const best = createBest(wanted);
  let rows: number[] = [];
  let scores: number[] = [];
  let cut = Number.NEGATIVE_INFINITY;
  let full = KEPT + 2 * wanted;

  function tidy(): void {
    const kept = rows.flatMap((_, at) => ((scores[at] as number) >= cut ? at : []));
    rows = kept.map((at) => rows[at] as number);
    scores = kept.map((at) => scores[at] as number);
    full = 2 * rows.length + KEPT;
  }

  return {
    take(firstRow, products, count) {
      for (let at = 0; at < count; at += 1) {
        const score = products[at] as number;
        if (score < cut) continue;
        rows.push(firstRow + at);
        scores.push(score);
        if (best.offer(score)) cut = best.floor - margin;
      }
      if (rows.length > full) tidy();
    },
    rows() {
      tidy();
      return Uint32Array.from(rows);
    },
  };
}

/** The best scores of any number of them, in a heap whose root is the worst of these. */
function createBest(limit: number): { offer(score: number): boolean; readonly floor: number } {
  const heap = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY);
  return {
    get floor() {
      return heap[0] as number;
    },
    /** Whether it is one of them. */
    offer(score) {
      if (score <= (heap[0] as number)) return false;
      let at = 0;
      for (let child = 1; child < limit; child = 2 * at + 1) {
        if (child + 1 < limit && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
        if ((heap[child] as number) >= score) break;
        heap[at] = heap[child] as number;
        at = child;
      }
      heap[at] = score;
      return true;
    },
  };
}
