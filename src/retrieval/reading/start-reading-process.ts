import { spawn } from "node:child_process";
import { argumentsOf, programOf } from "../../fallbacks/core/program-of.ts";
import { readingLimits } from "./limits.ts";
import type { ReadingJob } from "./parse-file.ts";
import type { ReadingAnswer } from "./reading-process.ts";

/** Why a process has ended: by a signal, by an exit code, or it never began. */
export type ProcessEnd = { readonly signal: NodeJS.Signals } | { readonly code: number } | { readonly failed: Error };

/** A process that reads files, one at a time. It does not outlive this one. */
export interface ReadingProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  send(job: ReadingJob): void;
  /** In place of who listened before. `onEnd` is called once. */
  listen(onAnswer: (answer: ReadingAnswer) => void, onEnd: (end: ProcessEnd) => void): void;
  /** Whether it keeps this process alive; at first it does not. */
  hold(held: boolean): void;
  /** Ends it at once, whatever it is doing, without a word to who listens; returns when it is gone. */
  end(): Promise<void>;
}

/**
 * A process and no thread: a thread whose memory is full takes the whole process with it when the next thing that it asks
 * for is large, such as a list that grows. It gets none of the environment, so that no secret is where files are read.
 * @param options.file the process's program as it is named from sources.
 * @param options.memoryMb beyond which it ends.
 */
export function startReadingProcess(options: { readonly file?: URL; readonly memoryMb?: number } = {}): ReadingProcess {
  const { file = new URL("./reading-process.ts", import.meta.url), memoryMb = readingLimits.memoryMb } = options;
  const heap = `--max-old-space-size=${readingLimits.heapMb}`;
  const child = spawn(process.execPath, [heap, ...argumentsOf(programOf(file)), String(memoryMb)], {
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  let onAnswer: (answer: ReadingAnswer) => void = () => {};
  let onEnd: ((end: ProcessEnd) => void) | undefined = () => {};
  const ended = (end: ProcessEnd) => {
    const hear = onEnd;
    onEnd = undefined;
    hear?.(end);
  };
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve();
      ended(signal ? { signal } : { code: code ?? 0 });
    });
    // It could not be started, or what was sent to it did not arrive: then it is on its way out.
    child.on("error", (failed) => {
      if (child.pid !== undefined) return;
      resolve();
      ended({ failed });
    });
  });
  child.on("message", (answer) => onAnswer(answer as ReadingAnswer));
  const hold = (held: boolean) => {
    const handles = [child, child.channel];
    for (const handle of handles) {
      if (held) handle?.ref();
      else handle?.unref();
    }
  };
  hold(false);
  return {
    pid: child.pid,
    send: (job) => void child.send(job),
    listen(answer, end) {
      onAnswer = answer;
      onEnd = end;
    },
    hold,
    async end() {
      onAnswer = () => {};
      onEnd = undefined;
      child.kill("SIGKILL");
      // Not for long, and somebody waits for it.
      hold(true);
      await gone;
    },
  };
}
