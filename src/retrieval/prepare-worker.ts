import { parentPort } from "node:worker_threads";
import { createTokenVectors } from "../fallbacks/embeddings/hash.ts";
import { type PassagesTask, type PreparedPassages, preparePassages } from "./prepare-passages.ts";
import { inSlices } from "./slices.ts";

/** Without a task: nobody waits for that one any more. */
export interface ToPrepareWorker {
  readonly id: number;
  readonly task?: PassagesTask;
}

export interface FromPrepareWorker {
  readonly id: number;
  readonly passages: PreparedPassages;
}

const vectors = createTokenVectors();
const wanted = new Map<number, AbortController>();
let queue: Promise<void> = Promise.resolve();

async function prepare(id: number, task: PassagesTask, { signal }: AbortController): Promise<void> {
  if (signal.aborted) return;
  const passages = await inSlices(preparePassages(task, vectors), signal);
  wanted.delete(id);
  const { starts, entries, counts, lengths } = passages.words;
  const moved = [
    starts,
    entries,
    counts,
    lengths,
    passages.languages,
    ...(passages.vectors ? [passages.vectors.values] : []),
  ];
  const answer: FromPrepareWorker = { id, passages };
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
