/** The wish that a server stops. */
export interface StopSignals {
  /** Aborted by the first wish; its reason is the name of the signal. */
  readonly signal: AbortSignal;
  /** Another part of the process wants it to stop. */
  stop(why: string): void;
}

/**
 * Hears SIGTERM and SIGINT from now on. The first one asks for an orderly end; the second one ends the process at once, with 1.
 * Imports nothing, so that it can listen before everything else is loaded.
 */
export function watchStopSignals(): StopSignals {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort(name);
    });
  }
  return { signal: controller.signal, stop: (why) => controller.abort(why) };
}
