import type { Clock } from "../core/clock.ts";
import { type CallContext, createContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Mutex } from "./mutex.ts";
import { countWithin } from "./operations.ts";
import type { Draft } from "./outbox-entry.ts";
import type { Committed } from "./port.ts";

/** One caller's operation in a batch. Only the first answer counts. */
export interface Member extends Draft {
  resolve(served: Served<Committed>): void;
  reject(error: LayerError): void;
}

/** Operations that come while a batch is under way form the next one. */
export interface Batcher {
  /**
   * What the batch answers. A caller that leaves, or whose deadline passes, stops waiting, and its operation may be done all
   * the same; those that share the batch notice nothing.
   * @throws {LayerError} `aborted` or `timeout`; else what the batch says of this operation.
   */
  add(draft: Draft, context: CallContext): Promise<Served<Committed>>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

const MOST_AT_ONCE = 256;
const BYTES_AT_ONCE = 1024 * 1024;
/** For one batch, in ms: its steps have limits of their own. */
const BATCH_MS = 60_000;
/** A batch gets at least so long, in ms: somebody who has hardly any time left must not make the shared store look away to all. */
const LEAST_MS = 100;

interface Waiting extends Member {
  readonly context: CallContext;
}

export function createBatcher(options: {
  readonly clock: Clock;
  /** Held while a batch runs. */
  readonly mutex: Mutex;
  /** Answers every member. What it throws goes to those that have no answer yet. */
  readonly run: (members: readonly Member[], context: CallContext) => Promise<void>;
}): Batcher {
  const { clock, mutex, run } = options;
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  /** Of the batch that is under way. */
  let current: CallContext | undefined;

  /** What happened to the batch happened to each of its members. */
  function tell({ trail, step }: CallContext, { degraded }: Served<Committed>): void {
    for (const attempt of current?.trail.attempts() ?? []) trail.attempt({ ...attempt, step });
    if (degraded) trail.note(degraded);
  }

  /** The next batch. Whoever has left, or is too late, is not in it. */
  function take(): readonly Waiting[] {
    const here = queue.filter((waiting) => {
      const { signal, deadline } = waiting.context;
      if (signal.aborted) waiting.reject(new LayerError("aborted", "the caller went away"));
      else if (deadline.remaining() > 0) return true;
      else waiting.reject(new LayerError("timeout", "the deadline passed while waiting"));
      return false;
    });
    const some = here.slice(0, MOST_AT_ONCE);
    const count = countWithin(
      some.map(({ bytes }) => bytes),
      BYTES_AT_ONCE,
    );
    queue = here.slice(count);
    return here.slice(0, count);
  }

  async function runNext(): Promise<void> {
    const members = take();
    if (members.length === 0) return;
    // So that whoever has the least time still hears that it was saved here, where the shared store is slow.
    const shortest = Math.min(BATCH_MS, ...members.map(({ context }) => context.deadline.remaining()));
    const context = createContext({ clock, requestId: "store-batch", deadlineMs: Math.max(LEAST_MS, shortest) });
    current = context;
    try {
      await run(members, context);
    } catch (thrown) {
      const error = asLayerError(thrown);
      for (const member of members) member.reject(error);
    }
  }

  async function runAll(): Promise<void> {
    while (queue.length > 0) {
      const context = createContext({ clock, requestId: "store-batch", deadlineMs: BATCH_MS });
      // It fails only when the mutex cannot be had in all that time; those who still wait are tried again.
      await mutex.run(context, runNext).catch(() => undefined);
    }
    running = undefined;
  }

  return {
    add(draft, context) {
      const limits = { clock, signal: context.signal, ms: context.deadline.remaining() };
      return within(
        limits,
        () =>
          new Promise<Served<Committed>>((resolve, reject) => {
            const answer = (served: Served<Committed>) => {
              tell(context, served);
              resolve(served);
            };
            queue.push({ ...draft, context, resolve: answer, reject });
            running ??= runAll();
          }),
      );
    },
    // It ends when the queue is empty.
    idle: async () => running,
  };
}
