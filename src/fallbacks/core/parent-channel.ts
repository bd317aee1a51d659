import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { createFrameReader, toFrame } from "./frames.ts";

/** The other end of a `WorkerProcess`, inside of it: takes messages `To` and sends messages `From`. */
export interface ParentChannel<To = unknown, From = unknown> {
  readonly post: (message: From) => void;
  /** In place of who listened before. */
  readonly listen: (onMessage: (message: To) => void) => void;
}

/** Behind standard input, output and errors. */
const CHANNEL = 3;
const LOOK_MS = 500;

/** In plain JavaScript, as it must run at once, whatever is loaded beside it. */
const watcher = `
  const { parent, every } = require("node:worker_threads").workerData;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, every);
`;

/**
 * Opens the channel to whoever has started this process, and ties this process to that one: it is ended by it or with it, never before
 * by a signal to all of a terminal or a service, such as Ctrl-C, which that one may still answer requests after. It ends at
 * once and without a word, as native code that is at work can hold up an orderly end, or turn it into a crash.
 */
export function openParentChannel<To, From>(): ParentChannel<To, From> {
  let hear: (message: To) => void = () => {};
  const read = createFrameReader();
  const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
  const endNow = () => process.kill(process.pid, "SIGKILL");
  channel.on("data", (piece) => {
    for (const message of read(piece)) hear(message as To);
  });
  channel.on("error", endNow);
  channel.on("close", endNow);
  // Code that does not come back keeps this one from hearing that the channel is closed.
  const parent = Number(process.argv.at(-1));
  // oxlint-disable-next-line no-new -- it has nothing to say.
  new Worker(watcher, { eval: true, workerData: { parent, every: LOOK_MS } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  return {
    post: (message) => void channel.write(toFrame(message)),
    listen(onMessage) {
      hear = onMessage;
    },
  };
}
