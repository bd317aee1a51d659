import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** A thread that runs one of the workers beside this file, as seen from outside. */
export interface SqliteThread {
  post(message: unknown): void;
  /** In place of who listened before. `onEnd` is called once, when the thread has ended, with the reason. */
  listen(onMessage: (message: unknown) => void, onEnd: (reason: string) => void): void;
  /** Whether the thread keeps the process alive; at first it does not. */
  hold(held: boolean): void;
  /** Stops the thread, whatever it is doing, but for a native call, which it waits for. */
  end(): Promise<void>;
}

/** As they are named from sources. */
const workers = {
  writer: new URL("./embedded-worker.ts", import.meta.url),
  backup: new URL("./backup-worker.ts", import.meta.url),
} as const;

/** `data` is the worker's `workerData`. */
export function startSqliteThread(name: keyof typeof workers, data?: unknown): SqliteThread {
  const worker = startWorker(workers[name], data);
  let onMessage: (message: unknown) => void = () => {};
  let onEnd: (reason: string) => void = () => {};
  let reason: string | undefined;
  worker.on("message", (message: unknown) => onMessage(message));
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on("exit", (code) => onEnd(reason ?? `exit code ${code}`));
  // Not before: to listen for messages takes hold of the process again.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message, []),
    listen(message, end) {
      onMessage = message;
      onEnd = end;
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    async end() {
      await worker.terminate();
    },
  };
}

/** Compiled, a worker is JavaScript beside this file; from sources it is TypeScript, which Node 20 needs tsx for. */
function startWorker(url: URL, workerData: unknown): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(url.href.replace(/ts$/, "js")), { workerData });
  if ("typescript" in process.features && process.features.typescript) return new Worker(url, { workerData });
  // Workers of Node 20 pass hooks of --import by for their first file. As CommonJS it loads in half the time of a module, for
  // which tsx starts a thread of its own.
  const tsx = createRequire(import.meta.url).resolve("tsx/cjs/api");
  const path = JSON.stringify(fileURLToPath(url));
  return new Worker(`require(${JSON.stringify(tsx)}).require(${path}, ${path});`, { eval: true, workerData });
}
