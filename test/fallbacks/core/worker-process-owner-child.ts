import { startWorkerProcess } from "../../../src/fallbacks/core/worker-process.ts";
import type { Order } from "./worker-process-child.ts";

// Starts a process, tells which, and does what its argument says: `node this-file WHAT`.
const [what] = process.argv.slice(2);
const worker = startWorkerProcess<Order>(new URL("./worker-process-child.ts", import.meta.url), {
  environment: {},
});
worker.listen(
  (message) => {
    if (what === "end") {
      if (message === "ready") worker.post("child");
      else void worker.end().then(() => process.stdout.write(`${String(message)}\n`));
      return;
    }
    if (what === "block") worker.post("block");
    process.stdout.write(`${worker.pid}\n`);
    // Let go of it, and it is no reason to stay.
    if (what === "forget") worker.hold(false);
  },
  (reason) => process.stdout.write(`ended: ${reason}\n`),
);
if (what === "free") process.stdout.write(`${worker.pid}\n`);
else worker.hold(true);
