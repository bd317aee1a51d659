import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";

/** Resolves after that many ms. @throws {LayerError} `aborted` when the signal aborts before. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      cancel();
      reject(new LayerError("aborted", "nobody waits any more", { cause: signal.reason }));
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
