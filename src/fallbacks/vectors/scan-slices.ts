import { setImmediate as nextTurn } from "node:timers/promises";
import type { Query, Rows } from "./scan.ts";
import { PAGE_ROWS } from "./scan-arena.ts";
import { createPlainScan } from "./scan-plain.ts";
import { createSelection, offerProducts, roundingOf, rowsOf } from "./scan-selection.ts";

/** Numbers that are gone through until others get their turn: one or two milliseconds. */
const SLICE = 2_000_000;

/** Looks through rows on the event loop, a slice at a time: where no thread can be had. */
export async function scanInSlices(rows: Rows, queries: readonly Query[]): Promise<readonly Uint32Array[]> {
  const { stride } = rows.plan;
  const rounding = roundingOf(stride);
  const scans = queries.map(({ vector, wanted }) => ({
    plain: createPlainScan(vector, stride),
    selection: createSelection(wanted),
  }));
  // What comes while this runs may add pages; they are none of its business.
  const { list } = rows;
  let done = 0;
  for (let row = 0; row < rows.count; row += PAGE_ROWS) {
    const page = list[row / PAGE_ROWS] as Float32Array;
    const many = Math.min(PAGE_ROWS, rows.count - row);
    for (const { plain, selection } of scans) offerProducts(selection, row, plain.products(page, many), many, rounding);
    done += PAGE_ROWS * stride * scans.length;
    if (done < SLICE) continue;
    done = 0;
    await nextTurn();
  }
  return scans.map(({ selection }) => rowsOf(selection.picked()));
}
