// Run by thread-gate.test.ts as a process of its own, whose thread is this file too: ends in the way it is told to while its thread works
// behind the gate, and says what happened.
import { writeSync } from "node:fs";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { createThreadGate, gateInside } from "../../../src/fallbacks/core/thread-gate.ts";
import { startWorkerThread } from "../../../src/fallbacks/core/worker-thread.ts";

const say = (word: string) => void writeSync(1, `${word}\n`);

const pause = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Works as native code does, deaf to everything, for a while longer than the gate is open. */
function work(shared: SharedArrayBuffer): void {
  const gate = gateInside(shared);
  if (!gate.enter()) throw new Error("the gate was shut from the beginning");
  parentPort?.postMessage("inside", []);
  while (gate.enter()) {
    gate.leave();
    pause(1);
  }
  pause(100);
  say("worked");
  gate.leave();
  if (gate.enter()) say("entered a gate that is shut");
}

function start(): void {
  const gate = createThreadGate();
  const thread = startWorkerThread(new URL("./thread-gate-child.ts", import.meta.url), { data: gate.shared, gate });
  thread.listen(
    () => {
      if (process.argv[2] === "exit") process.exit(1);
      void thread.end().then(() => say("ended"));
    },
    (reason) => say(reason),
  );
  thread.hold(true);
}

if (isMainThread) start();
else work(workerData as SharedArrayBuffer);
