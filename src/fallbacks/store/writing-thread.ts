import { createThreadGate } from "../core/thread-gate.ts";
import { startWorkerThread, type WorkerThread } from "../core/worker-thread.ts";
import type { FromWriter, ToWriter } from "./embedded-protocol.ts";

/** A thread that runs `embedded-worker.ts`, behind whose gate is all that it does with SQLite. */
export type WritingThread = WorkerThread<ToWriter, FromWriter>;

export function startWritingThread(): WritingThread {
  const gate = createThreadGate();
  return startWorkerThread(new URL("./embedded-worker.ts", import.meta.url), { data: gate.shared, gate });
}
