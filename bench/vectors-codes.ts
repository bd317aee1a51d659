import type { Vectors } from "../src/fallbacks/vectors/port.ts";
import { built } from "./built.ts";
import { processorTime, quantile, residentMb, write } from "./measure.ts";
import { createCorpus } from "./search-corpus.ts";
import { context, DIMENSION, fill, makeRows, rowOf } from "./vectors-rows.ts";

const COUNT = 100_000;
/** As a turn asks. */
const LIMIT = 25;
const QUESTIONS = 200;
const CHECKED = 60;
const WARM_UP = 30;
const PASSAGES_AT_ONCE = 500;

interface Set {
  readonly name: string;
  readonly dimension: number;
  readonly rows: Float32Array;
  readonly queries: Float32Array;
}

const { createMemoryVectors } = (await built(
  "fallbacks/vectors/memory",
)) as typeof import("../src/fallbacks/vectors/memory.ts");
const { createHashEmbeddings } = (await built(
  "fallbacks/embeddings/hash",
)) as typeof import("../src/fallbacks/embeddings/hash.ts");

/** What the product has for a passage and a question without any model. */
async function hashVectors(): Promise<Set> {
  const corpus = createCorpus();
  const hash = createHashEmbeddings();
  async function embed(count: number, kind: "document" | "query", textOf: (number: number) => string) {
    const found: Float32Array[] = [];
    for (let from = 0; from < count; from += PASSAGES_AT_ONCE) {
      const texts = Array.from({ length: Math.min(PASSAGES_AT_ONCE, count - from) }, (_, at) => textOf(from + at));
      const { vectors } = await hash.embed(texts, kind, context());
      for (const vector of vectors) if (vector) found.push(vector);
    }
    return found;
  }
  const passages = await embed(COUNT, "document", (number) => corpus.passage(number));
  const questions = await embed(QUESTIONS, "query", (number) => corpus.question(number));
  const dimension = passages[0]?.length ?? 0;
  return { name: "hash vectors of passages", dimension, rows: joined(passages), queries: joined(questions) };
}

function joined(vectors: readonly Float32Array[]): Float32Array {
  const dimension = vectors[0]?.length ?? 0;
  const all = new Float32Array(vectors.length * dimension);
  for (const [at, vector] of vectors.entries()) all.set(vector, at * dimension);
  return all;
}

/** Of all products, calculated with the numbers: those of the best. */
function bestScores({ rows, dimension }: Set, query: Float32Array): readonly number[] {
  const columns = [...query.keys()].filter((column) => query[column] !== 0);
  const scores = Float64Array.from({ length: rows.length / dimension }, (_, row) => {
    let product = 0;
    for (const column of columns) product += (rows[row * dimension + column] ?? 0) * (query[column] ?? 0);
    return product;
  });
  return [...scores.sort().subarray(-LIMIT)];
}

async function recall(port: Vectors, set: Set): Promise<number> {
  let found = 0;
  for (let index = 0; index < CHECKED; index += 1) {
    const query = rowOf(set.queries, index, set.dimension);
    const floor = Math.min(...bestScores(set, query)) - 1e-7;
    const hits = await port.query("s", query, LIMIT, context());
    found += hits.filter(({ score }) => score >= floor).length;
  }
  return found / (CHECKED * LIMIT);
}

async function measure(set: Set): Promise<void> {
  const { dimension, rows, queries } = set;
  const count = rows.length / dimension;
  const port = createMemoryVectors();
  const ask = (index: number) => port.query("s", rowOf(queries, index, dimension), LIMIT, context());
  try {
    const before = { mb: residentMb(process.pid), time: processorTime() };
    await fill(port, rows, count, dimension);
    const written = processorTime();
    const mb = residentMb(process.pid) - before.mb;
    for (let index = 0; index < WARM_UP; index += 1) await ask(index);
    const start = processorTime();
    const times: number[] = [];
    for (let index = 0; index < QUESTIONS; index += 1) {
      const startedAt = performance.now();
      await ask(index);
      times.push(performance.now() - startedAt);
    }
    const end = processorTime();
    const each = (from: number, to: number) => ((to - from) / QUESTIONS).toFixed(2);
    write(
      `${set.name}, ${count} x ${dimension}: processor time for a question ${each(start.others, end.others)} ms in the thread, ${each(start.main, end.main)} ms on the event loop; ` +
        `p50 ${quantile(times, 0.5).toFixed(1)}, p95 ${quantile(times, 0.95).toFixed(1)} ms; recall@${LIMIT} ${(await recall(port, set)).toFixed(3)}; ` +
        `written in ${(((written.main - before.time.main) / count) * 1e3).toFixed(1)} us of the event loop each; ${mb.toFixed(0)} MB`,
    );
  } finally {
    await port.close?.();
  }
}

/** What a question costs the scan, by codes before numbers, and what of the exact answer it finds. */
export async function codes(): Promise<void> {
  await measure(await hashVectors());
  const random = (name: string, apart: number): Set => {
    const [rows, queries] = [makeRows(COUNT, DIMENSION, 1, apart), makeRows(QUESTIONS, DIMENSION, 2, apart)];
    return { name, dimension: DIMENSION, rows, queries };
  };
  await measure(random("vectors as of a model", 1.5));
  await measure(random("clusters of near ties", 0.02));
}
