import { parentPort } from "node:worker_threads";

parentPort?.on("message", () => {
  throw new Error("the worker died of the document");
});
