import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";

/**
 * For one step of long work: it forgets which ports failed in earlier steps, and attempts are not collected. With `each`, every
 * call in it has that many ms from when it is made, however long the work has gone on; without, the deadline stays.
 */
export function stepContext(context: CallContext, each?: { readonly clock: Clock; readonly ms: number }): CallContext {
  // They would pile up: long work makes any number of calls.
  const trail = { ...context.trail, attempt() {}, attempts: () => [] };
  const step = { ...context, trail, failed: new Map<object, number>() };
  if (!each) return step;
  const { clock, ms } = each;
  return { ...step, deadline: rolling(clock, () => ms) };
}

/** A deadline that moves: `left` gives the milliseconds until it, at any time. */
export function rolling(clock: Clock, left: () => number): CallContext["deadline"] {
  return {
    get at() {
      return clock.now() + left();
    },
    remaining: () => Math.max(0, left()),
  };
}

/** Waits; resolves at once when the signal is aborted. A `background` wait, the default, does not keep the process alive. */
export function pause(clock: Clock, ms: number, signal: AbortSignal, background = true): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.after(ms, wake, { background });
    signal.addEventListener("abort", wake);
  });
}
