import type { ModelProcess } from "../../src/models/model-process.ts";
import type { Batch, FromWorker, LoadPlan } from "../../src/models/protocol.ts";

/** A process that does what a test says, and shows what was asked of it. */
export interface ScriptedProcess extends ModelProcess {
  /** What it was told to load. */
  readonly plan: LoadPlan | undefined;
  /** Batches in the order in which they came. */
  readonly batches: readonly Batch[];
  readonly held: boolean;
  readonly ended: boolean;
  say(message: FromWorker): void;
  /** Answers the latest batch: one number for each text, its length. */
  answer(): void;
  /** Answers the latest batch with an error. */
  refuse(message: string): void;
  /** Ends by itself. */
  crash(reason: string): void;
}

export function createScriptedProcess(): ScriptedProcess {
  let onMessage: (message: FromWorker) => void = () => {};
  let onEnd: (reason: string) => void = () => {};
  let plan: LoadPlan | undefined;
  let held = false;
  let ended = false;
  let latest = 0;
  const batches: Batch[] = [];
  return {
    get plan() {
      return plan;
    },
    get held() {
      return held;
    },
    get ended() {
      return ended;
    },
    pid: undefined,
    batches,
    post(message) {
      if (message.type === "load") plan = message.plan;
      else {
        latest = message.id;
        batches.push(message.batch);
      }
    },
    listen(message, end) {
      onMessage = message;
      onEnd = end;
    },
    hold(next) {
      held = next;
    },
    async end() {
      ended = true;
      onMessage = () => {};
      onEnd = () => {};
    },
    say: (message) => onMessage(message),
    answer() {
      const texts = batches.at(-1)?.texts ?? [];
      const data = new Float32Array(texts.map((text) => text.length));
      onMessage({ type: "rows", id: latest, width: 1, data, usable: texts.map(() => true) });
    },
    refuse: (message) => onMessage({ type: "refused", id: latest, message }),
    crash: (reason) => onEnd(reason),
  };
}
