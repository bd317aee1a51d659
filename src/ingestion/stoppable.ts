import type { CallContext } from "../fallbacks/core/context.ts";

/** Work that somebody may end, up to the moment from which it goes on to its end. */
export interface Stoppable {
  /** Its signal is aborted with that of the given context, and when the work is ended. */
  readonly context: CallContext;
  /** Whether it was ended in time. */
  readonly ended: boolean;
  /** From now on it goes on whoever ends it. @throws the reason when it has been ended. */
  goOn(): void;
  /** The work is over: nothing is listened to any more. */
  release(): void;
}

/** @param ending aborted by whoever ends the work. */
export function stoppable(context: CallContext, ending: AbortSignal): Stoppable {
  const controller = new AbortController();
  const signals = [context.signal, ending] as const;
  const stops = signals.map((signal) => {
    const stop = () => controller.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    return () => signal.removeEventListener("abort", stop);
  });
  let goesOn = false;
  return {
    context: { ...context, signal: controller.signal },
    get ended() {
      return ending.aborted && !goesOn;
    },
    goOn() {
      ending.throwIfAborted();
      goesOn = true;
      stops[1]?.();
    },
    release: () => {
      for (const stop of stops) stop();
    },
  };
}
