import type { Clock } from "../../fallbacks/core/clock.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import type { ParsedDocument } from "../parse.ts";
import { isPacked } from "./kinds.ts";
import { inMb, MEMORY_SIGNAL, readingLimits } from "./limits.ts";
import type { ReadingJob } from "./parse-file.ts";
import type { ProcessEnd, ReadingProcess } from "./start-reading-process.ts";
import { Unreadable } from "./unreadable.ts";

/** Reads files one after the other in a process that is started when it is needed. */
export interface ReadingHelper {
  /**
   * In the order of the calls.
   * @throws {Unreadable} with the reason, also when the file kept the process busy too long, or ended it.
   * @throws {LayerError} `aborted`; `server` when no process can be started.
   */
  read(job: ReadingJob, signal: AbortSignal): Promise<ParsedDocument>;
  /** Ends the process; what is being read is aborted. */
  close(): Promise<void>;
}

export interface ReadingHelperOptions {
  readonly clock: Clock;
  readonly start: () => ReadingProcess;
  /** Milliseconds that one file may take. */
  readonly timeMs: number;
  /** Milliseconds after which a process without work is ended. */
  readonly idleMs: number;
}

/** How often a file is read again after its process went away for no reason that is known. */
const TRIES = 2;

export function createReadingHelper({ clock, start, timeMs, idleMs }: ReadingHelperOptions): ReadingHelper {
  /** Of all who wait. */
  const open = new Set<AbortController>();
  let current: ReadingProcess | undefined;
  let stopIdle = () => {};
  let last: Promise<unknown> = Promise.resolve();

  async function drop(): Promise<void> {
    const dropped = current;
    current = undefined;
    await dropped?.end();
  }

  /** The next file must not meet a process that is on its way out. */
  async function dropAnd(then: () => void): Promise<void> {
    await drop();
    then();
  }

  async function readNow(job: ReadingJob, signal: AbortSignal): Promise<ParsedDocument> {
    for (let left = TRIES; ; left -= 1) {
      if (signal.aborted) throw aborted();
      const end = await attempt(job, signal);
      if ("document" in end) return end.document;
      if ("failed" in end)
        throw new LayerError("server", `no process to read files in: ${end.failed.message}`, { cause: end.failed });
      if ("signal" in end && (end.signal === MEMORY_SIGNAL || end.signal === "SIGABRT")) throw tooMuchMemory(job);
      if (left <= 1) throw new Unreadable("ended the process that reads it");
    }
  }

  /** Returns the document, or how the process ended. */
  function attempt(job: ReadingJob, signal: AbortSignal): Promise<{ readonly document: ParsedDocument } | ProcessEnd> {
    return new Promise((resolve, reject) => {
      current ??= start();
      const used = current;
      const settle = () => {
        stopTimer();
        signal.removeEventListener("abort", onAbort);
        used.hold(false);
        used.listen(nothing, () => {
          if (current === used) current = undefined;
        });
      };
      const giveUp = (error: Error) => {
        settle();
        void dropAnd(() => reject(error));
      };
      const onAbort = () => giveUp(aborted());
      const onTime = () => giveUp(new Unreadable(`takes longer than ${timeMs / 1_000} s to read`));
      const stopTimer = clock.after(timeMs, onTime, { background: true });
      signal.addEventListener("abort", onAbort, { once: true });
      used.listen(
        (answer) => {
          // A parser that threw what nobody expects may be in any state.
          if ("defect" in answer) giveUp(new Unreadable(DAMAGED, { cause: new Error(answer.defect) }));
          else {
            settle();
            if ("document" in answer) resolve(answer);
            else reject(new Unreadable(answer.unreadable));
          }
        },
        (end) => {
          settle();
          current = undefined;
          resolve(end);
        },
      );
      // Somebody waits for the answer.
      used.hold(true);
      used.send(job);
    });
  }

  return {
    async read(job, signal) {
      if (signal.aborted) throw aborted();
      const leaving = new AbortController();
      const leave = () => leaving.abort();
      signal.addEventListener("abort", leave, { once: true });
      open.add(leaving);
      stopIdle();
      const turn = last.then(() => readNow(job, leaving.signal));
      last = turn.catch(nothing);
      try {
        return await untilAborted(turn, leaving.signal);
      } finally {
        signal.removeEventListener("abort", leave);
        open.delete(leaving);
        if (open.size === 0) stopIdle = clock.after(idleMs, () => void drop(), { background: true });
      }
    },
    async close() {
      for (const leaving of open) leaving.abort();
      await last;
      stopIdle();
      await drop();
    },
  };
}

const DAMAGED = "is damaged, or not what its name says";
const nothing = () => {};
const aborted = () => new LayerError("aborted", "nobody waits for the file any more");

/** Who stops waiting for their turn hears so at once. */
function untilAborted<T>(turn: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(aborted()), { once: true });
    turn.then(resolve, reject);
  });
}

function tooMuchMemory({ kind }: ReadingJob): Unreadable {
  const bomb = isPacked(kind) ? " (a bomb?)" : "";
  return new Unreadable(`takes more than ${inMb(readingLimits.memoryMb * 1024 * 1024)} of memory to read${bomb}`);
}
