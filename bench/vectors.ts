import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Vectors } from "../src/fallbacks/vectors/port.ts";
import { built } from "./built.ts";
import { quantile, residentMb, write } from "./measure.ts";
import { startChroma } from "./vectors-chroma.ts";
import { codes } from "./vectors-codes.ts";
import { BATCH, context, DIMENSION, fill, idOf, makeRows, rowOf } from "./vectors-rows.ts";

const SMALL = 20_000;
const LARGE = 100_000;
/** It takes long to store. */
const IN_CHROMA = 5_000;
/** What the hash embeddings have. */
const CACHED_DIMENSION = 512;
const LIMIT = 10;
const WARM_UP = 20;
const QUERIES = 200;
const CHECKED = 50;
const AT_ONCE = 16;

const { systemClock } = (await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts");
const { createMemoryVectors } = (await built(
  "fallbacks/vectors/memory",
)) as typeof import("../src/fallbacks/vectors/memory.ts");
const { createChromaVectors } = (await built(
  "fallbacks/vectors/chroma",
)) as typeof import("../src/fallbacks/vectors/chroma.ts");
const { createVectorCache } = (await built(
  "retrieval/vector-cache-files",
)) as typeof import("../src/retrieval/vector-cache-files.ts");

/** Milliseconds of one after the other. */
async function timed(count: number, run: (index: number) => Promise<unknown> | number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = -WARM_UP; index < count; index += 1) {
    const startedAt = performance.now();
    await run(Math.abs(index));
    if (index >= 0) times.push(performance.now() - startedAt);
  }
  return times;
}

