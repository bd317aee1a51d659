import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";

export interface SilenceLimits {
  readonly stream: Socket;
  readonly clock: Clock;
  /** Longest silence in ms. */
  readonly limitMs: number;
  /** A silence of this length in ms is the connection's, not only the command's. */
  readonly frozenMs: number;
  readonly onFrozen: () => void;
  readonly context: CallContext;
}

/**
 * What `sent` gives, unless there is silence. Bytes that arrive are a sign of life, and so are bytes of a large command that
 * leave: on a slow link either may take its time. What has left this process may still be under way, so it gets as long
 * again as it took to leave. A limit that passed while this process was busy is looked at once more after the sockets
 * have been read.
 * @throws {LayerError} `timeout` after the silence or at the deadline, `aborted`; else what `sent` threw.
 */
export function whileAlive<T>(limits: SilenceLimits, sent: Promise<T>): Promise<T> {
  const { stream, clock, limitMs, frozenMs, onFrozen } = limits;
  const { signal, deadline } = limits.context;
  const startedAt = clock.now();
  return new Promise((resolve, reject) => {
    let seen = signsOf(stream);
    let patienceMs = limitMs;
    /** Of the latest wait: less than the patience where the deadline is nearer. */
    let waitedMs = 0;
    let cancel: () => void = () => {};
    const settle = () => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    };
    /** Nobody waits for the answer any more, but the next command would wait behind it. */
    const watch = (ms: number) => {
      const giveUp = () => {
        if (!isMoving()) onFrozen();
      };
      // Twice, as below.
      clock.after(ms, () => clock.after(1, giveUp, { background: true }), { background: true });
    };
    const onAbort = () => {
      settle();
      watch(frozenMs);
      reject(new LayerError("aborted", "the caller went away", { cause: signal.reason }));
    };
    const isMoving = () => {
      const before = seen;
      seen = signsOf(stream);
      if (seen.queued < before.queued) patienceMs = Math.max(limitMs, clock.now() - startedAt);
      return seen.read !== before.read || seen.queued < before.queued;
    };
    const silent = () => {
      settle();
      reject(new LayerError("timeout", `Redis did not answer within ${Math.round(waitedMs)} ms`));
      watch(Math.max(0, frozenMs - waitedMs));
    };
    const look = (ifSilent: () => void) => () => {
      if (deadline.remaining() <= 0 || !isMoving()) return ifSilent();
      wait();
    };
    const wait = () => {
      waitedMs = Math.min(patienceMs, deadline.remaining());
      cancel = clock.after(
        waitedMs,
        look(() => {
          cancel = clock.after(1, look(silent));
        }),
      );
    };
    sent.then(resolve, reject).finally(settle);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    wait();
  });
}

/** Bytes that have arrived, and bytes that the system has not taken yet. */
function signsOf(stream: Socket): { readonly read: number; readonly queued: number } {
  // Node shows how far a large write has gone nowhere else, and goes by it for its own timeouts of sockets.
  const handle: unknown = Reflect.get(stream, "_handle");
  const hasQueue = typeof handle === "object" && handle !== null && "writeQueueSize" in handle;
  return {
    read: stream.bytesRead,
    queued: hasQueue && typeof handle.writeQueueSize === "number" ? handle.writeQueueSize : 0,
  };
}
