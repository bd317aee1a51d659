import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A thread that runs `worker.ts`. */
export interface ModelThread {
  post(message: ToWorker): void;
  /** In place of who listened before, until `end`. `onEnd` is called when the thread has ended by itself, with the reason. */
  listen(onMessage: (message: FromWorker) => void, onEnd: (reason: string) => void): void;
  /** Whether the thread keeps the process alive; at first it does not. */
  hold(held: boolean): void;
  /** Stops the thread, whatever it is doing, but for a native call, which it waits for. */
  end(): Promise<void>;
}

export function startModelThread(): ModelThread {
  const worker = startWorker();
  let onMessage: (message: FromWorker) => void = () => {};
  let onEnd: (reason: string) => void = () => {};
  let reason: string | undefined;
  worker.on("message", (message: FromWorker) => onMessage(message));
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
      onMessage = () => {};
      onEnd = () => {};
      await worker.terminate();
    },
  };
}

/** Compiled, the worker is JavaScript beside this file; from sources it is TypeScript, which Node 20 needs tsx for. */
function startWorker(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url));
  const url = new URL("./worker.ts", import.meta.url);
  if ("typescript" in process.features && process.features.typescript) return new Worker(url);
  // Workers of Node 20 pass hooks of --import by for their first file. Registered only while our files load, tsx does not
  // slow down the library's.
  const tsx = import.meta.resolve("tsx/esm/api");
  const start = `import(${JSON.stringify(tsx)}).then(async ({ register }) => {
    const unregister = register();
    await import(${JSON.stringify(url.href)});
    await unregister();
  });`;
  return new Worker(start, { eval: true });
}
