import { COLUMN_BYTES, type Kernel, PAIR_BYTES, ROW_BYTES, WASM_PAGE } from "./scan-kernel.ts";
import { kernelOn, type SharedMemory, sharedMemory } from "./scan-wasm.ts";

/** Memory that a thread can read: first places to work, one for the event loop and one for the thread, then pages one behind the other. */
export interface Arena {
  /** Another one for each. */
  readonly id: number;
  readonly memory: SharedMemory;
  /** For whoever writes the rows. */
  readonly kernel: Kernel;
}

/** Where things are in an arena, in bytes; the same for all arenas of a space. */
export interface ArenaPlan {
  /** Numbers of a row. */
  readonly stride: number;
  /** Of a place to work: the products of one page, then the questions, each with its numbers and then its pairs of columns. */
  readonly workBytes: number;
  /** From the start of a place to work. */
  readonly queries: number;
  readonly queryBytes: number;
  /** Numbers that are taken off those of each row before it is encoded. */
  readonly centre: number;
  readonly firstPage: number;
  /** From the start of a page, where its rows are as numbers: their codes by column, and their scales. */
  readonly codes: number;
  readonly scales: number;
  readonly pageBytes: number;
  /** How many pages there is room for, at least 1. */
  readonly pages: number;
}

/** Rows of a page. */
export const PAGE_ROWS = COLUMN_BYTES;
/** Questions that are answered in one pass. */
export const MOST_QUERIES = 16;

/** Who works in an arena, each in a place of its own: a pass on the event loop may come while the thread makes another one. */
export const ON_LOOP = 0;
export const IN_THREAD = 1;
const PLACES_TO_WORK = 2;

const NUMBER_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Growing page by page would tell the thread each time. */
const GROWN_AT_ONCE = 16 * 1024 ** 2;

let made = 0;

/** The dimension, rounded up to what the loops go in; what is beyond it in a row is 0. */
export function strideOf(dimension: number): number {
  const numbers = ROW_BYTES / NUMBER_BYTES;
  return Math.ceil(dimension / numbers) * numbers;
}

/** @param mostBytes of the arena; one page has room in any. */
export function planArena(stride: number, mostBytes: number): ArenaPlan {
  const queries = PAGE_ROWS * NUMBER_BYTES;
  const queryBytes = stride * NUMBER_BYTES + (stride / 2) * PAIR_BYTES;
  const workBytes = queries + MOST_QUERIES * queryBytes;
  const centre = PLACES_TO_WORK * workBytes;
  const firstPage = centre + stride * NUMBER_BYTES;
  const codes = PAGE_ROWS * stride * NUMBER_BYTES;
  const scales = codes + PAGE_ROWS * stride;
  const pageBytes = scales + PAGE_ROWS * NUMBER_BYTES;
  const pages = Math.max(1, Math.floor((mostBytes - firstPage) / pageBytes));
  return { stride, workBytes, queries, queryBytes, centre, firstPage, codes, scales, pageBytes, pages };
}

/**
 * @param centre of the rows, `plan.stride` numbers; the same for all arenas of a space.
 * @throws {Error} where there is no WebAssembly, or no address space left.
 */
export function createArena(plan: ArenaPlan, centre: Float32Array): Arena {
  const memory = sharedMemory(plan.firstPage, plan.firstPage + plan.pages * plan.pageBytes);
  new Float32Array(memory.buffer, plan.centre, plan.stride).set(centre);
  return { id: made++, memory, kernel: kernelOn(memory) };
}

/** The page with this number, from 0 to `plan.pages - 1`; grows the arena when it is not there yet. @throws {RangeError} when that fails. */
export function pageOfArena({ memory }: Arena, plan: ArenaPlan, page: number): Float32Array {
  const start = plan.firstPage + page * plan.pageBytes;
  const end = start + plan.pageBytes;
  const has = memory.buffer.byteLength;
  if (has < end) {
    const most = plan.firstPage + plan.pages * plan.pageBytes;
    memory.grow(Math.ceil((Math.min(most, Math.max(end, has + GROWN_AT_ONCE)) - has) / WASM_PAGE));
  }
  return new Float32Array(memory.buffer, start, PAGE_ROWS * plan.stride);
}

/** Makes the codes of a row, whose number in the arena is given, anew. */
export function encodeInArena({ kernel }: Arena, plan: ArenaPlan, row: number): void {
  const page = plan.firstPage + Math.floor(row / PAGE_ROWS) * plan.pageBytes;
  const at = row % PAGE_ROWS;
  const rowBytes = plan.stride * NUMBER_BYTES;
  const scale = page + plan.scales + at * NUMBER_BYTES;
  kernel.encode(page + at * rowBytes, rowBytes, plan.centre, page + plan.codes + at, scale);
}
