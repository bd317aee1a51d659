import { startWorkerThread, type WorkerThread } from "../core/worker-thread.ts";
import type { FromWriter, ToWriter } from "./embedded-protocol.ts";

/** A thread that runs `embedded-worker.ts`. */
export type WritingThread = WorkerThread<ToWriter, FromWriter>;

export const startWritingThread = (): WritingThread =>
  startWorkerThread(new URL("./embedded-worker.ts", import.meta.url));
