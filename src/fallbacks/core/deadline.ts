import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.ts";
import { LayerError } from "./errors.ts";

/** A point on the monotonic clock by which the work must have ended. */
export interface Deadline {
  /** Monotonic milliseconds of the end. */
  readonly at: number;
  /** Milliseconds left, 0 once it has passed. */
  remaining(): number;
}

export function deadlineIn(clock: Clock, ms: number): Deadline {
  const at = clock.now() + ms;
  return { at, remaining: () => Math.max(0, at - clock.now()) };
}

/**
 * Like `clock.after`, for a limit on somebody else's answer: when it is over, what has arrived is heard first. An event loop
 * that was held up would otherwise find the time over before it has looked whether the answer is there.
 */
export function expireAfter(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, () => {
    cancel = clock.after(0, run);
  });
  return () => cancel();
}

/** A limit on silence: the work that shows no sign of life for the idle time has failed. */
export interface IdleLimit {
  /** Starts or restarts the count. */
  restart(): void;
  /** Suspends it, for example while a long step is known to be running. */
  stop(): void;
}

export const noIdleLimit: IdleLimit = { restart() {}, stop() {} };

export interface Limits {
  readonly clock: Clock;
  /** Ends the work when the caller goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole work. */
  readonly ms: number;
  /** Milliseconds of silence; absent means no such limit. */
  readonly idleMs?: number | undefined;
}

/**
 * Runs `work` and settles at the latest after `ms`, after `idleMs` of silence, or when `signal` aborts, also if the work
 * is deaf to the signal that it is given.
 * @throws {LayerError} `timeout` at a limit, `aborted` when the caller went away; else what the work threw.
 */
export function within<T>(limits: Limits, work: (signal: AbortSignal, idle: IdleLimit) => Promise<T>): Promise<T> {
  const { clock, signal, ms, idleMs } = limits;
  if (signal.aborted) return Promise.reject(new LayerError("aborted", "the caller went away"));
  const controller = new AbortController();
  // A piece of work may have any number of calls in flight, and each listens: that is no leak to warn of.
  setMaxListeners(0, controller.signal);
  return new Promise<T>((resolve, reject) => {
    const stop = (error: LayerError) => {
      reject(error);
      controller.abort(error);
      settle();
    };
    const onAbort = () => stop(new LayerError("aborted", "the caller went away", { cause: signal.reason }));
    let cancelIdle: (() => void) | undefined;
    const idle: IdleLimit =
      idleMs === undefined
        ? noIdleLimit
        : {
            restart() {
              cancelIdle?.();
              if (controller.signal.aborted) return;
              cancelIdle = expireAfter(clock, idleMs, () => stop(new LayerError("timeout", `silent for ${idleMs} ms`)));
            },
            stop: () => cancelIdle?.(),
          };
    const cancelTotal = expireAfter(clock, ms, () =>
      stop(new LayerError("timeout", `no answer within ${Math.round(ms)} ms`)),
    );
    const settle = () => {
      cancelTotal();
      cancelIdle?.();
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    idle.restart();
    // A work that throws before its first await must be a rejection too.
    Promise.resolve()
      .then(() => work(controller.signal, idle))
      .then(resolve, reject)
      .finally(settle);
  });
}
