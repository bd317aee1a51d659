import type { Clock } from "../fallbacks/core/clock.ts";
import type { ModelProcess } from "./model-process.ts";
import type { LoadFailure, LoadPlan } from "./protocol.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly startProcess: () => ModelProcess;
  /** Longest silence of one download, in ms. */
  readonly idleMs: number;
  /** Longest time in which nothing is heard at all, in ms: while files are parsed and the model is built. */
  readonly quietMs: number;
  readonly onBytes: (count: number) => void;
  /** Gives up. */
  readonly signal: AbortSignal;
}

export type Attempt =
  | { readonly ok: true; readonly worker: ModelProcess; readonly width: number }
  | { readonly ok: false; readonly failure: LoadFailure };

/** Loads from one source in a fresh process; after a failure it has ended. Never rejects because of the process. */
export async function attemptLoad(plan: LoadPlan, options: AttemptOptions): Promise<Attempt> {
  const { clock, signal } = options;
  const worker = options.startProcess();
  const timers = new Map<number | "quiet", () => void>();
  const cancel = (key: number | "quiet") => {
    timers.get(key)?.();
    timers.delete(key);
  };
  let onAbort = () => {};
  // Also one right behind `loaded`, which comes before anybody else listens.
  let failed: Attempt | undefined;
  const first = await new Promise<Attempt>((resolve) => {
    const failWith = (failure: LoadFailure) => {
      failed ??= { ok: false, failure };
      resolve(failed);
    };
    const fail = (errorClass: LoadFailure["errorClass"], message: string) =>
      failWith({ errorClass, message, final: false });
    const limit = (key: number | "quiet", ms: number, what: string) => {
      cancel(key);
      timers.set(
        key,
        clock.after(ms, () => fail("timeout", `${what} was silent for ${ms} ms`), { background: true }),
      );
    };
    const listenOn = (id: number) => limit(id, options.idleMs, `the ${plan.source.kind}`);
    onAbort = () => fail("aborted", "closed while the model was being loaded");
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    limit("quiet", options.quietMs, "loading the model");
    worker.listen(
      (message) => {
        limit("quiet", options.quietMs, "loading the model");
        switch (message.type) {
          case "download":
            if (message.state === "started") listenOn(message.id);
            else cancel(message.id);
            return;
          case "bytes":
            listenOn(message.id);
            options.onBytes(message.count);
            return;
          case "loaded":
            resolve({ ok: true, worker, width: message.width });
            return;
          case "failed":
            failWith(message);
            return;
          case "rows":
          case "refused":
            fail("bad_response", "the process answered out of turn");
        }
      },
      (reason) => fail("server", `the process of the model ended: ${reason}`),
    );
    worker.post({ type: "load", plan });
  });
  signal.removeEventListener("abort", onAbort);
  for (const key of timers.keys()) cancel(key);
  const attempt = failed ?? first;
  if (!attempt.ok) await worker.end();
  return attempt;
}
