/**
 * Loops in WebAssembly with SIMD, written here instruction by instruction: a binary would have to be believed. The numbers
 * are those of the specification (webassembly.github.io/spec/core/binary).
 */

/** What the module exports. All addresses are bytes in its memory and, but for `code`, multiples of 4. */
export interface Kernel {
  /**
   * Codes of 8 bits for the numbers of a row, less those of the centre: each times the scale is the number but for half a scale at most.
   * @param size bytes of the row, a multiple of `ROW_BYTES`.
   * @param code where the code of the first number goes; each further one is `COLUMN_BYTES` behind the one before.
   * @param scale where the scale goes, as a float: the largest code is 127 or -127.
   */
  encode(row: number, size: number, centre: number, code: number, scale: number): void;
  /**
   * The products of a query with the codes of rows, as whole numbers: one to each four bytes from `out` up to `outEnd`, as many as a
   * multiple of `CODED_AT_ONCE`. They wrap around beyond 32 bits.
   * @param codes where the code of the first number of the first row is; those of the other rows follow it.
   * @param pairs of columns, at least one, up to `pairsEnd`, `PAIR_BYTES` each: how far behind `codes` the one and the other begins, then what
   * to multiply them with, 16 bits each with a sign.
   */
  codedProducts(codes: number, pairs: number, pairsEnd: number, out: number, outEnd: number): void;
  /**
   * The products of a query with `count` (at least 1) rows, which follow each other: one float each to `out`. Of two equal rows the
   * products are equal.
   * @param size bytes of a row and of the query, a multiple of `ROW_BYTES`.
   */
  products(rows: number, count: number, size: number, query: number, out: number): void;
}

/** The codes of one column are so many bytes, one for each row of a page. */
export const COLUMN_BYTES = 128;
/** Rows go through the loop over codes so many at a time. */
export const CODED_AT_ONCE = 32;
export const PAIR_BYTES = 12;
/** The loops over numbers go through a row in steps of so many bytes: 16 numbers. */
export const ROW_BYTES = 64;
/** A page of WebAssembly memory in bytes. */
export const WASM_PAGE = 65_536;
/** 4 GB. */
const MOST_WASM_PAGES = 65_536;

/** Bytes, in groups that read well. */
type Code = readonly (number | Code)[];

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const LOOP = [0x03, 0x40];
const END = 0x0b;
const REPEAT_IF = [0x0d, 0x00];
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const IS_LESS = 0x49;
const ADD_FLOATS = 0x92;
const DIVIDE_FLOATS = 0x95;
const LARGER_FLOAT = 0x97;
const STORE_FLOAT = [0x38, 0x02, 0x00];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const setAndKeep = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, signed(value)];
const float = (value: number) => [0x43, [...new Uint8Array(Float32Array.of(value).buffer)]];
/** The lowest byte of a whole number, so many bytes behind the address. */
const storeByte = (distance: number) => [0x3a, 0x00, unsigned(distance)];
/** A whole number, so many bytes behind the address. */
const loadWhole = (distance: number) => [0x28, 0x02, unsigned(distance)];

const simd = (code: number) => [0xfd, unsigned(code)];
const ZEROS = [simd(0x0c), Array.from({ length: 16 }, () => 0)];
/** Four floats, so many bytes behind the address. */
const load = (distance: number) => [simd(0x00), 0x02, unsigned(distance)];
const ADD_FOURS = simd(0xe4);
const SUBTRACT_FOURS = simd(0xe5);
const MULTIPLY_FOURS = simd(0xe6);
const SIZES_OF_FOUR = simd(0xe0);
const LARGER_FOURS = simd(0xe9);
const lane = (index: number) => [simd(0x1f), index];
const wholeLane = (index: number) => [simd(0x1b), index];
const FLOAT_FOUR_TIMES = simd(0x13);
/** Eight codes, each widened to 16 bits. */
const loadCodes = (distance: number) => [simd(0x01), 0x00, unsigned(distance)];
const FOUR_TIMES = simd(0x11);
/** Of eight and eight in turns those of the first halves, and of the second: two bytes each. */
const inTurns = (from: number) => [
  simd(0x0d),
  Array.from({ length: 16 }, (_, at) => from + (at >> 2) * 2 + (at & 1) + (at & 2) * 8),
];
const FIRST_HALVES = inTurns(0);
const SECOND_HALVES = inTurns(8);
/** Eight products of 16 bits, each two that follow each other added up: four sums. */
const MULTIPLY_PAIRS = simd(0xba);
const ADD_WHOLE_FOURS = simd(0xae);
const storeFour = (distance: number) => [simd(0x0b), 0x02, unsigned(distance)];

