import { parentPort } from "node:worker_threads";
import { describeFailure } from "./describe-failure.ts";
import { createModelFetch } from "./download.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import type { FromWorker, LoadPlan, ToWorker } from "./protocol.ts";

// The worker: loads one model from one source, then runs one batch after the other. It never retries: that is a fresh worker.
const port = parentPort;
if (!port) throw new Error("this file runs in a worker");
const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer);

let model: LoadedModel | undefined;

async function load(plan: LoadPlan): Promise<void> {
  model = await loadModel(
    plan,
    createModelFetch(plan.source, (message) => post(message)),
  );
  post({ type: "loaded", width: model.width });
}

async function run({ id, batch }: Extract<ToWorker, { type: "run" }>): Promise<void> {
  try {
    if (!model) throw new Error("no model is loaded");
    const rows = await model.run(batch);
    post({ type: "rows", id, ...rows }, [rows.data.buffer]);
  } catch (error) {
    post({ type: "refused", id, message: describeFailure(error).message });
  }
}

const failed = (error: unknown) => post({ type: "failed", ...describeFailure(error) });
// The library leaves promises behind whose rejection is the only sign that a load has failed.
process.on("unhandledRejection", failed);
port.on("message", (message: ToWorker) => {
  if (message.type === "load") load(message.plan).catch(failed);
  else void run(message);
});
