import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { createTop } from "../core/top.ts";
import type { Space } from "./memory-space.ts";
import type { VectorHit } from "./port.ts";
import type { Scanner } from "./scan.ts";
import { MOST_QUERIES, ON_LOOP, PAGE_ROWS } from "./scan-arena.ts";
import { scanArenas } from "./scan-pages.ts";
import { createPlainScan } from "./scan-plain.ts";

/** Finds the rows of one space that are most similar to a question. */
export interface Search {
  /** @param unit of the space's dimension. @throws {LayerError} `aborted`. */
  query(unit: Float32Array, limit: number, context: CallContext): Promise<readonly VectorHit[]>;
}

interface Question {
  readonly unit: Float32Array;
  readonly limit: number;
  readonly resolve: (hits: readonly VectorHit[]) => void;
  readonly reject: (error: unknown) => void;
}

/** As many of the best may be removed while they are looked for. */
const SPARE = 16;

/** @param mostOnLoop numbers in the rows of a space that are gone through at once; more are left to the scanner. */
export function createSearch(space: Space, scanner: Scanner, mostOnLoop: number): Search {
  const { plan } = space.pages;
  /** In the order in which they came. */
  const waiting = new Set<Question>();
  let running = false;

  /** Whoever comes during a pass shares the next one. */
  async function pass(): Promise<void> {
    // Those who ask in the same turn of the event loop share one.
    await Promise.resolve();
    while (waiting.size > 0) {
      const questions = [...waiting].slice(0, MOST_QUERIES);
      try {
        await answer(questions);
      } catch (error) {
        for (const question of questions) {
          waiting.delete(question);
          question.reject(error);
        }
      }
    }
    running = false;
  }

  async function answer(questions: readonly Question[]): Promise<void> {
    const queries = questions.map(({ unit, limit }) => ({ vector: unit, wanted: limit + SPARE }));
    const { list, arenas } = space.pages;
    space.startReading();
    try {
      const found = await scanner.scan({ list, plan, arenas, count: space.ids.length }, queries);
      for (const [index, question] of questions.entries()) settle(question, found[index] ?? new Uint32Array());
    } finally {
      space.endReading();
    }
  }

  /** The scan names rows; what counts is what is there now. */
  function settle(question: Question, rows: Uint32Array): void {
    let lost = 0;
    for (const row of rows) if (space.ids[row] === undefined) lost += 1;
    // Better ones may have been left out. Whoever removes stops some time.
    if (lost > SPARE) return;
    waiting.delete(question);
    question.resolve(hitsOf(question, [rows, space.written]));
  }

  function hitsOf(
    { unit, limit }: Pick<Question, "unit" | "limit">,
    lists: readonly Iterable<number>[],
  ): readonly VectorHit[] {
    const top = createTop(limit);
    const plain = createPlainScan(unit, plan.stride);
    for (const rows of lists) {
      for (const row of rows) {
        const id = space.ids[row];
        if (id !== undefined) top.offer(id, similarity(plain.product(pageAt(row), row % PAGE_ROWS)));
      }
    }
    return top.list();
  }

  const pageAt = (row: number) => space.pages.list[Math.floor(row / PAGE_ROWS)] as Float32Array;

  function atOnce(unit: Float32Array, limit: number): readonly VectorHit[] {
    const { arenas } = space.pages;
    const { length } = space.ids;
    if (arenas) {
      // Rows that have gone since the thread began to read may be among the best.
      const wanted = limit + length - space.size;
      return hitsOf({ unit, limit }, scanArenas(arenas, plan, length, [{ vector: unit, wanted }], ON_LOOP));
    }
    const top = createTop(limit);
    const plain = createPlainScan(unit, plan.stride);
    for (let row = 0; row < length; row += PAGE_ROWS) {
      const many = Math.min(PAGE_ROWS, length - row);
      const found = plain.products(pageAt(row), many);
      for (let at = 0; at < many; at += 1) {
        const product = found[at] as number;
        const id = product >= top.floor ? space.ids[row + at] : undefined;
        if (id !== undefined) top.offer(id, similarity(product));
      }
    }
    return top.list();
  }

  return {
    async query(unit, limit, { signal }) {
      if (space.numbers <= mostOnLoop) return atOnce(unit, limit);
      if (signal.aborted) throw gone(signal);
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(question);
          reject(gone(signal));
        };
        const ended =
          <T>(settled: (value: T) => void) =>
          (value: T) => {
            signal.removeEventListener("abort", leave);
            settled(value);
          };
        const question: Question = { unit, limit, resolve: ended(resolve), reject: ended(reject) };
        signal.addEventListener("abort", leave, { once: true });
        waiting.add(question);
        if (running) return;
        running = true;
        void pass();
      });
    },
  };
}

/** Rounding makes vectors a little longer than 1. */
function similarity(product: number): number {
  return Math.max(-1, Math.min(1, product));
}

function gone({ reason }: AbortSignal): LayerError {
  return new LayerError("aborted", "the caller went away", { cause: reason });
}
