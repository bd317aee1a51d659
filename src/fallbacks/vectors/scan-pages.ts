import type { Query } from "./scan.ts";
import { type ArenaPlan, PAGE_ROWS } from "./scan-arena.ts";
import { type CodedQuery, encodeQuery } from "./scan-codes.ts";
import { CODED_AT_ONCE, type Kernel } from "./scan-kernel.ts";
import { createSelection, roundingOf, rowsOf, type Selection } from "./scan-selection.ts";
import type { SharedMemory } from "./scan-wasm.ts";

/** An arena with the kernel that works in it. */
export interface ArenaKernel {
  readonly memory: SharedMemory;
  readonly kernel: Kernel;
}

interface Asked extends CodedQuery {
  readonly vector: Float32Array;
  readonly wanted: number;
}

/** Far more than doubles are rounded by in a product of unit vectors. */
const ROUNDING = 1e-9;

/** Rows of one arena. */
interface Part {
  readonly kernel: Kernel;
  readonly floats: Float32Array;
  /** Where the place to work begins. */
  readonly work: number;
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * Looks through the rows in arenas with the kernel. All codes of the columns that a question names are read, once for all questions; then the
 * numbers of the rows that may be among the best by these.
 * @param queries at most `MOST_QUERIES`. @param place to work, `ON_LOOP` or `IN_THREAD`. @returns for each the rows that a `Selection` picks by the numbers.
 */
export function scanArenas(
  arenas: readonly ArenaKernel[],
  plan: ArenaPlan,
  count: number,
  queries: readonly Query[],
  place: number,
): readonly Uint32Array[] {
  const ofArena = plan.pages * PAGE_ROWS;
  const parts = arenas.map(({ kernel, memory }, at): Part => {
    const rows = Math.max(0, Math.min(count - at * ofArena, ofArena));
    return {
      kernel,
      floats: new Float32Array(memory.buffer),
      work: place * plan.workBytes,
      firstRow: at * ofArena,
      rows,
    };
  });
  const asked = queries.map((query): Asked => ({ ...query, ...encodeQuery(query.vector) }));
  const coarse = asked.map(({ wanted }) => createSelection(wanted));
  for (const part of parts) offerCodes(part, plan, asked, coarse);
  const rounding = roundingOf(plan.stride);
  return coarse.map((selection, index) => {
    const fine = createSelection(queries[index]?.wanted ?? 1);
    const ofCentre = productAt(parts[0] as Part, plan, index, plan.centre);
    // The best by codes come first: from their numbers it follows for most others that they are worse, however coarse codes are.
    for (const { row, high } of selection.picked()) {
      if (ofCentre + high + 2 * rounding < fine.floor) continue;
      const part = parts[Math.floor(row / ofArena)] as Part;
      const product = productAt(part, plan, index, addressOf(plan, row % ofArena));
      fine.offer(row, product - rounding, product + rounding);
    }
    return rowsOf(fine.picked());
  });
}

/**
 * Leaves the questions where the kernel reads them.
 * @throws {Error} when this thread has not heard yet how far the memory has grown: what is beyond would be taken for no number.
 */
function offerCodes(part: Part, plan: ArenaPlan, asked: readonly Asked[], selections: readonly Selection[]): void {
  const { kernel, floats, work, firstRow, rows } = part;
  const words = new Int32Array(floats.buffer);
  const products = words.subarray(work / 4, work / 4 + PAGE_ROWS);
  const lastPage = plan.firstPage + (Math.ceil(rows / PAGE_ROWS) - 1) * plan.pageBytes;
  if (floats.byteLength < lastPage + plan.pageBytes) throw new Error("the memory has fewer rows than there are");
  for (const [index, { vector, pairs }] of asked.entries()) {
    floats.set(vector, queryOf(part, plan, index) / 4);
    words.set(pairs, pairsOf(part, plan, index) / 4);
  }
  for (let row = 0; row < rows; row += PAGE_ROWS) {
    const page = plan.firstPage + (row / PAGE_ROWS) * plan.pageBytes;
    const many = Math.min(PAGE_ROWS, rows - row);
    const outEnd = work + Math.ceil(many / CODED_AT_ONCE) * CODED_AT_ONCE * 4;
    const scales = (page + plan.scales) / 4;
    for (const [index, query] of asked.entries()) {
      const pairs = pairsOf(part, plan, index);
      kernel.codedProducts(page + plan.codes, pairs, pairs + query.pairs.byteLength, work, outEnd);
      offerCoded(selections[index] as Selection, firstRow + row, products, floats, scales, many, query);
    }
  }
}

/** Offers rows that follow each other by what the kernel says of their codes. @param scales where theirs are in `floats`. */
function offerCoded(
  selection: Selection,
  firstRow: number,
  products: Int32Array,
  floats: Float32Array,
  scales: number,
  count: number,
  { unit, error }: CodedQuery,
): void {
  let { floor } = selection;
  for (let at = 0; at < count; at += 1) {
    const scale = floats[scales + at] as number;
    const product = (products[at] as number) * unit;
    const high = (product + error) * scale + ROUNDING;
    if (high < floor) continue;
    selection.offer(firstRow + at, (product - error) * scale - ROUNDING, high);
    floor = selection.floor;
  }
}

/** The product of a question with the numbers at an address. */
function productAt(part: Part, plan: ArenaPlan, index: number, address: number): number {
  const { kernel, floats, work } = part;
  kernel.products(address, 1, plan.stride * 4, queryOf(part, plan, index), work);
  return floats[work / 4] as number;
}

function addressOf(plan: ArenaPlan, row: number): number {
  return plan.firstPage + Math.floor(row / PAGE_ROWS) * plan.pageBytes + (row % PAGE_ROWS) * plan.stride * 4;
}

const queryOf = ({ work }: Part, plan: ArenaPlan, index: number) => work + plan.queries + index * plan.queryBytes;
const pairsOf = (part: Part, plan: ArenaPlan, index: number) => queryOf(part, plan, index) + plan.stride * 4;
