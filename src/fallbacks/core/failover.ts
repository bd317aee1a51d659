import type { Clock, Random } from "./clock.ts";
import type { Attempt, CallContext } from "./context.ts";
import { asLayerError, type ErrorClass, LayerError, ruleOf } from "./errors.ts";
import type { LayerEvent } from "./events.ts";
import type { Admission } from "./gate.ts";
import { isHurried, limitsOf } from "./limits.ts";
import type { RetryBudget } from "./retry-budget.ts";
import type { Blame, Port, Runner } from "./runner.ts";
import type { Needs, Unsuitable } from "./selection.ts";
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

/** What a caller is told to wait when nothing but a failure of this moment is in the way. */
const FAILED_JUST_NOW_MS = 5_000;

type Call<P, T> = (port: P, context: CallContext) => Promise<T>;

/** Why the port that should have served did not, and when that was known. */
interface Passed {
  readonly reason: Reason;
  readonly cause: ErrorClass | Reason;
  readonly at: number;
  /** It lay in the call itself, or the port is well and takes no more at the moment: the receipt says so, and it is no outage. */
  readonly ofCall: boolean;
}

/** One use of the layer, as far as it has come. */
interface Use<P extends Port, T> {
  readonly call: Call<P, T>;
  readonly context: CallContext;
  readonly needs: Needs;
  /** The ports that suit it, without the last one. */
  readonly chain: readonly Runner<P>[];
  /** The port that should have served. */
  readonly head: Runner<P>;
  passed: Passed;
  failure: { readonly error: LayerError; readonly by: Runner<P> } | undefined;
  /** Calls of ports but the last. */
  attempts: number;
}

