import { setImmediate as nextTurn } from "node:timers/promises";
import type { VectorRecord, Vectors } from "../src/fallbacks/vectors/port.ts";
import { built } from "./built.ts";
import { seeded } from "./search-corpus.ts";

export const DIMENSION = 384;
export const BATCH = 128;
/** Texts come in topics. */
const TOPICS = 2_000;

const { systemClock } = (await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts");
const { createContext } = (await built("fallbacks/core/context")) as typeof import("../src/fallbacks/core/context.ts");

export const context = () => createContext({ clock: systemClock, requestId: "bench", deadlineMs: 3_600_000 });

/** Unit vectors around the middles of topics, one behind the other. @param apart how far they are from these; 0: all the same. */
export function makeRows(count: number, dimension: number, seed: number, apart = 1.5): Float32Array {
  const ofTopics = seeded(0);
  const middles = Float32Array.from({ length: TOPICS * dimension }, () => ofTopics() - 0.5);
  const random = seeded(seed);
  const rows = new Float32Array(count * dimension);
  for (let row = 0; row < count; row += 1) {
    const topic = Math.floor(random() * TOPICS) * dimension;
    let squares = 0;
    for (let at = 0; at < dimension; at += 1) {
      const value = (middles[topic + at] ?? 0) + (random() - 0.5) * apart;
      rows[row * dimension + at] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let at = row * dimension; at < (row + 1) * dimension; at += 1) rows[at] = (rows[at] ?? 0) / length;
  }
  return rows;
}

export const rowOf = (rows: Float32Array, row: number, dimension = DIMENSION) =>
  rows.subarray(row * dimension, (row + 1) * dimension);
export const idOf = (row: number) => `doc_${row >> 6}.${row & 63}`;

export async function fill(port: Vectors, rows: Float32Array, count: number, dimension = DIMENSION): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    const records = Array.from({ length }, (_, at): VectorRecord => {
      return { id: idOf(from + at), vector: rowOf(rows, from + at, dimension) };
    });
    await port.upsert("s", records, context());
    await nextTurn();
  }
}
