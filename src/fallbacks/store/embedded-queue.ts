import { LayerError } from "../core/errors.ts";
import type { FromWriter, WriteResult, WriteTask } from "./embedded-protocol.ts";
import type { WritingThread } from "./writing-thread.ts";

/** What waits for the writing thread. */
export interface WriteQueue {
  /**
   * Does these tasks in this order, behind all that were posted before, and resolves when they are on the disk.
   * @throws {LayerError} `server`: any first part of them may have been done, the rest has not been and will not be.
   */
  post(tasks: readonly WriteTask[]): Promise<readonly WriteResult[]>;
  /** Whether there is a thread, and so a connection that writes. */
  readonly running: boolean;
  /** Finishes what was posted, empties the log and ends the thread. Post nothing afterwards. @throws {LayerError} `server`. */
  close(): Promise<void>;
}

interface Batch {
  readonly results: WriteResult[];
  readonly count: number;
  readonly resolve: (results: readonly WriteResult[]) => void;
  readonly reject: (error: LayerError) => void;
  failed: boolean;
}

interface Waiting {
  readonly task: WriteTask;
  readonly batch: Batch;
}

/** Of one group. Larger ones win nothing more and make those in front wait; a single operation may be larger. */
const GROUP_TASKS = 512;
const GROUP_CHARACTERS = 4_000_000;

/**
 * One group is with the thread, and all that comes meanwhile makes the next one. `start` is called at the first task, and
 * again after a thread has ended.
 */
export function createWriteQueue(file: string, start: () => WritingThread): WriteQueue {
  let waiting: Waiting[] = [];
  let group: readonly Waiting[] = [];
  let thread: WritingThread | undefined;
  let planned = false;
  /** Between its last answer and its end a thread takes nothing more. */
  let ending = false;
  let whenIdle: (() => void) | undefined;
  let whenClosed: { resolve: () => void; reject: (error: LayerError) => void } | undefined;

  function plan(): void {
    if (planned) return;
    planned = true;
    // Not at once: those who were answered together ask again together.
    setImmediate(() => {
      planned = false;
      pump();
    });
  }

  function pump(): void {
    if (group.length > 0 || ending) return;
    waiting = waiting.filter(({ batch }) => !batch.failed);
    if (waiting.length === 0) {
      thread?.hold(false);
      whenIdle?.();
      return;
    }
    group = waiting.splice(0, sizeOfGroup(waiting));
    thread ??= listenTo(start());
    thread.hold(true);
    thread.post({ type: "group", tasks: group.map(({ task }) => task) });
  }

  function listenTo(started: WritingThread): WritingThread {
    started.listen(hear, (reason) => {
      thread = undefined;
      ending = false;
      const error = new LayerError("server", `the writing thread ended (${reason}); what it had may have been saved`);
      fail(error);
      whenClosed?.reject(error);
      plan();
    });
    started.post({ type: "open", file });
    return started;
  }

  function hear(message: FromWriter): void {
    if (message.type === "closed") {
      whenClosed?.resolve();
      return;
    }
    if (message.type === "failed") {
      ending = message.ending;
      const error = new LayerError(message.errorClass, message.message);
      fail(error);
      whenClosed?.reject(error);
    } else {
      const answered = group;
      group = [];
      for (const [index, { batch }] of answered.entries()) settle(batch, message.results[index]);
    }
    plan();
  }

  function fail(error: LayerError): void {
    const failed = group;
    group = [];
    for (const { batch } of failed) {
      batch.failed = true;
      batch.reject(error);
    }
  }

  return {
    post(tasks) {
      return new Promise((resolve, reject) => {
        if (tasks.length === 0) {
          resolve([]);
          return;
        }
        const batch: Batch = { results: [], count: tasks.length, resolve, reject, failed: false };
        for (const task of tasks) waiting.push({ task, batch });
        plan();
      });
    },
    get running() {
      return thread !== undefined;
    },
    async close() {
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
        plan();
      });
      const last = thread;
      if (!last) return;
      try {
        await new Promise<void>((resolve, reject) => {
          whenClosed = { resolve, reject };
          last.hold(true);
          last.post({ type: "close" });
        });
      } finally {
        await last.end();
      }
    },
  };
}

function settle(batch: Batch, result: WriteResult | undefined): void {
  if (result === undefined) throw new Error("the writing thread left out a result");
  batch.results.push(result);
  if (batch.results.length === batch.count) batch.resolve(batch.results);
}

function sizeOfGroup(waiting: readonly Waiting[]): number {
  let characters = 0;
  const end = waiting.slice(0, GROUP_TASKS).findIndex(({ task }, index) => {
    if (task.kind === "operation") for (const { text } of task.writes) characters += text?.length ?? 0;
    return index > 0 && characters > GROUP_CHARACTERS;
  });
  return end === -1 ? GROUP_TASKS : end;
}
