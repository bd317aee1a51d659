import { parentPort, workerData } from "node:worker_threads";
import { asLayerError } from "../core/errors.ts";
import { gateInside } from "../core/thread-gate.ts";
import type { FromWriter, ToWriter, WriteTask } from "./embedded-protocol.ts";
import { type EmbeddedWriter, openWriter } from "./embedded-writer.ts";
import { isDamaging, storeError } from "./sqlite.ts";

// The writing thread: one group after the other. After a failure that leaves the state of the file in doubt it ends, and
// with it all that SQLite remembers of the file: whoever goes on is a fresh thread.
const port = parentPort;
if (!port) throw new Error("this file runs in a worker");
// The driver is native code, which the end of the process must not break into: not while it is loaded either.
const gate = gateInside(workerData as SharedArrayBuffer);
const post = (message: FromWriter) => port.postMessage(message, []);

let file = "";
let writer: EmbeddedWriter | undefined;

async function run(tasks: readonly WriteTask[]): Promise<void> {
  // Nobody waits for an answer any more.
  if (!gate.enter()) return;
  try {
    writer ??= await openWriter(file);
    post({ type: "done", results: writer.run(tasks) });
  } catch (error) {
    fail(error, writer === undefined || isDamaging(error));
  } finally {
    gate.leave();
  }
}

function close(): void {
  if (!gate.enter()) return;
  try {
    writer?.close();
    writer = undefined;
    post({ type: "closed" });
  } catch (error) {
    fail(error, true);
  } finally {
    gate.leave();
  }
}

function fail(thrown: unknown, ending: boolean): void {
  const { errorClass, message } = asLayerError(storeError(thrown, "cannot save to", file));
  post({ type: "failed", errorClass, message, ending });
  if (ending) port?.close();
}

port.on("message", (message: ToWriter) => {
  if (message.type === "open") file = message.file;
  else if (message.type === "group") void run(message.tasks);
  else close();
});
