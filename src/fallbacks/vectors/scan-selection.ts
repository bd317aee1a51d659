/** Picks rows by what is known of their products: among them are the `wanted` best and all that tie with those. */
export interface Selection {
  /** A row whose product is below this is none of them. It only rises. */
  readonly floor: number;
  /** @param low what the product of the row is at least. @param high what it is at most. */
  offer(row: number, low: number, high: number): void;
  /** First `wanted` rows, or more that tie, from whose products the floor comes; then the others in no promised order. */
  picked(): readonly Picked[];
}

export interface Picked {
  readonly row: number;
  readonly high: number;
}

/** Rows that are kept, beyond those that are wanted, until they are looked through again. */
const KEPT = 1_024;

/** @param wanted at least 1. */
export function createSelection(wanted: number): Selection {
  const best = createBest(wanted);
  // Not objects: there are hundreds in each pass, and the garbage of many took 7 MB.
  const rows: number[] = [];
  const lows: number[] = [];
  const highs: number[] = [];
  let full = KEPT + 2 * wanted;

  function tidy(): void {
    let kept = 0;
    for (let at = 0; at < rows.length; at += 1) {
      if ((highs[at] as number) < best.floor) continue;
      rows[kept] = rows[at] as number;
      lows[kept] = lows[at] as number;
      highs[kept] = highs[at] as number;
      kept += 1;
    }
    for (const list of [rows, lows, highs]) list.length = kept;
    full = 2 * kept + KEPT;
  }

  return {
    get floor() {
      return best.floor;
    },
    offer(row, low, high) {
      if (high < best.floor) return;
      rows.push(row);
      lows.push(low);
      highs.push(high);
      best.offer(low);
      if (rows.length > full) tidy();
    },
    picked() {
      tidy();
      const isBest = (at: number) => (lows[at] as number) >= best.floor;
      const all = rows.map((row, at) => ({ row, high: highs[at] as number }));
      return [...all.filter((_, at) => isBest(at)), ...all.filter((_, at) => !isBest(at))];
    },
  };
}

/** Their rows. */
export function rowsOf(picked: readonly Picked[]): Uint32Array {
  return Uint32Array.from(picked, ({ row }) => row);
}

/** Doubles the rounding error, and is enough for unit vectors that are a little longer than 1. */
const SAFETY = 4;
/** Of a product of singles: half of the last of 24 bits. */
const HALF_BIT = 2 ** -24;

/**
 * How far a product of two rows of singles may be from the true one, twice over.
 * @param stride numbers of a row.
 */
export function roundingOf(stride: number): number {
  // Each of the sixteen sums that the kernel adds up side by side is rounded once for each of its parts.
  return (SAFETY * HALF_BIT * (stride / 16 + 5)) / 2;
}

/** Offers rows that follow each other, by products that are off by `rounding` at most. */
export function offerProducts(
  selection: Selection,
  firstRow: number,
  products: Float32Array | Float64Array,
  count: number,
  rounding: number,
): void {
  let { floor } = selection;
  for (let at = 0; at < count; at += 1) {
    const product = products[at] as number;
    if (product + rounding < floor) continue;
    selection.offer(firstRow + at, product - rounding, product + rounding);
    floor = selection.floor;
  }
}

/** The best scores of any number of them, in a heap whose root is the worst of these. */
function createBest(limit: number): { offer(score: number): void; readonly floor: number } {
  const heap = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY);
  return {
    get floor() {
      return heap[0] as number;
    },
    offer(score) {
      if (score <= (heap[0] as number)) return;
      let at = 0;
      for (let child = 1; child < limit; child = 2 * at + 1) {
        if (child + 1 < limit && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
        if ((heap[child] as number) >= score) break;
        heap[at] = heap[child] as number;
        at = child;
      }
      heap[at] = score;
    },
  };
}
