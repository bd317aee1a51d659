import { parentPort, workerData } from "node:worker_threads";
import { asLayerError, type ErrorClass } from "../core/errors.ts";
import { type BackupTask, type FileReport, runBackupTask } from "./backup-tasks.ts";

/** The one message of the thread. */
export type BackupAnswer =
  | { readonly type: "done"; readonly report: FileReport | undefined }
  | { readonly type: "failed"; readonly errorClass: ErrorClass; readonly message: string };

async function answer(): Promise<BackupAnswer> {
  try {
    return { type: "done", report: await runBackupTask(workerData as BackupTask) };
  } catch (error) {
    const { errorClass, message } = asLayerError(error);
    return { type: "failed", errorClass, message };
  }
}

// No await at the top: Node 20 loads this file as CommonJS when it runs from sources.
void answer().then((message) => parentPort?.postMessage(message, []));
