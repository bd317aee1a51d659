import { Worker } from "node:worker_threads";
import { MEMORY_SIGNAL } from "./limits.ts";

/** In plain JavaScript, as it must run before anything is loaded. */
const guard = `
  const { parent, memory } = require("node:worker_threads").workerData;
  setInterval(() => {
    if (process.memoryUsage.rss() > memory) process.kill(process.pid, "${MEMORY_SIGNAL}");
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, 20);
`;

/**
 * A file can keep this process from hearing anything, so a thread beside looks after it: it ends the process when it takes too
 * much memory, or when the process that started it is gone.
 * @returns when it does so.
 */
export function guardProcess(memoryMb: number): Promise<void> {
  const workerData = { parent: process.ppid, memory: memoryMb * 1024 * 1024 };
  const watching = new Worker(guard, { eval: true, workerData });
  return new Promise((resolve) => watching.once("online", () => resolve()));
}