const shown = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(1)}, p95 ${quantile(times, 0.95).toFixed(1)} ms`;

/** The first loop that comes to mind. */
function plainScan(rows: Float32Array, count: number, query: Float32Array): readonly number[] {
  const scores = new Float64Array(count);
  for (let row = 0; row < count; row += 1) {
    let product = 0;
    for (let at = 0; at < DIMENSION; at += 1) product += (rows[row * DIMENSION + at] ?? 0) * (query[at] ?? 0);
    scores[row] = product;
  }
  const best: number[] = [];
  for (let row = 0; row < count; row += 1) {
    const worst = best.at(-1);
    if (best.length === LIMIT && (scores[row] ?? 0) <= (scores[worst ?? 0] ?? 0)) continue;
    best.push(row);
    best.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    best.length = Math.min(best.length, LIMIT);
  }
  return best;
}

/** Reads as many bytes as fast as the C library can look for one that is not there. */
function readAll(bytes: Buffer): number {
  return bytes.indexOf(2);
}

async function recall(port: Vectors, rows: Float32Array, count: number, queries: Float32Array): Promise<number> {
  let found = 0;
  for (let index = 0; index < CHECKED; index += 1) {
    const exact = new Set(plainScan(rows, count, rowOf(queries, index)).map(idOf));
    const hits = await port.query("s", rowOf(queries, index), LIMIT, context());
    found += hits.filter(({ id }) => exact.has(id)).length;
  }
  return found / (CHECKED * LIMIT);
}

async function onTheLoop(rows: Float32Array, queries: Float32Array): Promise<void> {
  const port = createMemoryVectors();
  try {
    await fill(port, rows, SMALL);
    const ours = await timed(QUERIES, (index) => port.query("s", rowOf(queries, index), LIMIT, context()));
    const plain = await timed(QUERIES / 4, (index) => plainScan(rows, SMALL, rowOf(queries, index)).length);
    const ratio = quantile(plain, 0.5) / quantile(ours, 0.5);
    write(
      `${SMALL} x ${DIMENSION}, on the event loop: ${shown(ours)} (limit 15); a plain scan ${shown(plain)}; ratio of p50 ${ratio.toFixed(1)}; ` +
        `recall@${LIMIT} ${(await recall(port, rows, SMALL, queries)).toFixed(3)}`,
    );
  } finally {
    await port.close?.();
  }
}

async function offTheLoop(rows: Float32Array, queries: Float32Array): Promise<void> {
  const port = createMemoryVectors();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const before = residentMb(process.pid);
    await fill(port, rows, LARGE);
    write(`${LARGE} x ${DIMENSION} take ${(residentMb(process.pid) - before).toFixed(0)} MB, with their ids`);
    const bytes = Buffer.alloc(LARGE * DIMENSION * Float32Array.BYTES_PER_ELEMENT, 1);
    const ask = (index: number) => port.query("s", rowOf(queries, index), LIMIT, context());
    await timed(0, ask);
    const ours: number[] = [];
    const floor: number[] = [];
    // In turns, so that what else the machine does falls on both.
    for (let index = 0; index < QUERIES; index += 1) {
      delay.enable();
      const startedAt = performance.now();
      await ask(index);
      const answeredAt = performance.now();
      delay.disable();
      readAll(bytes);
      ours.push(answeredAt - startedAt);
      floor.push(performance.now() - answeredAt);
    }
    const ratio = quantile(ours, 0.95) / quantile(floor, 0.95);
    write(
      `${LARGE} x ${DIMENSION}, in a thread: ${shown(ours)}; reading all numbers, 4 bytes each, ${shown(floor)}; ratio of p95 ${ratio.toFixed(2)} (limit 3)`,
    );
    write(
      `the event loop meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)}, max ${(delay.max / 1e6).toFixed(1)} ms late`,
    );
    const plain = await timed(CHECKED, (index) => plainScan(rows, LARGE, rowOf(queries, index)).length);
    write(
      `a plain scan of the same: ${shown(plain)}; ratio of p50 ${(quantile(plain, 0.5) / quantile(ours, 0.5)).toFixed(1)}`,
    );
    const startedAt = performance.now();
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => ask(round * AT_ONCE + at)));
    }
    const each = (performance.now() - startedAt) / (10 * AT_ONCE);
    write(
      `${AT_ONCE} questions at once: ${each.toFixed(1)} ms each; recall@${LIMIT} ${(await recall(port, rows, LARGE, queries)).toFixed(3)}`,
    );
  } finally {
    await port.close?.();
  }
}

async function chroma(rows: Float32Array, queries: Float32Array): Promise<void> {
  const server = await startChroma();
  if (!server) return write("Chroma: not installed: npm ci --prefix tools/chroma");
  const port = createChromaVectors({ url: server.url, clock: systemClock, timeoutMs: 60_000 });
  const memory = createMemoryVectors();
  try {
    const startedAt = performance.now();
    await fill(port, rows, IN_CHROMA);
    const seconds = (performance.now() - startedAt) / 1_000;
    await fill(memory, rows, IN_CHROMA);
    const theirs = await timed(QUERIES, (index) => port.query("s", rowOf(queries, index), LIMIT, context()));
    const ours = await timed(QUERIES, (index) => memory.query("s", rowOf(queries, index), LIMIT, context()));
    const ratio = quantile(theirs, 0.5) / quantile(ours, 0.5);
    write(
      `${IN_CHROMA} x ${DIMENSION} in a Chroma server: ${shown(theirs)}, recall@${LIMIT} ${(await recall(port, rows, IN_CHROMA, queries)).toFixed(3)}, ` +
        `stored in ${seconds.toFixed(0)} s; in process ${shown(ours)}; ratio of p50 ${ratio.toFixed(1)}`,
    );
  } finally {
    await memory.close?.();
    await port.close?.();
    await server.close();
  }
}

async function fromTheCache(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const report = (error: unknown) => write(String(error));
  const rows = makeRows(BATCH, CACHED_DIMENSION, 3);
  const keys = Array.from({ length: LARGE }, (_, at) =>
    createHash("sha256").update(String(at)).digest().toString("base64url", 0, 16),
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const port = createMemoryVectors();
  try {
    const writing = createVectorCache({ directory, report });
    const startedAt = performance.now();
    for (let from = 0; from < LARGE; from += BATCH) {
      const some = keys.slice(from, from + BATCH);
      writing.put(
        "s",
        some.map((key, at) => ({ key, vector: rowOf(rows, at, CACHED_DIMENSION) })),
      );
      // As they are made: not all at once.
      if (from % (16 * BATCH) === 0) await writing.get("s", []);
    }
    await writing.close();
    const writtenAt = performance.now();
    const cache = createVectorCache({ directory, report });
    delay.enable();
    const readAt = performance.now();
    await cache.get("s", keys.slice(0, 1));
    const openAt = performance.now();
    for (let from = 0; from < LARGE; from += BATCH) {
      const found = await cache.get("s", keys.slice(from, from + BATCH));
      const records = found.flatMap((vector, at) => (vector ? [{ id: idOf(from + at), vector }] : []));
      await port.upsert("s", records, context());
      await nextTurn();
    }
    const endedAt = performance.now();
    delay.disable();
    if ((await port.count("s", context())) !== LARGE) throw new Error("the cache has lost vectors");
    await cache.close();
    write(
      `${LARGE} x ${CACHED_DIMENSION} from the cache: opened in ${(openAt - readAt).toFixed(0)} ms, read and in the index ${(endedAt - openAt).toFixed(0)} ms later; ` +
        `written in ${(writtenAt - startedAt).toFixed(0)} ms; the event loop while reading: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms late`,
    );
  } finally {
    await port.close?.();
    rmSync(directory, { recursive: true });
  }
}

/** Vectors in this process: on the event loop, in the thread, beside the limit of the memory, a plain scan and a Chroma server. */
export async function vectors(): Promise<void> {
  const rows = makeRows(LARGE, DIMENSION, 1);
  const queries = makeRows(QUERIES + WARM_UP, DIMENSION, 2);
  await onTheLoop(rows, queries);
  await offTheLoop(rows, queries);
  await codes();
  await fromTheCache();
  await chroma(rows, queries);
}
