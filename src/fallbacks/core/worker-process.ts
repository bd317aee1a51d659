import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { createFrameReader, toFrame } from "./frames.ts";
import { createLastWords } from "./last-words.ts";
import { argumentsOf, programOf } from "./program-of.ts";

/**
 * A process that runs a file of ours, as seen from outside: takes messages `To` and sends messages `From`, which are what the
 * structured clone takes. For code that must be able to fail as a whole, such as native libraries.
 */
export interface WorkerProcess<To = unknown, From = unknown> {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Is lost when the process has ended. */
  post(message: To): void;
  /**
   * In place of who listened before. `onEnd` is called once, when the process has ended by itself and what has come of it has been
   * heard, or soon if that was before, with the reason: `signal SIGSEGV` or `exit code 7` and its last line of error if there is
   * one, or why it could not be started. A process that sends what cannot be read, or at which `onMessage` throws, is ended.
   */
  listen(onMessage: (message: From) => void, onEnd: (reason: string) => void): void;
  /** Whether the process keeps this one alive; at first it does not. */
  hold(held: boolean): void;
  /** Ends it at once, whatever it is doing, without a word to who listens; returns when it is gone. May be called again. */
  end(): Promise<void>;
}

export interface WorkerProcessOptions {
  /** All that the process finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** For Node, beside what the program needs. Those of this process are not passed on. Default: none. */
  readonly flags?: readonly string[];
  /** For tests: the program in place of this process's Node. */
  readonly command?: string;
}

/**
 * Starts a process. Never throws: what goes wrong is a reason for `onEnd`. The channel is a pipe with frames of ours and not Node's
 * own, in which a byte that a dying process leaves ends whoever reads it. Its output is nobody's; of its errors the last line is kept.
 * @param file the program, which calls `openParentChannel`, as it is named from sources: `new URL("./some-worker.ts", import.meta.url)`.
 */
export function startWorkerProcess<To = unknown, From = unknown>(
  file: URL,
  options: WorkerProcessOptions,
): WorkerProcess<To, From> {
  type Listener = { readonly onMessage: (message: From) => void; readonly onEnd: (reason: string) => void };
  let listener: Listener | undefined;
  let reason: string | undefined;
  const tell = () => {
    if (reason === undefined || !listener) return;
    const { onEnd } = listener;
    listener = undefined;
    onEnd(reason);
  };
  const ended = (why: string) => {
    reason ??= why;
    tell();
  };
  const child = start(file, options, ended);
  const streams: readonly unknown[] = child?.stdio ?? [];
  const sockets = streams.filter((stream) => stream instanceof Socket);
  // Behind that for errors.
  const channel = sockets.at(-1);
  const words = createLastWords();
  const read = createFrameReader();
  const gone = new Promise<void>((resolve) => {
    if (child?.pid === undefined) resolve();
    child?.once("exit", () => resolve());
  });

  child?.once("close", (code, signal) => ended(endOf(code, signal, words.reason())));
  child?.on("error", (error) => {
    if (child.pid === undefined) ended(notStarted(error));
  });
  child?.stderr?.setEncoding("utf8").on("data", (text: string) => words.add(text));
  // To write to a process that ends fails; that it ends is what is told.
  for (const socket of sockets) socket.on("error", () => {});
  channel?.on("data", (piece) => {
    if (reason !== undefined) return;
    try {
      // Also around who listens: a process that is out of order sends messages of any shape.
      for (const message of read(piece)) listener?.onMessage(message as From);
    } catch (error) {
      child?.kill("SIGKILL");
      ended(`what it sent cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  });

  function hold(held: boolean): void {
    // One that is gone would take it for a wish to come, once for each time.
    for (const handle of [child, ...sockets.filter(({ destroyed }) => !destroyed)]) {
      if (held) handle?.ref();
      else handle?.unref();
    }
  }

  hold(false);
  return {
    pid: child?.pid,
    post(message) {
      if (channel?.writable) channel.write(toFrame(message));
    },
    listen(onMessage, onEnd) {
      listener = { onMessage, onEnd };
      if (reason !== undefined) queueMicrotask(tell);
    },
    hold,
    async end() {
      listener = undefined;
      child?.kill("SIGKILL");
      // Not for long, and somebody waits for it.
      hold(true);
      await gone;
      // A process of its own that has its standard error would keep them open.
      for (const socket of sockets) socket.destroy();
    },
  };
}

function start(
  file: URL,
  { environment, flags = [], command = process.execPath }: WorkerProcessOptions,
  ended: (reason: string) => void,
): ChildProcess | undefined {
  try {
    return spawn(command, [...flags, ...argumentsOf(programOf(file)), String(process.pid)], {
      env: environment,
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
  } catch (error) {
    // Most failures come as an event, but not those for want of memory or permission.
    ended(notStarted(error));
    return undefined;
  }
}

function notStarted(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return `it could not be started (${code})`;
}

function endOf(code: number | null, signal: NodeJS.Signals | null, words: string | undefined): string {
  const how = signal ? `signal ${signal}` : `exit code ${code}`;
  return words === undefined ? how : `${how}, ${words}`;
}
