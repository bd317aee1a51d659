import { LayerError } from "../core/errors.ts";
import { createTop } from "../core/top.ts";
import type { VectorRecord, Vectors } from "./port.ts";

/** The vectors of one space, packed page behind page; a removed row is filled with the last one. */
interface Space {
  readonly dimension: number;
  readonly rows: Map<string, number>;
  readonly ids: string[];
  /** Grown by a page at a time, as copying everything would hold up all other work. */
  readonly pages: Float32Array[];
}

const PAGE_ROWS = 256;
const LARGEST_LIMIT = 1000;

/** Exact cosine similarity over everything, in this process: nothing to set up, nothing approximate, nothing kept. */
export function createMemoryVectors(): Vectors {
  const spaces = new Map<string, Space>();
  return {
    name: "memory",
    async upsert(name, records) {
      const first = records[0];
      if (!first) return;
      const space = spaces.get(name) ?? emptySpace(first.vector.length);
      const units = records.map((record) => unitOf(record.vector, space.dimension, record.id));
      spaces.set(name, space);
      records.forEach((record, index) => put(space, record, units[index] as Float32Array));
    },
    async remove(name, ids) {
      const space = spaces.get(name);
      if (space) for (const id of ids) drop(space, id);
    },
    async query(name, vector, limit) {
      if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
        throw new LayerError(
          "invalid_request",
          `limit is ${limit}; allowed is a whole number from 1 to ${LARGEST_LIMIT}`,
        );
      }
      const space = spaces.get(name);
      if (!space || space.ids.length === 0) return [];
      const { dimension, pages, ids } = space;
      const asked = unitOf(vector, dimension, "query");
      const top = createTop(limit);
      for (let row = 0; row < ids.length; row += 1) {
        const page = pages[Math.floor(row / PAGE_ROWS)] as Float32Array;
        let product = 0;
        const from = (row % PAGE_ROWS) * dimension;
        for (let at = 0; at < dimension; at += 1) product += (page[from + at] as number) * (asked[at] as number);
        if (product >= top.floor) top.offer(ids[row] as string, Math.max(-1, Math.min(1, product)));
      }
      return top.list();
    },
    async count(name) {
      return spaces.get(name)?.ids.length ?? 0;
    },
  };
}

function emptySpace(dimension: number): Space {
  return { dimension, rows: new Map(), ids: [], pages: [] };
}

function put(space: Space, record: VectorRecord, unit: Float32Array): void {
  let row = space.rows.get(record.id);
  if (row === undefined) {
    row = space.ids.length;
    space.rows.set(record.id, row);
    space.ids.push(record.id);
  }
  if (row >= space.pages.length * PAGE_ROWS) space.pages.push(new Float32Array(space.dimension * PAGE_ROWS));
  rowOf(space, row).set(unit);
}

function rowOf({ pages, dimension }: Space, row: number): Float32Array {
  const from = (row % PAGE_ROWS) * dimension;
  return (pages[Math.floor(row / PAGE_ROWS)] as Float32Array).subarray(from, from + dimension);
}

function drop(space: Space, id: string): void {
  const row = space.rows.get(id);
  if (row === undefined) return;
  space.rows.delete(id);
  const lastId = space.ids.pop() as string;
  if (lastId === id) return;
  rowOf(space, row).set(rowOf(space, space.ids.length));
  space.ids[row] = lastId;
  space.rows.set(lastId, row);
}

/** @throws {LayerError} `invalid_request` for a vector without a direction, or of another dimension. */
function unitOf(vector: Float32Array, dimension: number, id: string): Float32Array {
  if (vector.length !== dimension || dimension === 0) {
    throw new LayerError("invalid_request", `vector "${id}" has ${vector.length} numbers; this space has ${dimension}`);
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!Number.isFinite(squares)) {
    throw new LayerError("invalid_request", `vector "${id}" holds a value that is not a finite number`);
  }
  if (squares === 0) throw new LayerError("invalid_request", `vector "${id}" is all zero`);
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}