const PARAMETERS = Array.from({ length: 5 }, () => I32);
const addTo = (local: number, value: Code) => [get(local), value, ADD, set(local)];
const both = (first: Code, second: Code, add: number | Code) => [first, second, add];
const range = (length: number) => Array.from({ length }, (_, index) => index);

function createProducts(): Code {
  const [ROWS, COUNT, SIZE, QUERY, OUT, ROW_END, AT, SUMS] = [0, 1, 2, 3, 4, 5, 6, 7];
  /** Each addition waits for the one before it, so there are four sums side by side. */
  const sides = range(4);
  const sumOf = (side: number) => get(SUMS + side);
  const laneOf = (index: number) => [sumOf(0), lane(index)];
  const step: Code = [
    sides.map((side) => {
      const product = both([get(ROWS), load(16 * side)], [get(AT), load(16 * side)], MULTIPLY_FOURS);
      return [both(sumOf(side), product, ADD_FOURS), set(SUMS + side)];
    }),
    addTo(ROWS, constant(ROW_BYTES)),
    addTo(AT, constant(ROW_BYTES)),
  ];
  const sumUp: Code = [
    both(both(sumOf(0), sumOf(1), ADD_FOURS), both(sumOf(2), sumOf(3), ADD_FOURS), ADD_FOURS),
    set(SUMS),
    both(both(laneOf(0), laneOf(1), ADD_FLOATS), both(laneOf(2), laneOf(3), ADD_FLOATS), ADD_FLOATS),
  ];
  return [
    [2, [2, I32], [sides.length, V128]],
    LOOP,
    [get(ROWS), get(SIZE), ADD, set(ROW_END)],
    [get(QUERY), set(AT)],
    sides.map((side) => [ZEROS, set(SUMS + side)]),
    [LOOP, step, get(ROWS), get(ROW_END), IS_LESS, REPEAT_IF, END],
    [get(OUT), sumUp, STORE_FLOAT],
    addTo(OUT, constant(4)),
    [get(COUNT), constant(1), SUBTRACT, setAndKeep(COUNT), REPEAT_IF],
    [END, END],
  ];
}

const LARGEST_CODE = 127;
/** A number added to it is rounded to the nearest whole one, and its lowest byte is that number's. */
const ROUNDS = 1.5 * 2 ** 23;

function createEncode(): Code {
  const [ROW, SIZE, CENTRE, CODE, SCALE, AT, LARGEST] = [0, 1, 2, 3, 4, 5, 6];
  const [FOUR, INVERSE] = [7, 8];
  const lanes = range(4);
  const addressIn = (array: number) => both(get(array), get(AT), ADD);
  const four = both([addressIn(ROW), load(0)], [addressIn(CENTRE), load(0)], SUBTRACT_FOURS);
  const largest = (one: Code, other: Code) => both(one, other, LARGER_FLOAT);
  const laneOf = (index: number) => [get(FOUR), lane(index)];
  const next: Code = [get(AT), constant(16), ADD, setAndKeep(AT), get(SIZE), IS_LESS, REPEAT_IF, END];
  return [
    [3, [1, I32], [1, F32], [2, V128]],
    [ZEROS, set(FOUR)],
    [LOOP, both(get(FOUR), [four, SIZES_OF_FOUR], LARGER_FOURS), set(FOUR), next],
    [largest(largest(laneOf(0), laneOf(1)), largest(laneOf(2), laneOf(3))), set(LARGEST)],
    [get(SCALE), get(LARGEST), float(LARGEST_CODE), DIVIDE_FLOATS, STORE_FLOAT],
    // Where all are 0 it is infinite: their products with it are no numbers, whose lowest byte is 0.
    [float(LARGEST_CODE), get(LARGEST), DIVIDE_FLOATS, FLOAT_FOUR_TIMES, set(INVERSE)],
    [constant(0), set(AT)],
    LOOP,
    [both(four, get(INVERSE), MULTIPLY_FOURS), [float(ROUNDS), FLOAT_FOUR_TIMES], ADD_FOURS, set(FOUR)],
    lanes.map((index) => [get(CODE), get(FOUR), wholeLane(index), storeByte(COLUMN_BYTES * index)]),
    addTo(CODE, constant(COLUMN_BYTES * lanes.length)),
    next,
    END,
  ];
}

