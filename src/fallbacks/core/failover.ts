import type { Clock, Random } from "./clock.ts";
import type { Attempt, CallContext } from "./context.ts";
import { asLayerError, type ErrorClass, LayerError, ruleOf } from "./errors.ts";
import type { LayerEvent } from "./events.ts";
import type { Admission } from "./gate.ts";
import { isHurried, limitsOf } from "./limits.ts";
import type { RetryBudget } from "./retry-budget.ts";
import type { Blame, Port, Runner } from "./runner.ts";
import type { Needs } from "./selection.ts";
import type { Degradation, LayerName, Reason } from "./status.ts";
import type { StatusRecord } from "./status-record.ts";

export interface Served<T> {
  readonly value: T;
  /** Configured name of the port that served. */
  readonly by: string;
  /** Set when it was not the first port. */
  readonly degraded?: Degradation;
}

export interface FailoverOptions<P extends Port> {
  readonly name: LayerName;
  readonly clock: Clock;
  readonly random: Random;
  readonly lastRunner: Runner<P>;
  readonly candidates: readonly Runner<P>[];
  readonly record: StatusRecord;
  readonly budget: RetryBudget;
  readonly emit: (event: LayerEvent) => void;
  readonly isFault?: (error: LayerError) => boolean;
  readonly usageOf?: (value: unknown) => Attempt["usage"];
  readonly mayHelp?: (error: LayerError, failed: P, next: P) => boolean;
  readonly maxAttempts?: number;
  readonly retryMs?: number;
  readonly slowMs?: number;
  /** Returns whether nothing is left behind the port. */
  readonly failed: (
    runner: Runner<P>,
    admission: Admission | undefined,
    error: LayerError,
    how: { readonly evidence: "traffic"; readonly blame: Blame },
  ) => boolean;
  readonly depart: (
    head: Runner<P>,
    served: Runner<P>,
    why: { readonly reason: Reason; readonly at: number },
  ) => Omit<Degradation, "layer">;
}

type Call<P, T> = (port: P, context: CallContext) => Promise<T>;

/** One use of the layer, as far as it has come. */
interface Use<P extends Port, T> {
  readonly call: Call<P, T>;
  readonly context: CallContext;
  readonly needs: Needs;
  /** The port that should have served. */
  readonly head: Runner<P>;
  /** Why it did not, and when that was known. */
  passed: { readonly reason: Reason; readonly cause: ErrorClass | Reason; readonly at: number };
  failure: { readonly error: LayerError; readonly by: Runner<P> } | undefined;
  /** Calls of ports but the last. */
  attempts: number;
}

