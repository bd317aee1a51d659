import { createPages, type Pages, type PagesOptions } from "./memory-pages.ts";
import type { VectorRecord } from "./port.ts";
import { PAGE_ROWS, strideOf } from "./scan-arena.ts";

/**
 * The vectors of one space, in rows without gaps. While others read the rows, which they do without any lock, none of those
 * that were there is written: what comes goes behind them, also what replaces one, and gaps stay until the reading has ended.
 */
export interface Space {
  readonly dimension: number;
  readonly pages: Pages;
  /** By row; undefined where a row has gone and the gap has not been closed yet. */
  readonly ids: readonly (string | undefined)[];
  readonly size: number;
  /** In its rows, for what it takes to go through them. */
  readonly numbers: number;
  /** Stores it with the length 1. @param vector of the space's dimension. @param length its own. */
  put(id: string, vector: Float32Array, length: number): void;
  remove(id: string): void;
  get(id: string): VectorRecord | undefined;
  /** All ids, in ascending order of their UTF-16 code units, from behind `after`. */
  sorted(after: string | undefined, limit: number): readonly string[];
  /** The rows are being read until `endReading`, which returns nothing before that. One reading at a time. */
  startReading(): void;
  /** The rows that were written since; some may have gone again. */
  readonly written: readonly number[];
  endReading(): void;
}

/** A vector whose length is so near to 1 is kept as it is: dividing it would change no number by more than this, and takes far longer. */
const UNIT_WITHIN = 1e-6;

/** @param dimension numbers of a vector. */
export function createSpace(dimension: number, options: PagesOptions): Space {
  const stride = strideOf(dimension);
  const pages = createPages(stride, options);
  const rows = new Map<string, number>();
  const ids: (string | undefined)[] = [];
  /** Until an id is added, those that have gone included. */
  let sortedIds: readonly string[] | undefined;
  let reading = false;
  let gaps: number[] = [];
  let written: number[] = [];

  function place(row: number): Float32Array {
    const from = (row % PAGE_ROWS) * stride;
    return (pages.list[Math.floor(row / PAGE_ROWS)] as Float32Array).subarray(from, from + stride);
  }

  function write(row: number, vector: Float32Array, length: number): void {
    const page = pages.list[Math.floor(row / PAGE_ROWS)] as Float32Array;
    const from = (row % PAGE_ROWS) * stride;
    if (Math.abs(length - 1) < UNIT_WITHIN) page.set(vector, from);
    else for (let at = 0; at < dimension; at += 1) page[from + at] = (vector[at] as number) / length;
    pages.written(row);
  }

  function append(id: string): number {
    const row = ids.length;
    if (row >= pages.list.length * PAGE_ROWS) pages.grow();
    ids.push(id);
    rows.set(id, row);
    if (reading) written.push(row);
    return row;
  }

  function vacate(row: number): void {
    ids[row] = undefined;
    gaps.push(row);
  }

  /** Each gap gets the last row. */
  function closeGaps(): void {
    for (const gap of gaps) {
      while (ids.length > 0 && ids.at(-1) === undefined) ids.pop();
      const last = ids.length - 1;
      const id = ids[last];
      if (gap >= last || id === undefined) continue;
      place(gap).set(place(last));
      pages.written(gap);
      ids[gap] = id;
      rows.set(id, gap);
      ids.pop();
    }
    gaps = [];
    if (rows.size > 0) return;
    ids.length = 0;
    sortedIds = undefined;
    pages.clear();
  }

  return {
    dimension,
    pages,
    ids,
    get size() {
      return rows.size;
    },
    get numbers() {
      return ids.length * stride;
    },
    put(id, vector, length) {
      const there = rows.get(id);
      if (there === undefined) sortedIds = undefined;
      if (there !== undefined && reading) vacate(there);
      write(there === undefined || reading ? append(id) : there, vector, length);
    },
    remove(id) {
      const row = rows.get(id);
      if (row === undefined) return;
      rows.delete(id);
      vacate(row);
      if (!reading) closeGaps();
    },
    get(id) {
      const row = rows.get(id);
      return row === undefined ? undefined : { id, vector: place(row).slice(0, dimension) };
    },
    sorted(after, limit) {
      sortedIds ??= [...rows.keys()].sort();
      const found: string[] = [];
      for (let at = after === undefined ? 0 : firstAfter(sortedIds, after); at < sortedIds.length; at += 1) {
        const id = sortedIds[at] as string;
        if (rows.has(id)) found.push(id);
        if (found.length === limit) break;
      }
      return found;
    },
    startReading() {
      reading = true;
    },
    get written() {
      return written;
    },
    endReading() {
      reading = false;
      written = [];
      closeGaps();
    },
  };
}

function firstAfter(sorted: readonly string[], after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
