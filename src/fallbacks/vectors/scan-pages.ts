import type { Query } from "./scan.ts";
import { type ArenaPlan, PAGE_ROWS } from "./scan-arena.ts";
import type { Kernel } from "./scan-kernel.ts";
import { createSelection } from "./scan-selection.ts";
import type { SharedMemory } from "./scan-wasm.ts";

/** An arena with the kernel that works in it. */
export interface ArenaKernel {
  readonly memory: SharedMemory;
  readonly kernel: Kernel;
}

/**
 * Looks through the rows in arenas with the kernel: each page is read from memory once, whatever the number of queries.
 * @param queries at most `MOST_QUERIES`. @returns for each the rows that a `Selection` picks.
 */
export function scanArenas(
  arenas: readonly ArenaKernel[],
  plan: ArenaPlan,
  count: number,
  queries: readonly Query[],
): readonly Uint32Array[] {
  const rowBytes = plan.pageBytes / PAGE_ROWS;
  const selections = queries.map(({ wanted }) => createSelection(plan.stride, wanted));
  for (const [at, { memory, kernel }] of arenas.entries()) {
    const firstRow = at * plan.pages * PAGE_ROWS;
    const rows = Math.min(count - firstRow, plan.pages * PAGE_ROWS);
    if (rows <= 0) break;
    const asked = new Float32Array(memory.buffer, plan.queries, queries.length * plan.stride);
    for (const [index, { vector }] of queries.entries()) asked.set(vector, index * plan.stride);
    const products = new Float32Array(memory.buffer, 0, PAGE_ROWS);
    for (let row = 0; row < rows; row += PAGE_ROWS) {
      const many = Math.min(PAGE_ROWS, rows - row);
      const page = plan.firstPage + row * rowBytes;
      for (const [index, selection] of selections.entries()) {
        kernel.products(page, many, rowBytes, plan.queries + index * rowBytes, 0);
        selection.take(firstRow + row, products, many);
      }
    }
  }
  return selections.map((selection) => selection.rows());
}
