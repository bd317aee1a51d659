import { LayerError } from "../fallbacks/core/errors.ts";
import type { ThreadHold } from "../fallbacks/core/thread-hold.ts";
import { startWorkerThread, type WorkerThread } from "../fallbacks/core/worker-thread.ts";
import type { StoredDocument } from "./ingest.ts";
import { type LibraryChunk, libraryChunk } from "./library-chunk.ts";
import {
  createPreparing,
  LANGUAGES,
  type PassagesTask,
  type PreparedPassages,
  passagesTask,
  preparePassages,
} from "./prepare-passages.ts";
import type { FromPrepareWorker, ToPrepareWorker } from "./prepare-worker.ts";
import type { PreparedDocument, Preparer } from "./prepared.ts";
import { createTermsReceiver } from "./sent-terms.ts";
import { inSlices, type Work } from "./slices.ts";

/** Characters that are prepared before a thread is worth its start: a process with a few short documents never has one. */
const WITHOUT_THREAD = 65_536;

type PrepareThread = WorkerThread<ToPrepareWorker, FromPrepareWorker>;

export interface PreparerOptions {
  /** Works on the event loop, in slices, and makes no vectors. Default: in a thread, which keeps the process alive only as long as somebody waits. */
  readonly inline?: boolean;
  /** Hears of a thread that ended or could not be started, once until one has worked again. */
  readonly report?: (error: unknown, fields: object) => void;
  /** Characters of documents that are prepared on the event loop first, 0 or more. Default 65,536. */
  readonly withoutThread?: number;
  /** Holds the thread between two passages. Default: nobody does. */
  readonly hold?: Pick<ThreadHold, "shared">;
  /** Default: a thread that runs `prepare-worker.ts`. */
  readonly startThread?: () => PrepareThread;
}

/** Prepares one document after the other; what a thread could not do is done on the event loop. */
export function createPreparer(options: PreparerOptions = {}): Preparer {
  const { inline = false, report = () => {} } = options;
  const preparing = createPreparing();
  let left = options.withoutThread ?? WITHOUT_THREAD;
  const threaded = createThreaded(
    options.startThread ??
      (() => startWorkerThread(new URL("./prepare-worker.ts", import.meta.url), { data: options.hold?.shared })),
    report,
  );
  return {
    async prepare(document, { signal }) {
      if (signal.aborted) throw aborted();
      const task = passagesTask(document);
      left -= document.text.length;
      const there = inline || left >= 0 ? undefined : await threaded.prepare(task, signal);
      const passages = there ?? (await inSlices(preparePassages(task, preparing()), signal));
      return inSlices(assemble(document, passages), signal);
    },
    close: () => threaded.close(),
  };
}

type Settle = (passages: PreparedPassages | undefined) => void;

function createThreaded(start: () => PrepareThread, report: (error: unknown, fields: object) => void) {
  const waiting = new Map<number, Settle>();
  let thread: PrepareThread | undefined;
  let closed = false;
  let reported = false;
  let nextId = 1;

  function failed(error: unknown): void {
    thread = undefined;
    if (!reported) report(error, { doing: "preparing documents in a thread" });
    reported = true;
    for (const settle of waiting.values()) settle(undefined);
  }

  function listen(started: PrepareThread): PrepareThread {
    const receiver = createTermsReceiver();
    started.listen(
      ({ id, passages, terms: added }) => {
        reported = false;
        const terms = receiver.take(added);
        waiting.get(id)?.({ ...passages, words: { ...passages.words, terms } });
      },
      (reason) => failed(new Error(`the thread that prepares documents ended: ${reason}`)),
    );
    return started;
  }

  function forget(id: number): void {
    waiting.delete(id);
    if (waiting.size === 0) thread?.hold(false);
  }

  return {
    /** Undefined when the thread ended before it was done. @throws {LayerError} `aborted`. */
    prepare(task: PassagesTask, signal: AbortSignal): Promise<PreparedPassages | undefined> {
      return new Promise((resolve, reject) => {
        if (closed) return reject(aborted());
        const id = nextId++;
        const settle: Settle = (passages) => {
          forget(id);
          signal.removeEventListener("abort", leave);
          if (closed) reject(aborted());
          else resolve(passages);
        };
        const leave = () => {
          forget(id);
          thread?.post({ id });
          reject(aborted());
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.set(id, settle);
        try {
          thread ??= listen(start());
          thread.hold(true);
          thread.post({ id, task });
        } catch (error) {
          failed(error);
        }
      });
    },
    async close() {
      closed = true;
      const ending = thread;
      thread = undefined;
      for (const settle of waiting.values()) settle(undefined);
      await ending?.end();
    },
  };
}

function* assemble(document: StoredDocument, passages: PreparedPassages): Work<PreparedDocument> {
  const chunks: LibraryChunk[] = [];
  for (const [index, language] of passages.languages.entries()) {
    chunks.push(libraryChunk(document, index, LANGUAGES[language] ?? "en"));
    yield 2;
  }
  const prepared = { document, chunks, keys: partsOf(passages.keys), words: passages.words };
  return passages.vectors ? { ...prepared, vectors: passages.vectors } : prepared;
}

const partsOf = (text: string) => (text === "" ? [] : text.split("\n"));

const aborted = () => new LayerError("aborted", "the caller went away");
