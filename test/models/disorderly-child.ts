import { openParentChannel } from "../../src/fallbacks/core/parent-channel.ts";
import type { LoadPlan, ToWorker } from "../../src/models/protocol.ts";

/** What a process sends that is out of order, by the name under which it is asked for. */
const messages = {
  null: () => null,
  undefined: () => undefined,
  text: () => "loaded",
  "no-flags": (id: number) => ({ type: "rows", id, width: 1, data: new Float32Array([1]), usable: null }),
  "no-numbers": (id: number) => ({ type: "rows", id, width: 1, data: null, usable: [true] }),
  "no-width": (id: number) => ({ type: "rows", id, width: "1", data: new Float32Array([1]), usable: [true] }),
};
export type Disorder = keyof typeof messages;

// Has a model in no time. The name of the model is what it sends in place of rows, or, behind `load/`, in place of having loaded.
const parent = openParentChannel<ToWorker, unknown>();
let plan: LoadPlan | undefined;
const send = (name = "", id = 0) => parent.post(messages[name as Disorder](id));
parent.listen((message) => {
  if (message.type === "run") return send(plan?.model, message.id);
  plan = message.plan;
  const [when, name] = plan.model.split("/");
  if (when === "load") send(name);
  else parent.post({ type: "loaded", width: 1 });
});
