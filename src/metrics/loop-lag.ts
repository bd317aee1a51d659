import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late timers fire, in seconds, since the last reading. */
export interface LoopLag {
  read(): { readonly mean: number; readonly p99: number; readonly max: number };
  close(): void;
}

const RESOLUTION_MS = 20;

/** Measured by Node itself with one native timer, which does not keep the process alive. */
export function createLoopLag(): LoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  // Node counts the whole time from one tick to the next, in ns; before the first tick there is nothing to tell.
  const late = (ns: number) => (delays.count === 0 ? 0 : Math.max(0, ns / 1e9 - RESOLUTION_MS / 1e3));
  return {
    read() {
      const lag = { mean: late(delays.mean), p99: late(delays.percentile(99)), max: late(delays.max) };
      delays.reset();
      return lag;
    },
    close: () => void delays.disable(),
  };
}
