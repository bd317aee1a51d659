import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { PackedWords, PreparedDocument } from "../src/retrieval/prepared.ts";
import { built } from "./built.ts";
import { quantile, write } from "./measure.ts";
import { createCorpus } from "./search-corpus.ts";

export interface WordsFigures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Of the index alone. */
  readonly mb: number;
  /** For a document of 50 passages. */
  readonly addMs: number;
}

export interface LibraryFigures {
  readonly mb: number;
  readonly saveMs: number;
  readonly lateMs: number;
  readonly readMs: number;
  readonly putMs: number;
}

const A_DOCUMENT = 50;
const QUESTIONS = 2_000;
/** The first of them: a peer may take hundreds of times as long. */
const PEER_QUESTIONS = 200;
const WARM_UP = 200;
const ADDED = 40;
/** Different passages of the file that is written: making more of them would take most of the time. */
const DIFFERENT = 2_000;

const corpus = createCorpus();
const { tokenise, NO_CARRY } = (await built("text/tokenise")) as typeof import("../src/text/tokenise.ts");
const { questionTerms } = (await built("retrieval/terms")) as typeof import("../src/retrieval/terms.ts");
const { createWordsPacker } = (await built("retrieval/words-pack")) as typeof import("../src/retrieval/words-pack.ts");
const { createTermCodes } = (await built("text/term-codes")) as typeof import("../src/text/term-codes.ts");
const codes = createTermCodes();
const termsOf = (text: string) => tokenise(text).map(({ term }) => term);

function usedMb(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

function documentAt(first: number): PackedWords {
  const packer = createWordsPacker(codes.terms);
  for (let number = first; number < first + A_DOCUMENT; number += 1) {
    packer.add(codes.tokenise(corpus.passage(number), NO_CARRY).tokens);
  }
  return packer.finish();
}

function timed(
  find: (question: string) => unknown,
  prepare: (question: string) => unknown,
  questions = QUESTIONS,
): number[] {
  const times: number[] = [];
  for (let number = 0; number < WARM_UP + questions; number += 1) {
    const question = corpus.question(number);
    prepare(question);
    const startedAt = performance.now();
    find(question);
    if (number >= WARM_UP) times.push(performance.now() - startedAt);
  }
  return times;
}

const figuresOf = (times: readonly number[], mb: number, addMs: number): WordsFigures => ({
  p50Ms: quantile(times, 0.5),
  p95Ms: quantile(times, 0.95),
  p99Ms: quantile(times, 0.99),
  mb,
  addMs,
});

async function words(passages: number): Promise<WordsFigures> {
  const { createBm25Index } = (await built("retrieval/bm25")) as typeof import("../src/retrieval/bm25.ts");
  documentAt(0);
  const before = usedMb();
  const index = createBm25Index();
  for (let first = 0; first < passages; first += A_DOCUMENT) index.put(`doc_${first}`, documentAt(first));
  const packing = index.compact();
  while (!packing.next().done);
  const mb = usedMb() - before;
  const adding: number[] = [];
  for (let number = 0; number < ADDED; number += 1) {
    const document = documentAt(passages + number * A_DOCUMENT);
    const startedAt = performance.now();
    index.put(`new_${number}`, document);
    adding.push(performance.now() - startedAt);
  }
  const times = timed((question) => index.search(questionTerms(question), 10), questionTerms);
  return figuresOf(times, mb, quantile(adding, 0.5));
}

async function minisearch(passages: number): Promise<WordsFigures | undefined> {
  const name = "minisearch";
  const found = (await import(name).catch(() => undefined)) as { readonly default: MiniSearchClass } | undefined;
  if (!found) return undefined;
  const before = usedMb();
  const index = new found.default({ fields: ["text"], tokenize: termsOf, processTerm: (term) => term });
  const add = (number: number) => index.add({ id: number, text: corpus.passage(number) });
  for (let number = 0; number < passages; number += 1) add(number);
  const mb = usedMb() - before;
  const times = timed((question) => index.search(question).slice(0, 10), questionTerms, PEER_QUESTIONS);
  return figuresOf(times, mb, Number.NaN);
}

/** What is used of it here. */
type MiniSearchClass = new (options: {
  readonly fields: readonly string[];
  readonly tokenize: (text: string) => readonly string[];
  readonly processTerm: (term: string) => string;
}) => { add(document: object): void; search(question: string): readonly unknown[] };

async function library(passages: number): Promise<LibraryFigures> {
  const { createLibrary } = (await built("retrieval/library")) as typeof import("../src/retrieval/library.ts");
  const { createPreparer } = (await built("retrieval/preparer")) as typeof import("../src/retrieval/preparer.ts");
  const { systemClock } = (await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts");
  const { createContext } = (await built(
    "fallbacks/core/context",
  )) as typeof import("../src/fallbacks/core/context.ts");
  const context = createContext({ clock: systemClock, requestId: "bench", deadlineMs: 3_600_000 });
  const preparer = createPreparer({ inline: true });
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  try {
    const file = join(directory, "words");
    const samples: PreparedDocument[] = [];
    for (let first = 0; first < DIFFERENT; first += A_DOCUMENT) {
      const texts = Array.from({ length: A_DOCUMENT }, (_, at) => corpus.passage(first + at));
      const chunks = texts.map((text, at) => ({ heading: "", start: at * 513, end: at * 513 + text.length }));
      const document = {
        documentId: `doc_${first}`,
        name: `${first}`,
        title: "Document",
        text: texts.join("\n"),
        chunks,
      };
      samples.push(await preparer.prepare(document, context));
    }
    const documents = Array.from({ length: passages / A_DOCUMENT }, (_, number) => {
      const sample = samples[number % samples.length] ?? samples[0];
      if (!sample) throw new Error("there is no document");
      return { ...sample, document: { ...sample.document, documentId: `doc_${number}`, name: `${number}` } };
    });
    const first = createLibrary({ file });
    for (const document of documents) first.put(document);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const savedAt = performance.now();
    await first.save();
    const saveMs = performance.now() - savedAt;
    delay.disable();
    const readAt = performance.now();
    const second = createLibrary({ file });
    const readMs = performance.now() - readAt;
    const putAt = performance.now();
    for (const { document } of documents) {
      const known = second.recall(document);
      if (!known) throw new Error("a document is not in the file");
      second.put(known);
    }
    second.recalled();
    const putMs = performance.now() - putAt;
    const mb = statSync(file).size / 1e6;
    return { mb, saveMs, lateMs: delay.max / 1e6, readMs, putMs };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const [what = "", passages = ""] = process.argv.slice(2);
const parts: Readonly<Record<string, (passages: number) => Promise<object | undefined>>> = {
  words,
  minisearch,
  library,
};
const figures = await parts[what]?.(Number(passages));
if (figures) write(JSON.stringify(figures));
