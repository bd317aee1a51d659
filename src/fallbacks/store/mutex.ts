import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";

/** Runs one piece of work at a time, in the order of the calls. */
export interface Mutex {
  /**
   * A caller that leaves, or whose deadline passes, stops waiting; work that has started goes on behind its back.
   * @throws {LayerError} `aborted` or `timeout`; else what the work threw.
   */
  run<T>(context: CallContext, work: () => Promise<T>): Promise<T>;
}

export function createMutex(clock: Clock): Mutex {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(context, work) {
      const start = () => {
        if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
        if (context.deadline.remaining() <= 0) throw new LayerError("timeout", "the deadline passed while waiting");
        return work();
      };
      const turn = tail.then(start);
      // A failure belongs to its caller, not to whoever is next in line.
      tail = turn.catch(() => undefined);
      return within({ clock, signal: context.signal, ms: context.deadline.remaining() }, () => turn);
    },
  };
}
