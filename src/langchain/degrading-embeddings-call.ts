import { type CallContext, createContext, createTrail } from "../fallbacks/core/context.ts";
import { deadlineIn, nobodyLeaves } from "../fallbacks/core/deadline.ts";
import { asLayerError, type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import type { Degradation } from "../fallbacks/core/status.ts";
import type { EmbedKind } from "../fallbacks/embeddings/port.ts";
import { SpaceUnavailableError } from "./degrading-embeddings-error.ts";
import type { SpaceVectors } from "./degrading-embeddings-port.ts";
import { type SpaceRouter, toTier } from "./degrading-embeddings-router.ts";
import type { FailoverAttempt } from "./failover-error.ts";
import { NO_MODEL } from "./members.ts";

export interface DegradingCall {
  readonly texts: readonly string[];
  readonly kind: EmbedKind;
  /** What may serve. */
  readonly fingerprints: ReadonlySet<string>;
  /** Milliseconds for all of it. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Vectors with who gave them. */
export interface SpaceAnswer extends SpaceVectors {
  /** The name of the embeddings. */
  readonly by: string;
  /** Null: the first of those that might serve gave them. */
  readonly degraded: Degradation | null;
  /** All calls of embeddings that it took, in order; `model` is their name. */
  readonly attempts: readonly FailoverAttempt[];
}

/** How often a model that is being loaded is asked whether it is there, in ms. */
const LOADING_MS = 250;

/**
 * One call for vectors. All of them are of one space: who fails in the middle is followed by the next from the start. Where nobody else
 * can serve, a model that is being loaded is waited for.
 * @throws {SpaceUnavailableError}, or the reason of a caller who has gone away.
 */
export async function callForVectors(router: SpaceRouter, call: DegradingCall): Promise<SpaceAnswer> {
  const { layer, clock } = router;
  const { signal = nobodyLeaves } = call;
  const deadline = deadlineIn(clock, call.deadlineMs);
  for (;;) {
    const { context, attempts } = begin(router, call, deadline.remaining());
    let last: LayerError | undefined;
    try {
      const served = await layer.use(
        async (port, inner) => {
          try {
            return await port.embed(call.texts, call.kind, inner);
          } catch (thrown) {
            const error = asLayerError(thrown);
            if (port.name !== NO_MODEL) last = error;
            throw error;
          }
        },
        context,
        call.kind === "query" ? { whole: true } : { shown: true },
      );
      return { ...served.value, by: served.by, degraded: served.degraded ?? null, attempts };
    } catch (thrown) {
      const loading = attempts.filter(({ error_class }) => error_class === "loading").map(({ model }) => model);
      const waits = loading.length > 0 && !signal.aborted && (await loaded(router, loading, context));
      if (signal.aborted && !isTimeout(signal.reason)) throw reasonOf(signal);
      if (!waits) throw failure(router, call, attempts, { thrown: asLayerError(thrown), last });
    }
  }
}

function begin({ clock }: SpaceRouter, { fingerprints, signal }: DegradingCall, deadlineMs: number) {
  const attempts: FailoverAttempt[] = [];
  const context = createContext({
    clock,
    requestId: "embeddings",
    deadlineMs,
    tier: toTier(fingerprints),
    signal: signal ?? nobodyLeaves,
    trail: {
      ...createTrail(),
      attempt({ by, errorClass, startedAt, endedAt }) {
        // Nobody was asked: the port that says that nobody is left. A call that its caller ended tells nothing of the model.
        if (by === NO_MODEL || errorClass === "aborted") return;
        attempts.push({ model: by, error_class: errorClass, ms: Math.max(0, endedAt.getTime() - startedAt.getTime()) });
      },
    },
  });
  return { context, attempts };
}

/** Waits until the first of them has been loaded, or has failed to be; false when the time is over first. */
async function loaded({ ports, clock }: SpaceRouter, names: readonly string[], context: CallContext): Promise<boolean> {
  const waited = ports.filter((port) => port.ready && names.includes(port.name));
  while (waited.length > 0 && context.deadline.remaining() > LOADING_MS && !context.signal.aborted) {
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        context.signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = clock.after(LOADING_MS, done);
      context.signal.addEventListener("abort", done, { once: true });
    });
    for (const port of waited) {
      const error = await port.ready?.(context).then(() => undefined, asLayerError);
      if (error?.errorClass !== "loading" && error?.errorClass !== "aborted") return true;
    }
  }
  return false;
}

function failure(
  { layer, ports }: SpaceRouter,
  { fingerprints, signal }: DegradingCall,
  attempts: readonly FailoverAttempt[],
  { thrown, last: said }: { readonly thrown: LayerError; readonly last: LayerError | undefined },
): SpaceUnavailableError {
  const able = ports.filter(({ fingerprint }) => fingerprints.has(fingerprint));
  const spaces = [...new Set(able.map(({ fingerprint, space }) => space ?? fingerprint))];
  const { candidates } = layer.status();
  const states = candidates.filter(({ name }) => able.some((port) => port.name === name));
  const before = states.find(({ lastErrorClass }) => lastErrorClass)?.lastErrorClass;
  const last = attempts.at(-1)?.error_class;
  const tooLate = signal?.aborted === true || thrown.errorClass === "timeout";
  const errorClass: ErrorClass = last ?? (tooLate ? "timeout" : (before ?? thrown.errorClass));
  const tried = attempts.map(({ model, error_class, ms }) => `${model}: ${error_class} after ${ms} ms`);
  const passed = states
    .filter(({ name, state }) => state !== "ready" && attempts.every(({ model }) => model !== name))
    .map(({ name, state }) => `${name}: ${state.replace("_", " ")}`);
  const why = [...tried, ...passed].join(", ");
  // A call that was given up at its limit has not said anything.
  const heard = said?.errorClass === errorClass ? said : undefined;
  const words = `${why === "" ? "" : ` (${why})`}${heard ? `; ${heard.message}` : ""}`;
  return new SpaceUnavailableError(`no embeddings gave vectors of the space ${spaces.join(" or ")}${words}`, {
    spaces,
    errorClass,
    attempts: [...attempts],
    retryAfterMs: thrown.retryAfterMs,
    cause: heard ?? thrown,
  });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new LayerError("aborted", String(reason));
}
