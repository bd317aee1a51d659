import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { within } from "../fallbacks/core/deadline.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";

/** Runs the work of one key at a time, in the order of the calls; different keys do not wait for one another. */
export interface Serialiser {
  /**
   * Work that has started is waited for to its end, so it must honour the context itself.
   * @throws {Problem} `too_many_turns` at once when the queue of the key is full; `deadline_exceeded` when the deadline
   * passes while waiting.
   * @throws {LayerError} `aborted` when the caller goes away while waiting.
   */
  run<T>(key: string, context: CallContext, work: () => Promise<T>): Promise<T>;
  /** Keys with work running or waiting. */
  readonly size: number;
}

interface Queue {
  /** Settles when the last one in line has ended or given up. */
  tail: Promise<void>;
  /** Running and waiting. */
  inside: number;
}

const RETRY_AFTER_S = 1;

export function createSerialiser(options: {
  readonly clock: Clock;
  /** How many may wait for one key, besides the one that runs, default 10. */
  readonly waiting?: number;
}): Serialiser {
  const { clock } = options;
  const mostWaiting = options.waiting ?? 10;
  const queues = new Map<string, Queue>();

  async function waitFor(turn: Promise<void>, context: CallContext): Promise<void> {
    try {
      await within({ clock, signal: context.signal, ms: context.deadline.remaining() }, () => turn);
    } catch (error) {
      if (!(error instanceof LayerError) || error.errorClass !== "timeout") throw error;
      throw new Problem("deadline_exceeded", "an earlier message of this session was not answered in time", {
        cause: error,
      });
    }
  }

  return {
    get size() {
      return queues.size;
    },
    async run(key, context, work) {
      const known = queues.get(key);
      const queue: Queue = known ?? { tail: Promise.resolve(), inside: 0 };
      if (queue.inside > mostWaiting) {
        throw new Problem("too_many_turns", `${mostWaiting} messages of this session already wait for their turn`, {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      queues.set(key, queue);
      queue.inside += 1;
      const before = queue.tail;
      let leave: () => void = () => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      // Whoever gives up while waiting leaves a place that is free only when those before it have ended.
      queue.tail = before.then(() => left);
      try {
        if (known) await waitFor(before, context);
        return await work();
      } finally {
        leave();
        queue.inside -= 1;
        if (queue.inside === 0) queues.delete(key);
      }
    },
  };
}
