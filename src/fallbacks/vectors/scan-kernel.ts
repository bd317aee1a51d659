/**
 * One loop in WebAssembly with SIMD, written here instruction by instruction: a binary would have to be believed. The numbers
 * are those of the specification (webassembly.github.io/spec/core/binary).
 */

/** What the module exports. */
export interface Kernel {
  /**
   * The products of a query with `count` (at least 1) rows, which follow each other: one float each to `out`. All addresses
   * are bytes in the module's memory and multiples of 4. Of two equal rows the products are equal.
   * @param size bytes of a row and of the query, a multiple of `ROW_BYTES`.
   */
  products(rows: number, count: number, size: number, query: number, out: number): void;
}

/** The loop goes through a row in steps of so many bytes: 16 numbers. */
export const ROW_BYTES = 64;
/** A page of WebAssembly memory in bytes. */
export const WASM_PAGE = 65_536;
/** 4 GB. */
const MOST_WASM_PAGES = 65_536;

/** Bytes, in groups that read well. */
type Code = readonly (number | Code)[];

const I32 = 0x7f;
const V128 = 0x7b;
const LOOP = [0x03, 0x40];
const END = 0x0b;
const REPEAT_IF = [0x0d, 0x00];
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const IS_LESS = 0x49;
const ADD_FLOATS = 0x92;
const STORE_FLOAT = [0x38, 0x02, 0x00];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const setAndKeep = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, signed(value)];

const simd = (code: number) => [0xfd, unsigned(code)];
/** Four floats, so many bytes behind the address. */
const load = (distance: number) => [simd(0x00), 0x02, unsigned(distance)];
const ZEROS = [simd(0x0c), Array.from({ length: 16 }, () => 0)];
const ADD_FOURS = simd(0xe4);
const MULTIPLY_FOURS = simd(0xe6);
const lane = (index: number) => [simd(0x1f), index];

const PARAMETERS = Array.from({ length: 5 }, () => I32);
const [ROWS, COUNT, SIZE, QUERY, OUT, ROW_END, AT, SUMS] = [0, 1, 2, 3, 4, 5, 6, 7];
/** Each addition waits for the one before it, so there are four sums side by side. */
const SIDES = [0, 1, 2, 3];

const addTo = (local: number, value: Code) => [get(local), value, ADD, set(local)];
const sumOf = (side: number) => get(SUMS + side);
const laneOf = (index: number) => [sumOf(0), lane(index)];
const both = (first: Code, second: Code, add: number | Code) => [first, second, add];

const STEP: Code = [
  SIDES.map((side) => {
    const product = both([get(ROWS), load(16 * side)], [get(AT), load(16 * side)], MULTIPLY_FOURS);
    return [both(sumOf(side), product, ADD_FOURS), set(SUMS + side)];
  }),
  addTo(ROWS, constant(ROW_BYTES)),
  addTo(AT, constant(ROW_BYTES)),
];

const SUM_UP: Code = [
  both(both(sumOf(0), sumOf(1), ADD_FOURS), both(sumOf(2), sumOf(3), ADD_FOURS), ADD_FOURS),
  set(SUMS),
  both(both(laneOf(0), laneOf(1), ADD_FLOATS), both(laneOf(2), laneOf(3), ADD_FLOATS), ADD_FLOATS),
];

const LOCALS: Code = [2, [2, I32], [SIDES.length, V128]];

const PRODUCTS: Code = [
  LOCALS,
  LOOP,
  [get(ROWS), get(SIZE), ADD, set(ROW_END)],
  [get(QUERY), set(AT)],
  SIDES.map((side) => [ZEROS, set(SUMS + side)]),
  [LOOP, STEP, get(ROWS), get(ROW_END), IS_LESS, REPEAT_IF, END],
  [get(OUT), SUM_UP, STORE_FLOAT],
  addTo(OUT, constant(4)),
  [get(COUNT), constant(1), SUBTRACT, setAndKeep(COUNT), REPEAT_IF],
  [END, END],
];

/** A module that imports a shared memory as `memory` of `host`, and exports what `Kernel` says. */
export function kernelModule(): Uint8Array<ArrayBuffer> {
  const sharedMemory = [0x02, 0x03, unsigned(1), unsigned(MOST_WASM_PAGES)];
  const code = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, [0x60, PARAMETERS.length, PARAMETERS, 0]),
    section(2, [text("host"), text("memory"), sharedMemory]),
    section(3, [0]),
    section(7, [text("products"), 0x00, 0]),
    section(10, [unsigned(bytesOf(PRODUCTS).length), PRODUCTS]),
  ];
  return Uint8Array.from(bytesOf(code));
}

/** A section with one entry. */
function section(id: number, entry: Code): Code {
  return [id, unsigned(bytesOf(entry).length + 1), 1, entry];
}

function text(value: string): Code {
  return [value.length, [...Buffer.from(value, "latin1")]];
}

function bytesOf(code: Code): number[] {
  return code.flatMap((each) => (typeof each === "number" ? each : bytesOf(each)));
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** LEB128 with a sign, for numbers from 0: the bit that stands for it must stay empty. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}
