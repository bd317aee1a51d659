import { spawnSync } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { built } from "./built.ts";
import { write } from "./measure.ts";
import type { LibraryFigures, WordsFigures } from "./search-child.ts";
import { createCorpus } from "./search-corpus.ts";

/** Passages; 300000 is the other size that there is a limit for. */
const PASSAGES = Number(process.env["SEARCH_PASSAGES"] ?? 100_000);
const FEW = 1_000;
const PREPARED = 2_000;
const HOUR_MS = 3_600_000;

/** Each in a process of its own, for its memory. Undefined where what is measured is not installed. */
function measured(what: string, passages: number): unknown {
  const child = fileURLToPath(new URL("./search-child.ts", import.meta.url));
  const node = ["--expose-gc", "--max-old-space-size=8000", "--import", "tsx", child, what, String(passages)];
  const { stdout, stderr, status } = spawnSync(process.execPath, node, { encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
}

const ms = (value: number) => `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)} ms`;

function compare(): void {
  const few = measured("words", FEW) as WordsFigures;
  const ours = measured("words", PASSAGES) as WordsFigures;
  const limit = PASSAGES > 100_000 ? 6 : 2;
  write(
    `BM25, top 10, questions of six words, ${PASSAGES} passages: p50 ${ms(ours.p50Ms)}, p95 ${ms(ours.p95Ms)} (limit ${limit} ms), p99 ${ms(ours.p99Ms)}; ${ours.mb.toFixed(0)} MB`,
  );
  write(
    `adding a document of 50 passages: ${ms(ours.addMs)} at ${PASSAGES}, ${ms(few.addMs)} at ${FEW}; ratio ${(ours.addMs / few.addMs).toFixed(2)}`,
  );
  const theirs = measured("minisearch", PASSAGES) as WordsFigures | undefined;
  if (!theirs) return write("MiniSearch is not installed (npm ci in bench): not compared");
  write(
    `MiniSearch with the same terms: p50 ${ms(theirs.p50Ms)}, p95 ${ms(theirs.p95Ms)}, ${theirs.mb.toFixed(0)} MB; ours is ${(theirs.p95Ms / ours.p95Ms).toFixed(1)} times faster by p95, ${(theirs.p50Ms / ours.p50Ms).toFixed(1)} by p50 (limit 20), with ${(ours.mb / theirs.mb).toFixed(3)} of the memory (limit 0.2)`,
  );
}

async function prepare(): Promise<void> {
  const { createPreparer } = (await built("retrieval/preparer")) as typeof import("../src/retrieval/preparer.ts");
  const { systemClock } = (await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts");
  const { createContext } = (await built(
    "fallbacks/core/context",
  )) as typeof import("../src/fallbacks/core/context.ts");
  const context = createContext({ clock: systemClock, requestId: "bench", deadlineMs: HOUR_MS });
  const corpus = createCorpus();
  const preparer = createPreparer({ withoutThread: 0 });
  try {
    for (const [language, isWanted] of [
      ["English", (number: number) => number % 5 !== 0],
      ["Chinese", (number: number) => number % 5 === 0],
    ] as const) {
      const numbers = Array.from({ length: PREPARED * 6 }, (_, number) => number)
        .filter(isWanted)
        .slice(0, PREPARED);
      const texts = numbers.map((number) => corpus.passage(number));
      const chunks = texts.map((text, index) => ({ heading: "", start: index * 513, end: index * 513 + text.length }));
      const document = { documentId: "doc", name: "doc", title: "Document", text: texts.join("\n"), chunks };
      await preparer.prepare({ ...document, chunks: chunks.slice(0, 100) }, context);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const startedAt = performance.now();
      await preparer.prepare(document, context);
      const seconds = (performance.now() - startedAt) / 1000;
      delay.disable();
      write(
        `preparing ${PREPARED} ${language} passages in one thread: ${(PREPARED / seconds).toFixed(0)}/s (limit 2000 for all of ingestion); the event loop meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, at most ${(delay.max / 1e6).toFixed(1)} ms late`,
      );
    }
  } finally {
    await preparer.close();
  }
}

/** What finding passages by their words costs, beside MiniSearch. */
export async function search(): Promise<void> {
  compare();
  await prepare();
  const library = measured("library", PASSAGES) as LibraryFigures;
  write(
    `the words of ${PASSAGES} passages in their file: ${library.mb.toFixed(0)} MB, written in ${ms(library.saveMs)}, the event loop at most ${library.lateMs.toFixed(1)} ms late; read in ${ms(library.readMs)}, all documents put in ${ms(library.putMs)}`,
  );
}