/** The sums of `CODED_AT_ONCE` rows stay in registers while all pairs of columns go by, so a column that is not asked for costs nothing. */
function createCodedProducts(): Code {
  const [CODES, PAIRS, PAIRS_END, OUT, OUT_END, AT, ONE, OTHER] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [WEIGHTS, LEFT, RIGHT, SUMS] = [8, 9, 10, 11];
  const sums = range(CODED_AT_ONCE / 4);
  const addProduct = (sum: number, halves: Code) => {
    const product = both([get(LEFT), get(RIGHT), halves], get(WEIGHTS), MULTIPLY_PAIRS);
    return [both(get(SUMS + sum), product, ADD_WHOLE_FOURS), set(SUMS + sum)];
  };
  const column = (distance: number) => both(get(CODES), [get(AT), loadWhole(distance)], ADD);
  const step: Code = [
    [column(0), set(ONE)],
    [column(4), set(OTHER)],
    [get(AT), loadWhole(8), FOUR_TIMES, set(WEIGHTS)],
    range(CODED_AT_ONCE / 8).map((eight) => [
      [get(ONE), loadCodes(8 * eight), set(LEFT)],
      [get(OTHER), loadCodes(8 * eight), set(RIGHT)],
      [addProduct(2 * eight, FIRST_HALVES), addProduct(2 * eight + 1, SECOND_HALVES)],
    ]),
    addTo(AT, constant(PAIR_BYTES)),
  ];
  return [
    [2, [3, I32], [3 + sums.length, V128]],
    LOOP,
    sums.map((sum) => [ZEROS, set(SUMS + sum)]),
    [get(PAIRS), set(AT)],
    [LOOP, step, get(AT), get(PAIRS_END), IS_LESS, REPEAT_IF, END],
    sums.map((sum) => [get(OUT), get(SUMS + sum), storeFour(16 * sum)]),
    addTo(CODES, constant(CODED_AT_ONCE)),
    addTo(OUT, constant(4 * CODED_AT_ONCE)),
    [get(OUT), get(OUT_END), IS_LESS, REPEAT_IF],
    [END, END],
  ];
}

/** A module that imports a shared memory as `memory` of `host`, and exports what `Kernel` says. */
export function kernelModule(): Uint8Array<ArrayBuffer> {
  const sharedMemory = [0x02, 0x03, unsigned(1), unsigned(MOST_WASM_PAGES)];
  const bodies = [createEncode(), createCodedProducts(), createProducts()];
  const code = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, [[0x60, PARAMETERS.length, PARAMETERS, 0]]),
    section(2, [[text("host"), text("memory"), sharedMemory]]),
    section(
      3,
      bodies.map(() => 0),
    ),
    section(7, [
      [text("encode"), 0x00, 0],
      [text("codedProducts"), 0x00, 1],
      [text("products"), 0x00, 2],
    ]),
    section(
      10,
      bodies.map((body) => [unsigned(bytesOf(body).length), body]),
    ),
  ];
  return Uint8Array.from(bytesOf(code));
}

function section(id: number, entries: Code): Code {
  return [id, unsigned(bytesOf(entries).length + 1), entries.length, entries];
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
