import { startWorkerProcess, type WorkerProcess } from "../fallbacks/core/worker-process.ts";
import { modelEnvironment, modelFlags } from "./process-environment.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A process that runs `worker.ts`. */
export type ModelProcess = WorkerProcess<ToWorker, FromWorker>;

/**
 * A process and no thread: to end a thread while a native library starts or works in it aborts the whole process, and so
 * does whatever goes wrong in the library itself.
 */
export const startModelProcess = (): ModelProcess =>
  startWorkerProcess(new URL("./worker.ts", import.meta.url), {
    environment: modelEnvironment(process.env),
    flags: modelFlags(process.execArgv, process.env),
  });
