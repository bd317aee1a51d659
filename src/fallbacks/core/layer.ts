import { type Breaker, type BreakerOptions, createBreaker, type Permit } from "./breaker.ts";
import type { Clock, Random } from "./clock.ts";
import { type Attempt, type CallContext, createContext } from "./context.ts";
import { within } from "./deadline.ts";
import { createEpisodeRecord } from "./episode.ts";
import { asLayerError, type ErrorClass, LayerError, ruleOf } from "./errors.ts";
import type { Faults } from "./faults.ts";
import { type CallLimits, isHurried, limitsOf } from "./limits.ts";
import { reasonOf, skipReason } from "./reason.ts";
import type { Degradation, LayerName, LayerStatus, Mode, Reason } from "./status.ts";
import { createStatusRecord, type LayerWords } from "./status-record.ts";

/** One way of doing a layer's work. Made lazily: a port opens nothing before its first call. */
export interface Port {
  /** As configured; shown in receipts and at /health. */
  readonly name: string;
  /** The smallest real call, for background checks of an open breaker. Absent: the port waits for traffic. */
  probe?(context: CallContext): Promise<void>;
  close?(): Promise<void>;
}

export interface Slot<P extends Port> {
  readonly port: P;
  /** How this port compares with the first one; of no meaning for the first. */
  readonly mode: Mode;
  /** Longest single call in ms, default 10 000; `Infinity` leaves only the deadline. */
  readonly timeoutMs?: number;
  /** Longest silence in ms of a port that reports signs of life through `context.idle`. */
  readonly idleMs?: number;
  readonly breaker?: Pick<BreakerOptions, "failureThreshold" | "openMs" | "maxOpenMs" | "forgetMs">;
  /** It serves nobody: whoever gets to it is told that the layer is down. */
  readonly refuses?: boolean;
}

export interface Served<T> {
  readonly value: T;
  /** Configured name of the port that served. */
  readonly by: string;
  /** Set when it was not the first port. */
  readonly degraded?: Degradation;
}

/** An ordered list of ports. Serving from any but the first is degraded, and said so. */
export interface Layer<P extends Port> {
  readonly name: LayerName;
  /**
   * Calls the first port that can serve. `call` may run more than once, so it must have no effect besides the port.
   * Every departure from the first port is noted on `context.trail`.
   * @throws {LayerError} of the last port tried; `aborted` when the caller went away; `timeout` past the deadline.
   */
  use<T>(call: (port: P, context: CallContext) => Promise<T>, context: CallContext): Promise<Served<T>>;
  status(): LayerStatus;
  /**
   * Asks the first port now whether it is there, before anybody needs it; if it is not, the layer is degraded from now on
   * and asks again by itself. Does nothing for a port without a probe. Never fails.
   */
  check(): Promise<void>;
  /** Closes all ports, the last first. @throws what the first of them threw that could not close, after all have been closed. */
  close(): Promise<void>;
}

export interface LayerOptions<P extends Port> {
  readonly name: LayerName;
  /** At least one. The last one is local and has no breaker. */
  readonly slots: readonly [Slot<P>, ...Slot<P>[]];
  /** False when nobody configured a first port, so that the local one is the first. */
  readonly configured: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
  readonly words: LayerWords;
  /** Hears of each episode once, at its start and at its end: for the log. */
  readonly onEpisode?: (change: EpisodeChange) => void;
  /** Whether an error is the port's, so that the next port may help. Default: as the error table says. */
  readonly isFault?: (error: LayerError) => boolean;
  /** Classes that open the breaker at once, whatever the error table says. */
  readonly trips?: ReadonlySet<ErrorClass>;
  /** The tokens that a call has used, for traces. */
  readonly usageOf?: (value: unknown) => Attempt["usage"];
}

export interface EpisodeChange {
  readonly layer: LayerName;
  readonly kind: "started" | "ended";
  readonly by: string;
  readonly mode: Mode;
  readonly reason: Reason;
  readonly since: Date;
}

const PROBE_LIMIT_MS = 2_000;
const PROBE_AGAIN_MS = 5_000;
/** What a probe, which costs nothing, cannot tell to be over. */
const unprobed: ReadonlySet<ErrorClass> = new Set(["rate_limited", "quota", "model_missing"]);
/** A port that is loading is asked this often whether it is ready: that costs nothing. */
const LOADING_AGAIN_MS = 1_000;

interface Runner<P extends Port> extends Slot<P> {
  /** Absent for the last port. */
  readonly gate: Breaker | undefined;
  lastReason: Reason;
}

