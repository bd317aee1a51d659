import { startWorkerThread, type WorkerThread } from "../fallbacks/core/worker-thread.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A thread that runs `worker.ts`. */
export type ModelThread = WorkerThread<ToWorker, FromWorker>;

export const startModelThread = (): ModelThread => startWorkerThread(new URL("./worker.ts", import.meta.url));
