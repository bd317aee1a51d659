import { parentPort, workerData } from "node:worker_threads";
import { createHeldStep } from "../fallbacks/core/thread-hold.ts";
import { createTokenVectors } from "../fallbacks/embeddings/hash.ts";
import { createPreparing, type PassagesTask, type PreparedPassages, preparePassages } from "./prepare-passages.ts";
import type { PackedWords } from "./prepared.ts";
import { createTermsSender, type NewTerms } from "./sent-terms.ts";
import { inSlices, type Work } from "./slices.ts";

/** Without a task: nobody waits for that one any more. */
export interface ToPrepareWorker {
  readonly id: number;
  readonly task?: PassagesTask;
}

export interface FromPrepareWorker {
  readonly id: number;
  readonly passages: Omit<PreparedPassages, "words"> & { readonly words: Omit<PackedWords, "terms"> };
  /** To be taken over before anything is done with the words, also when nobody waits for these any more. */
  readonly terms: NewTerms;
}

/** Only word that nobody wants it any more waits behind it. */
const SLICE = 16_384;

/** What holds this thread, if anything does. */
const held = workerData as SharedArrayBuffer | undefined;
const beforeStep = held ? createHeldStep(held) : () => {};
const preparing = createPreparing(createTokenVectors);
const sender = createTermsSender();
const wanted = new Map<number, AbortController>();
let queue: Promise<void> = Promise.resolve();

function* whileFree<T>(work: Work<T>): Work<T> {
  for (;;) {
    beforeStep();
    const step = work.next();
    if (step.done) return step.value;
    yield step.value;
  }
}

async function prepare(id: number, task: PassagesTask, { signal }: AbortController): Promise<void> {
  if (signal.aborted) return;
  const passages = await inSlices(whileFree(preparePassages(task, preparing())), signal, SLICE);
  wanted.delete(id);
  const { terms, ...words } = passages.words;
  const { starts, entries, counts, lengths } = words;
  const moved = [
    starts,
    entries,
    counts,
    lengths,
    passages.languages,
    ...(passages.vectors ? [passages.vectors.values] : []),
  ];
  const answer: FromPrepareWorker = { id, passages: { ...passages, words }, terms: sender.next(terms) };
  parentPort?.postMessage(
    answer,
    moved.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

parentPort?.on("message", ({ id, task }: ToPrepareWorker) => {
  if (!task) {
    wanted.get(id)?.abort();
    wanted.delete(id);
    return;
  }
  const controller = new AbortController();
  wanted.set(id, controller);
  queue = queue
    .then(() => prepare(id, task, controller))
    .catch((error: unknown) => {
      if (!controller.signal.aborted) throw error;
    });
});