export function createLayer<P extends Port>(options: LayerOptions<P>): Layer<P> {
  const { name, clock, random, faults } = options;
  const episodes = createEpisodeRecord(clock, (kind, { by, mode, reason, since }) =>
    options.onEpisode?.({ layer: name, kind, by, mode, reason, since }),
  );
  const record = createStatusRecord(clock);
  let closed = false;
  let cancelProbe: (() => void) | undefined;
  /** The first port was loading when it was last asked. */
  let loading = false;
  /** Callers refused by the open breaker when the background probe was last scheduled. */
  let refusedBefore = 0;

  const runners: Runner<P>[] = options.slots.map((slot, index) => {
    const last = index === options.slots.length - 1;
    const runner: Runner<P> = {
      ...slot,
      lastReason: "error",
      gate: last
        ? undefined
        : createBreaker({
            clock,
            random,
            ...slot.breaker,
            onTransition: (state) => {
              if (state === "open") scheduleProbe(runner);
            },
          }),
    };
    return runner;
  });
  const first = runners[0] as Runner<P>;
  const lastRunner = runners.at(-1) as Runner<P>;

  function scheduleProbe(runner: Runner<P>, least = 0): void {
    if (closed || runner !== first || !runner.port.probe) return;
    cancelProbe?.();
    refusedBefore = runner.gate?.status().notPermitted ?? 0;
    const wait = Math.max(least, runner.gate?.probeInMs() ?? 0);
    cancelProbe = clock.after(wait, () => void probe(runner), { background: true });
  }

  async function probe(runner: Runner<P>): Promise<void> {
    if (closed) return;
    // Traffic has brought it back since.
    if (runner.gate?.state === "closed" && !episodes.current) return;
    // A probe proves less than traffic, so where there is traffic the half-open permit is left to it.
    const refused = runner.gate?.status().notPermitted ?? 0;
    if (runner.gate?.state === "open" && refused > refusedBefore) return scheduleProbe(runner, PROBE_AGAIN_MS);
    const permit = runner.gate?.acquire();
    // Somebody's traffic holds the probe. Its end may decide nothing (its client leaves), so this comes back.
    if (!permit) return scheduleProbe(runner, PROBE_AGAIN_MS);
    const error = await ask(runner, permit);
    // A neutral failure leaves it half open, which schedules nothing.
    if (error && !loading && runner.gate?.state === "half_open") scheduleProbe(runner, PROBE_AGAIN_MS);
  }

  /** Runs the port's probe; its error is recorded and returned. */
  async function ask(runner: Runner<P>, permit: Permit): Promise<LayerError | undefined> {
    // Nobody's call has failed yet, so that there is no episode and no count of failures to go by.
    const unforeseen = runner.gate?.state === "closed";
    const context = createContext({ clock, requestId: `probe-${name}`, deadlineMs: PROBE_LIMIT_MS });
    try {
      await attempt(runner, async (port, ctx) => port.probe?.(ctx), context, { ms: PROBE_LIMIT_MS });
      permit.succeed({ probed: !loading });
      succeeded(runner, "probe");
      return undefined;
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (unforeseen && effectOf(error) !== "neutral") permit.fail({ trip: true });
      failed(runner, permit, error, { blame: true, evidence: "probe" });
      const next = runners[1];
      if (unforeseen && next) departed(next, { reason: runner.lastReason, at: clock.now() });
      if (unforeseen && next?.refuses && error.errorClass !== "loading") record.down();
      return error;
    }
  }

  function attempt<T>(
    runner: Runner<P>,
    call: (port: P, context: CallContext) => Promise<T>,
    context: CallContext,
    limits: CallLimits,
  ): Promise<T> {
    return within({ clock, signal: context.signal, ...limits }, async (signal, idle) => {
      if (runner.gate) await faults.inject(name, signal);
      return call(runner.port, { ...context, signal, idle });
    });
  }

  function succeeded(runner: Runner<P>, evidence: "traffic" | "probe"): void {
    if (runner === first) loading = false;
    record.success(evidence);
    // A late success from before the trip has closed nothing, so it ends nothing.
    if (runner === first && (!runner.gate || runner.gate.state === "closed")) episodes.end();
  }

  function effectOf({ errorClass }: LayerError): "failure" | "neutral" | "trip" {
    return options.trips?.has(errorClass) ? "trip" : ruleOf(errorClass).breaker;
  }

  /** Returns whether the layer is down: nothing is left behind this port. */
  function failed(
    runner: Runner<P>,
    permit: Permit | undefined,
    error: LayerError,
    { blame, evidence }: { readonly blame: boolean; readonly evidence: "traffic" | "probe" },
  ): boolean {
    const breaker = blame ? effectOf(error) : "neutral";
    if (breaker === "neutral") permit?.release();
    else permit?.fail({ trip: breaker === "trip" });
    runner.lastReason = reasonOf(error.errorClass);
    if (runner === first) {
      loading = error.errorClass === "loading";
      // One failure opens no breaker; without traffic nobody would find out that it was the only one.
      if (loading) scheduleProbe(runner, LOADING_AGAIN_MS);
      else if (runner.gate?.state === "closed") {
        if (unprobed.has(error.errorClass)) cancelProbe?.();
        else scheduleProbe(runner, PROBE_AGAIN_MS);
      }
    }
    // A last port that is `missing` was never there: what it would do is not configured, which is no outage.
    const final = runner === lastRunner && breaker === "failure";
    record.failure(error, { evidence, final, standIn: runner === lastRunner && runner !== first });
    return final;
  }

  function departed({ port, mode, lastReason }: Runner<P>, skip?: { readonly reason: Reason; readonly at: number }) {
    return episodes.depart({ by: port.name, mode, reason: skip?.reason ?? lastReason }, skip?.at ?? clock.now());
  }

  function serve<T>(runner: Runner<P>, value: T, skip: { reason: Reason; at: number }): Served<T> {
    succeeded(runner, "traffic");
    const by = runner.port.name;
    if (runner === first) return { value, by };
    record.fallbackServed();
    return { value, by, degraded: { layer: name, ...departed(runner, skip) } };
  }

  return {
    name,
    async use(call, context) {
      let skip: { reason: Reason; at: number } = { reason: "error", at: clock.now() };
      for (const runner of runners) {
        const remaining = context.deadline.remaining();
        if (remaining <= 0) throw new LayerError("timeout", `${name}: the deadline has passed`);
        const failedAt = runner === lastRunner ? undefined : context.failed.get(runner.port);
        if (failedAt !== undefined) {
          if (runner === first) skip = { reason: runner.lastReason, at: failedAt };
          continue;
        }
        const permit = runner.gate?.acquire();
        if (runner.gate && !permit) {
          if (runner === first) skip = { reason: skipReason(runner.lastReason), at: clock.now() };
          continue;
        }
        const limits = limitsOf(runner, remaining, runner === lastRunner);
        const startedAt = clock.wall();
        const note = (errorClass: ErrorClass | null, usage: Attempt["usage"]) =>
          context.trail.attempt({
            layer: name,
            by: runner.port.name,
            step: context.step,
            startedAt,
            endedAt: clock.wall(),
            errorClass,
            usage,
          });
        try {
          const value = await attempt(runner, call, context, limits);
          note(null, options.usageOf?.(value) ?? null);
          permit?.succeed();
          const served = serve(runner, value, skip);
          if (served.degraded) context.trail.note(served.degraded);
          return served;
        } catch (thrown) {
          const error = asLayerError(thrown);
          note(error.errorClass, null);
          if (!(options.isFault?.(error) ?? ruleOf(error.errorClass).next)) {
            permit?.release();
            throw error;
          }
          const blame = !isHurried(error, limits, runner, context);
          const final = failed(runner, permit, error, { blame, evidence: "traffic" });
          const away = final || (runner === lastRunner && runner !== first);
          if (away) context.trail.note({ layer: name, ...departed(runner, runner === first ? undefined : skip) });
          if (runner === lastRunner) throw error;
          context.failed.set(runner.port, clock.now());
          if (runner === first) skip = { reason: runner.lastReason, at: clock.now() };
        }
      }
      throw new LayerError("server", `${name}: no port is left`);
    },
    async check() {
      if (closed || !first.port.probe || first.gate?.state !== "closed") return;
      const permit = first.gate.acquire();
      if (!permit) return;
      await ask(first, permit);
    },
    status() {
      return record.status({
        layer: name,
        configured: options.configured,
        ports: runners.map((runner) => runner.port.name),
        episode: episodes.current,
        breaker: first.gate?.status() ?? null,
        words: options.words,
      });
    },
    async close() {
      closed = true;
      cancelProbe?.();
      const failures: unknown[] = [];
      // One that fails to close keeps no other one open.
      for (const runner of [...runners].reverse())
        await runner.port.close?.().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}
