import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { openParentChannel } from "../../../src/fallbacks/core/parent-channel.ts";

/** What the process is asked to do. */
export type Order =
  | { readonly echo: unknown }
  | { readonly exit: number }
  | { readonly throw: string }
  | { readonly raise: NodeJS.Signals }
  | { readonly noise: string }
  | { readonly raw: readonly number[] }
  | { readonly last: string }
  | "environment"
  | "flags"
  | "block"
  | "child";

// Does what it is told, the worst included.
const parent = openParentChannel<Order, unknown>();
parent.listen((order) => {
  if (order === "block") for (;;);
  else if (order === "child") {
    // Has the standard error of this one, and outlives it.
    const waits = ["--eval", "setInterval(() => {}, 1000)"];
    parent.post(spawn(process.execPath, waits, { stdio: ["ignore", "ignore", "inherit"] }).pid);
  } else if (order === "environment") parent.post({ ...process.env });
  else if (order === "flags") parent.post(process.execArgv);
  else if ("echo" in order) parent.post(order.echo);
  else if ("exit" in order) process.exit(order.exit);
  else if ("throw" in order) throw new TypeError(order.throw);
  else if ("raise" in order) process.kill(process.pid, order.raise);
  else if ("noise" in order) {
    process.stdout.write(order.noise);
    process.stderr.write(order.noise, () => parent.post("written"));
  } else if ("raw" in order) writeSync(3, Buffer.from(order.raw));
  else {
    parent.post(order.last);
    process.exit(0);
  }
});
parent.post("ready");