/** Goes along a chain of ports, each at most once and the last real one at most twice, until one serves. */
export function createFailover<P extends Port>(options: FailoverOptions<P>) {
  const { name, clock, random, lastRunner, record, budget, emit, failed, depart } = options;
  const { retryMs, slowMs = 10_000, maxAttempts = Number.POSITIVE_INFINITY } = options;

  return async <T>(chain: readonly Runner<P>[], call: Call<P, T>, context: CallContext, needs: Needs) => {
    const head = chain[0] ?? lastRunner;
    const passed = { reason: "error", cause: "error", at: clock.now() } as const;
    const use: Use<P, T> = { call, context, needs, head, passed, failure: undefined, attempts: 0 };
    for (const [index, runner] of chain.entries()) {
      const served = await serveWith(use, runner);
      if (served) return served;
      if (index !== chain.length - 2 || !mayTryAgain(use, runner)) continue;
      await pause(random() * (retryMs ?? 0), context.signal);
      const second = await serveWith(use, runner, true);
      if (second) return second;
    }
    throw new LayerError("server", `${name}: no port is left`);
  };

  /** Undefined: the next one is to be asked. */
  async function serveWith<T>(use: Use<P, T>, runner: Runner<P>, again = false): Promise<Served<T> | undefined> {
    const { context, head } = use;
    if (context.deadline.remaining() <= 0) throw new LayerError("timeout", `${name}: the deadline has passed`);
    if (runner === lastRunner) return attempt(use, runner, undefined);
    const failedAt = again ? undefined : context.failed.get(runner.port);
    const reason = failedAt === undefined ? whyNot(use, runner) : runner.lastReason;
    const admission = reason === undefined ? runner.gate?.acquire() : undefined;
    if (admission) return attempt(use, runner, admission);
    const why = reason ?? runner.passedOver();
    if (runner === head && use.failure?.by !== head) {
      use.passed = { reason: why, cause: why, at: failedAt ?? clock.now() };
    }
    return undefined;
  }

  /** Why a port is not even asked for admission. */
  function whyNot<T>({ context, attempts, failure }: Use<P, T>, runner: Runner<P>): Reason | undefined {
    if (attempts >= maxAttempts) return "error";
    if (context.deadline.remaining() < (runner.minimumMs ?? 0)) return "timeout";
    return failure && options.mayHelp?.(failure.error, failure.by.port, runner.port) === false ? "error" : undefined;
  }

  async function attempt<T>(
    use: Use<P, T>,
    runner: Runner<P>,
    admission: Admission | undefined,
  ): Promise<Served<T> | undefined> {
    const { context } = use;
    const last = runner === lastRunner;
    if (!last) use.attempts += 1;
    const limits = limitsOf(runner, context.deadline.remaining(), { ...use.needs, last });
    const note = attemptOf(runner, context);
    try {
      const { value, firstMs } = await runner.call(use.call, context, limits);
      const ms = note(null, options.usageOf?.(value) ?? null, firstMs);
      admission?.succeed({ slow: (firstMs ?? ms) >= slowMs });
      budget.succeeded();
      // A second try has succeeded: the later steps of the turn may ask it again.
      context.failed.delete(runner.port);
      return serve(use, runner, value);
    } catch (thrown) {
      const error = asLayerError(thrown);
      note(error.errorClass, null, null);
      if (!(options.isFault?.(error) ?? ruleOf(error.errorClass).next)) {
        admission?.release();
        throw error;
      }
      const blame = isHurried(error, limits, runner, context) ? "none" : "fair";
      const final = failed(runner, admission, error, { evidence: "traffic", blame });
      if (blame === "fair" && ruleOf(error.errorClass).breaker === "failure") budget.failed();
      if (runner === use.head) {
        use.passed = { reason: runner.lastReason, cause: error.errorClass, at: clock.now() };
      }
      if (final || (last && runner !== use.head)) {
        context.trail.note({ layer: name, ...depart(use.head, runner, use.passed) });
      }
      if (last) throw exhausted(error);
      context.failed.set(runner.port, clock.now());
      use.failure = { error, by: runner };
      return undefined;
    }
  }

  function serve<T>({ head, passed, context }: Use<P, T>, runner: Runner<P>, value: T): Served<T> {
    record.success("traffic");
    runner.succeeded();
    const by = runner.port.name;
    if (runner === head) return { value, by };
    record.fallbackServed();
    emit({ kind: "failover", layer: name, from: head.port.name, to: by, cause: passed.cause });
    const degraded = { layer: name, ...depart(head, runner, passed) };
    context.trail.note(degraded);
    return { value, by, degraded };
  }

  /** Begins an attempt; the function that it returns ends it and gives its milliseconds. */
  function attemptOf(runner: Runner<P>, context: CallContext) {
    const startedAt = clock.wall();
    const began = clock.now();
    return (errorClass: ErrorClass | null, usage: Attempt["usage"], firstMs: number | null): number => {
      const ms = clock.now() - began;
      const { step } = context;
      const attempt = { layer: name, by: runner.port.name, step, startedAt, endedAt: clock.wall(), errorClass, usage };
      context.trail.attempt(attempt);
      emit({ kind: "attempt", ...attempt, ms, firstMs });
      return ms;
    };
  }

  function mayTryAgain<T>({ context, failure, attempts }: Use<P, T>, runner: Runner<P>): boolean {
    if (retryMs === undefined || failure?.by !== runner || attempts >= maxAttempts) return false;
    const { errorClass, retryAfterMs } = failure.error;
    return (
      runner.gate?.obstacle === undefined &&
      ruleOf(errorClass).again === true &&
      retryAfterMs === undefined &&
      // Where somebody stands in, nobody waits a second time for one who did not answer.
      (errorClass !== "timeout" || lastRunner.refuses === true) &&
      budget.allows &&
      context.deadline.remaining() > retryMs + (runner.minimumMs ?? 0)
    );
  }

  /** Settles early, without an error, when the caller goes away: the next step finds out. */
  function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** The last port's error with the shortest wait of all ports, as far as it is known. */
  function exhausted(error: LayerError): LayerError {
    const waits = options.candidates.flatMap(({ gate }) => gate?.obstacle?.inMs ?? []);
    if (waits.length === 0) return error;
    return new LayerError(error.errorClass, error.message, { cause: error, retryAfterMs: Math.min(...waits) });
  }
}
