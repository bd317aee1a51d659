import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { ModelProcess } from "./model-process.ts";
import type { Batch, FromWorker } from "./protocol.ts";

export interface Job extends Batch {
  /** Goes before jobs that are not. */
  readonly urgent: boolean;
}

/** One row for each text, in order; undefined where the tokenizer knew nothing of the text. */
export type ModelRows = readonly (Float32Array | undefined)[];

/** Runs jobs on a loaded worker: one batch at a time, so that between two an urgent job or an abort is heard. */
export interface BatchRunner {
  /** @throws {LayerError} `aborted`; `server` when inference fails; what `stop` was given. */
  run(job: Job, signal: AbortSignal): Promise<ModelRows>;
  readonly handle: (message: FromWorker) => void;
  /** Rejects everything that is waiting; the runner is of no use afterwards. */
  stop(error: LayerError): void;
}

export interface BatchRunnerOptions {
  readonly worker: ModelProcess;
  readonly clock: Clock;
  /** Longest time of one batch in ms. */
  readonly batchMs: number;
  /** Texts in a batch. */
  readonly batchSize: number;
  /** A batch has exceeded its time. */
  readonly onHung: () => void;
}

interface Waiting {
  readonly job: Job;
  readonly rows: (Float32Array | undefined)[];
  next: number;
  readonly settle: (outcome: ModelRows | LayerError) => void;
}

export function createBatchRunner(options: BatchRunnerOptions): BatchRunner {
  const { worker, clock, batchSize } = options;
  let queue: readonly Waiting[] = [];
  let running: { readonly id: number; readonly waiting: Waiting; readonly cancelLimit: () => void } | undefined;
  let lastId = 0;
  let stopped: LayerError | undefined;

  function leave(waiting: Waiting): void {
    queue = queue.filter((other) => other !== waiting);
    // A batch that nobody waits for may still run, but it need not keep the process.
    if (queue.length === 0) worker.hold(false);
  }

  function pump(): void {
    if (running || stopped) return;
    const waiting = queue.find(({ job }) => job.urgent) ?? queue[0];
    if (!waiting) return;
    const { job, next } = waiting;
    const end = next + batchSize;
    lastId += 1;
    waiting.next = end;
    running = { id: lastId, waiting, cancelLimit: clock.after(options.batchMs, options.onHung, { background: true }) };
    const pairs = job.pairs?.slice(next, end);
    worker.post({ type: "run", id: lastId, batch: { texts: job.texts.slice(next, end), ...(pairs && { pairs }) } });
  }

  function finish(id: number): Waiting | undefined {
    if (running?.id !== id) return undefined;
    const { waiting, cancelLimit } = running;
    cancelLimit();
    running = undefined;
    return waiting;
  }

  return {
    run(job, signal) {
      if (stopped) return Promise.reject(stopped);
      if (signal.aborted) return Promise.reject(new LayerError("aborted", "the caller went away"));
      if (job.texts.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        const onAbort = () =>
          waiting.settle(new LayerError("aborted", "the caller went away", { cause: signal.reason }));
        const waiting: Waiting = {
          job,
          rows: [],
          next: 0,
          settle(outcome) {
            signal.removeEventListener("abort", onAbort);
            leave(waiting);
            if (outcome instanceof LayerError) reject(outcome);
            else resolve(outcome);
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        queue = [...queue, waiting];
        worker.hold(true);
        pump();
      });
    },
    handle(message) {
      if (message.type !== "rows" && message.type !== "refused") return;
      const waiting = finish(message.id);
      if (!waiting) return;
      if (message.type === "refused") {
        waiting.settle(new LayerError("server", `the model could not work: ${message.message}`));
      } else {
        waiting.rows.push(...rowsOf(message));
        if (waiting.next >= waiting.job.texts.length) waiting.settle(waiting.rows);
      }
      pump();
    },
    stop(error) {
      stopped = error;
      running?.cancelLimit();
      for (const waiting of queue) waiting.settle(error);
    },
  };
}

/** As many rows as there are numbers for: whoever asked counts them. Each is a copy, so that keeping one keeps one. */
function rowsOf({ data, width, usable }: Extract<FromWorker, { type: "rows" }>): ModelRows {
  const count = Number.isInteger(width) && width > 0 ? Math.floor(data.length / width) : 0;
  return Array.from({ length: count }, (_, at) =>
    usable[at] === false ? undefined : data.slice(at * width, (at + 1) * width),
  );
}
