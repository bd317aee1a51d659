import { parentPort } from "node:worker_threads";

// A thread that dies of the first thing that it is asked.
parentPort?.on("message", () => process.exit(3));
