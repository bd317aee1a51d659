import { createTop } from "../core/top.ts";
import { checkLimit, pageOf, unitOf } from "./check.ts";
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
      checkLimit(limit);
      const space = spaces.get(name);
      const asked = unitOf(vector, space?.dimension ?? vector.length, "query");
      if (!space) return [];
      const { dimension, pages, ids } = space;
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
    async ids(name, { after, limit }) {
      checkLimit(limit, Number.MAX_SAFE_INTEGER);
      return pageOf(spaces.get(name)?.ids ?? [], after, limit);
    },
    async get(name, ids) {
      const space = spaces.get(name);
      if (!space) return [];
      return [...new Set(ids)].flatMap((id) => {
        const row = space.rows.get(id);
        return row === undefined ? [] : [{ id, vector: rowOf(space, row).slice() }];
      });
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