/** Goes along a chain of ports, each at most once and one at most twice, until one serves. */
export function createFailover<P extends Port>(options: FailoverOptions<P>) {
  const { name, clock, random, lastRunner, candidates, record, budget, emit, failed, depart } = options;
  const { retryMs, slowMs = 10_000, maxAttempts = Number.POSITIVE_INFINITY } = options;

  /** @param unsuitable why none suits, when the chain is empty although the layer has candidates. */
  return async <T>(
    chain: readonly Runner<P>[],
    call: Call<P, T>,
    context: CallContext,
    { needs, unsuitable }: { readonly needs: Needs; readonly unsuitable: Unsuitable | undefined },
  ): Promise<Served<T>> => {
    const head = chain[0] ?? candidates[0] ?? lastRunner;
    const cause = unsuitable === "window" ? "context_overflow" : "invalid_request";
    const passed: Passed = { reason: "error", cause, at: clock.now(), ofCall: true };
    const use: Use<P, T> = { call, context, needs, chain, head, passed, failure: undefined, attempts: 0 };
    for (const runner of chain) {
      const served = await serveWith(use, runner);
      if (served) return served;
    }
    if (use.failure && mayTryAgain(use, use.failure)) {
      await pause(random() * (retryMs ?? 0), context.signal);
      const second = await serveWith(use, use.failure.by, true);
      if (second) return second;
    }
    inTime(context);
    if (lastRunner.refuses && lastRunner !== head && use.passed.ofCall) throw refusalOf(use.passed);
    const served = await attempt(use, lastRunner, undefined);
    if (!served) throw new LayerError("server", `${name}: no port is left`);
    return served;
  };

  function inTime({ deadline }: CallContext): void {
    if (deadline.remaining() <= 0) throw new LayerError("timeout", `${name}: the deadline has passed`);
  }

  /** For a call that nobody can serve although nobody is away. */
  function refusalOf({ cause }: Passed): LayerError {
    switch (cause) {
      case "context_overflow":
        return new LayerError(cause, `${name}: the prompt is too long for every model`);
      case "invalid_request":
        return new LayerError(cause, `${name}: no model can do what is asked`);
      case "timeout":
        return new LayerError(cause, `${name}: too little time is left`);
      default:
        return new LayerError("server", `${name}: no more calls are taken at the moment`);
    }
  }

  /** Undefined: the next one is to be asked. */
  async function serveWith<T>(use: Use<P, T>, runner: Runner<P>, again = false): Promise<Served<T> | undefined> {
    const { context, head } = use;
    inTime(context);
    const failedAt = again ? undefined : context.failed.get(runner.port);
    const barred = failedAt === undefined ? whyNot(use, runner) : { reason: runner.lastReason, ofCall: false };
    const admission = barred ? undefined : runner.gate?.acquire();
    if (admission) return attempt(use, runner, admission);
    if (runner === head && use.failure?.by !== head) {
      // Half open and well, it takes a few callers at a time.
      const why = barred ?? { reason: runner.passedOver(), ofCall: runner.gate?.serving === true };
      use.passed = { ...why, cause: why.reason, at: failedAt ?? clock.now() };
    }
    return undefined;
  }

  /** Why a port is not even asked for admission. */
  function whyNot<T>(
    { context, attempts, failure }: Use<P, T>,
    runner: Runner<P>,
  ): Pick<Passed, "reason" | "ofCall"> | undefined {
    if (attempts >= maxAttempts) return { reason: "error", ofCall: false };
    if (context.deadline.remaining() < (runner.minimumMs ?? 0)) return { reason: "timeout", ofCall: true };
    const hopeless = failure && options.mayHelp?.(failure.error, failure.by.port, runner.port) === false;
    return hopeless ? { reason: "error", ofCall: false } : undefined;
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
      if (!last) budget.succeeded();
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
      if (!last && blame === "fair" && ruleOf(error.errorClass).breaker === "failure") budget.failed();
      const ofCall = error.errorClass === "context_overflow";
      if (runner === use.head) {
        use.passed = { reason: runner.lastReason, cause: error.errorClass, at: clock.now(), ofCall };
      }
      if (use.needs.committed?.()) throw error;
      if (final || (last && runner !== use.head)) context.trail.note(departed(use, runner));
      if (last) throw exhausted(error, use.chain);
      // The later steps of a turn may have shorter prompts.
      if (!ofCall) context.failed.set(runner.port, clock.now());
      use.failure = { error, by: runner };
      return undefined;
    }
  }

  function serve<T>(use: Use<P, T>, runner: Runner<P>, value: T): Served<T> {
    const { head, passed, context } = use;
    record.success("traffic");
    runner.succeeded();
    const by = runner.port.name;
    if (runner === head) return { value, by };
    record.fallbackServed();
    emit({ kind: "failover", layer: name, from: head.port.name, to: by, cause: passed.cause });
    const degraded = departed(use, runner);
    context.trail.note(degraded);
    return { value, by, degraded };
  }

  /** `runner` serves, or refuses, in the place of the head. */
  function departed<T>({ head, passed }: Use<P, T>, runner: Runner<P>): Degradation {
    if (!passed.ofCall) return { layer: name, ...depart(head, runner, passed) };
    const since = head.episodes.current?.since ?? clock.wall();
    return { layer: name, by: runner.port.name, mode: runner.mode, reason: passed.reason, since };
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

  function mayTryAgain<T>(
    { context, attempts }: Use<P, T>,
    { error, by }: { error: LayerError; by: Runner<P> },
  ): boolean {
    if (retryMs === undefined || attempts >= maxAttempts) return false;
    const { errorClass, retryAfterMs } = error;
    return (
      by.gate?.obstacle === undefined &&
      ruleOf(errorClass).again === true &&
      retryAfterMs === undefined &&
      // Where somebody stands in, nobody waits a second time for one who did not answer.
      (errorClass !== "timeout" || lastRunner.refuses === true) &&
      budget.allows &&
      context.deadline.remaining() > retryMs + (by.minimumMs ?? 0)
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

  /** The last port's error with the shortest wait of those that the call may use. */
  function exhausted(error: LayerError, chain: readonly Runner<P>[]): LayerError {
    if (chain.length === 0) return error;
    const retryAfterMs = Math.min(...chain.map(({ gate }) => gate?.obstacle?.inMs ?? FAILED_JUST_NOW_MS));
    return new LayerError(error.errorClass, error.message, { cause: error, retryAfterMs });
  }
}
