import { readFileSync, writeFileSync } from "node:fs";
import { openParentChannel } from "../fallbacks/core/parent-channel.ts";
import { describeFailure } from "./describe-failure.ts";
import { createModelFetch } from "./download.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import type { FromWorker, LoadPlan, ToWorker } from "./protocol.ts";

// The worker, a process of its own: loads one model from one source, then runs one batch after the other. It never retries: that is a
// fresh worker.
const parent = openParentChannel<ToWorker, FromWorker>();

let model: LoadedModel | undefined;

async function load(plan: LoadPlan): Promise<void> {
  model = await loadModel(plan, createModelFetch(plan.source, parent.post));
  parent.post({ type: "loaded", width: model.width });
}

async function run({ id, batch }: Extract<ToWorker, { type: "run" }>): Promise<void> {
  try {
    if (!model) throw new Error("no model is loaded");
    parent.post({ type: "rows", id, ...(await model.run(batch)) });
  } catch (error) {
    parent.post({ type: "refused", id, message: describeFailure(error).message });
  }
}

const failed = (error: unknown) => parent.post({ type: "failed", ...describeFailure(error) });

/** How readily Linux ends this process where memory ends, from -1000 to 1000. */
const READINESS = "/proc/self/oom_score_adj";
const READY = 500;

/** Where memory ends, Linux ends this process before the server, whose answers go on without it. */
function goFirst(): void {
  try {
    if (Number(readFileSync(READINESS, "utf8")) < READY) writeFileSync(READINESS, String(READY));
  } catch {
    // Another system, or a container that does not allow it: then it is chosen by its size alone.
  }
}

goFirst();
// The library leaves promises behind whose rejection is the only sign that a load has failed.
process.on("unhandledRejection", failed);
parent.listen((message) => {
  if (message.type === "load") load(message.plan).catch(failed);
  else void run(message);
});
