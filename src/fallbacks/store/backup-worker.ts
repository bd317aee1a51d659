import { parentPort, workerData } from "node:worker_threads";
import { asLayerError, type ErrorClass } from "../core/errors.ts";
import { gateInside } from "../core/thread-gate.ts";
import { type BackupTask, type FileReport, runBackupTask } from "./backup-tasks.ts";

/** What the thread is started with. */
export interface BackupWork {
  readonly task: BackupTask;
  /** Of the gate behind which all that it does with SQLite is. */
  readonly gate: SharedArrayBuffer;
}

/** The one message of the thread. */
export type BackupAnswer =
  | { readonly type: "done"; readonly report: FileReport | undefined }
  | { readonly type: "failed"; readonly errorClass: ErrorClass; readonly message: string };

const { task, gate: shared } = workerData as BackupWork;
// The driver is native code, which the end of the process must not break into: not while it is loaded either.
const gate = gateInside(shared);

async function answer(): Promise<BackupAnswer> {
  try {
    return { type: "done", report: await runBackupTask(task) };
  } catch (error) {
    const { errorClass, message } = asLayerError(error);
    return { type: "failed", errorClass, message };
  } finally {
    gate.leave();
  }
}

// No await at the top: Node 20 loads this file as CommonJS when it runs from sources.
// Shut before it began: nobody waits for an answer any more.
if (gate.enter()) void answer().then((message) => parentPort?.postMessage(message, []));
