import { type Transferable, Worker } from "node:worker_threads";
import { programOf } from "./program-of.ts";
import type { ThreadGate } from "./thread-gate.ts";

/**
 * A thread of this process that runs a file of ours, as seen from outside: takes messages `To` and sends messages `From`. A native
 * library that works, or is being loaded, when its thread is ended may end the whole process: it belongs behind a `gate`, and
 * what may hang there into a `WorkerProcess`.
 */
export interface WorkerThread<To = unknown, From = unknown> {
  /** What is in `transfer` is moved, not copied. */
  post(message: To, transfer?: readonly Transferable[]): void;
  /** In place of who listened before. `onEnd` is called once, when the thread has ended by itself, with the reason. */
  listen(onMessage: (message: From) => void, onEnd: (reason: string) => void): void;
  /** Whether the thread keeps the process alive; at first it does not. */
  hold(held: boolean): void;
  /** Stops the thread, whatever it is doing, but for a native call, which it waits for. */
  end(): Promise<void>;
}

export interface WorkerThreadOptions {
  /** What the worker finds as its `workerData`. */
  readonly data?: unknown;
  /** MB of JavaScript objects beyond which the thread ends by itself. Buffers are not among them. Default: as the process. */
  readonly memoryMb?: number;
  /** Of what must not be broken into. It is shut before the thread is ended, or the process by `process.exit`, with at most a second's wait. */
  readonly gate?: ThreadGate;
}

/** How long in ms an end waits for what is behind a gate. The end itself would wait for the same native call. */
const SHUT_MS = 1_000;

/** Of the threads that there are. */
const gates = new Set<ThreadGate>();
const shutGates = () => {
  for (const gate of gates) gate.shut(SHUT_MS);
};

/** @param file the worker as it is named from sources: `new URL("./some-worker.ts", import.meta.url)`. */
export function startWorkerThread<To = unknown, From = unknown>(
  file: URL,
  options: WorkerThreadOptions = {},
): WorkerThread<To, From> {
  const worker = startWorker(file, options);
  const { gate } = options;
  if (gate) watchOver(worker, gate);
  let onMessage: (message: From) => void = () => {};
  let onEnd: (reason: string) => void = () => {};
  let reason: string | undefined;
  worker.on("message", (message: From) => onMessage(message));
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on("exit", (code) => onEnd(reason ?? `exit code ${code}`));
  // Not before: to listen for messages takes hold of the process again.
  worker.unref();
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen(message, end) {
      onMessage = message;
      onEnd = end;
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    async end() {
      onMessage = () => {};
      onEnd = () => {};
      gate?.shut(SHUT_MS);
      await worker.terminate();
    },
  };
}

/** When a process ends by `process.exit`, its threads are ended behind those who listen to that. */
function watchOver(worker: Worker, gate: ThreadGate): void {
  if (gates.size === 0) process.on("exit", shutGates);
  gates.add(gate);
  worker.on("exit", () => {
    gates.delete(gate);
    if (gates.size === 0) process.off("exit", shutGates);
  });
}

function startWorker(file: URL, { data, memoryMb }: WorkerThreadOptions): Worker {
  const options = {
    workerData: data,
    ...(memoryMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
  };
  const program = programOf(file);
  // Workers of Node 20 pass hooks of --import by for their first file, so that code has to bring its own.
  return "code" in program ? new Worker(program.code, { ...options, eval: true }) : new Worker(program.file, options);
}
