import { AsyncResource } from "node:async_hooks";
import { createTimerHeap, type TimerEntry } from "./timer-heap.ts";

// setTimeout turns a delay above 2^31 - 1 into 1 ms.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const NEVER = Number.POSITIVE_INFINITY;

export interface SharedTimer {
  /** As `Clock.after`. What runs does not see the async context of whoever asked for it. */
  after(ms: number, run: () => void, options?: { readonly background?: boolean }): () => void;
}

/**
 * Any number of timers on a single `setTimeout`, for limits that nearly all end before their time: setting and cancelling
 * one is a few steps in a heap. The `setTimeout` is set anew only for something that comes before what it is set for; after
 * a cancellation it fires once for nothing. What a timer sets runs in a later round of the event loop, which has looked for
 * input by then, as with Node's own timers.
 * `now`: monotonic ms.
 */
export function createSharedTimer(now: () => number): SharedTimer {
  const heap = createTimerHeap();
  // A timer that is set again from itself would otherwise keep for ever the context of the call that set it first.
  const nobody = new AsyncResource("SharedTimer");
  let timeout: NodeJS.Timeout | undefined;
  let setFor = NEVER;
  let holdsProcess = false;
  let letsGoSoon = false;
  /** Entries that keep the process alive. */
  let foreground = 0;
  let order = 0;

  /** Sets the `setTimeout` for what is due first. */
  function set(): void {
    clearTimeout(timeout);
    timeout = undefined;
    holdsProcess = false;
    setFor = heap.first?.due ?? NEVER;
    if (!heap.first) return;
    const ms = Math.min(Math.max(0, Math.ceil(setFor - now())), LONGEST_TIMER_MS);
    timeout = nobody.runInAsyncScope(() => setTimeout(fire, ms));
    holdsProcess = foreground > 0;
    if (!holdsProcess) timeout.unref();
  }

  function fire(): void {
    const at = now();
    const newest = order;
    timeout = undefined;
    try {
      // setTimeout counts whole milliseconds from the start of the loop's round, so it may fire when nothing is due yet. What is
      // set meanwhile is never due before what this fired for, so that it waits for the next time.
      for (let next = heap.first; next && next.due <= at && next.order <= newest; next = heap.first) {
        drop(next);
        next.run();
      }
    } finally {
      // Also after an error, which is an uncaught exception, as with setTimeout: it must not keep the others from running.
      set();
    }
  }

  function drop(entry: TimerEntry): void {
    heap.remove(entry);
    if (entry.background) return;
    foreground -= 1;
    if (foreground > 0 || letsGoSoon || !holdsProcess) return;
    // At the end of the round, by when the next call has often set its own.
    letsGoSoon = true;
    setImmediate(letGo);
  }

  function letGo(): void {
    letsGoSoon = false;
    if (foreground > 0 || !holdsProcess) return;
    timeout?.unref();
    holdsProcess = false;
  }

  function add(entry: TimerEntry): void {
    heap.add(entry);
    if (!entry.background) foreground += 1;
    if (entry.due < setFor || setFor === NEVER) set();
    else if (timeout && foreground > 0 && !holdsProcess) {
      timeout.ref();
      holdsProcess = true;
    }
  }

  return {
    after(ms, run, options) {
      const asked = now();
      order += 1;
      const entry = {
        // NaN would put the heap out of order.
        due: ms > 0 ? asked + ms : asked,
        order,
        run,
        background: options?.background ?? false,
        place: -1,
      };
      add(entry);
      return () => {
        if (entry.place >= 0) drop(entry);
      };
    },
  };
}
