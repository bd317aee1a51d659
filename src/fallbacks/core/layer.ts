import type { Clock, Random } from "./clock.ts";
import type { Attempt, CallContext } from "./context.ts";
import type { Order } from "./control.ts";
import { asLayerError, type ErrorClass, type LayerError } from "./errors.ts";
import type { LayerEvent } from "./events.ts";
import { explain } from "./explain.ts";
import { createFailover, type Served } from "./failover.ts";
import type { Faults } from "./faults.ts";
import { type Admission, type GateMemory, type RestLengths } from "./gate.ts";
import { checkFirst, createProber, PROBE_LIMIT_MS, type Prober, probeContext } from "./prober.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { type Blame, createRunner, type Port, type Runner, type Slot } from "./runner.ts";
import type { Choice, Explained, Needs, Select } from "./selection.ts";
import type { Share } from "./share.ts";
import type { Heard } from "./sharing.ts";
import type { LayerName, LayerStatus, Reason } from "./status.ts";
import { createStatusRecord, type LayerWords } from "./status-record.ts";

export type { Served } from "./failover.ts";
export type { Port, Slot } from "./runner.ts";

/** An ordered list of ports. Serving from any but the first is degraded, and said so. */
export interface Layer<P extends Port> {
  readonly name: LayerName;
  /**
   * Calls the first port that can serve. `call` may run more than once, so it must have no effect besides the port.
   * Every departure from the first port is noted on `context.trail`. `needs` says what the call asks of a port.
   * @throws {LayerError} of the last port tried, with the shortest wait of all as `retryAfterMs`; `aborted` when the caller went
   * away; `timeout` past the deadline.
   */
  use<T>(call: (port: P, context: CallContext) => Promise<T>, context: CallContext, needs?: Needs): Promise<Served<T>>;
  status(): LayerStatus;
  /** What would become of each port if a call came now; calls nothing and changes nothing. */
  explain(asked: Asked): readonly Explained[];
  /** @throws {RangeError} for a port that the layer does not have, or its last one. */
  control(order: Order): Promise<void>;
  /**
   * Asks the first port now whether it is there, before anybody needs it; if it is not, the layer is degraded from now on
   * and asks again by itself. Does nothing for a port without a probe. Never fails.
   */
  check(): Promise<void>;
  /** Stops background checks for good; calls that run go on, and the ports stay open. For a layer that another one replaces. */
  retire(): void;
  /** Closes all ports, the last first. @throws what the first of them threw that could not close, after all have been closed. */
  close(): Promise<void>;
}

export interface Asked extends Pick<CallContext, "step" | "tier"> {
  readonly needs: Needs;
  readonly remainingMs: number;
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
  readonly onEvent?: (event: LayerEvent) => void;
  /** Whether an error is the port's, so that the next port may help. Default: as the error table says. */
  readonly isFault?: (error: LayerError) => boolean;
  /** Classes that open the breaker at once, whatever the error table says. */
  readonly trips?: ReadonlySet<ErrorClass>;
  /** The tokens that a call has used, for traces. */
  readonly usageOf?: (value: unknown) => Attempt["usage"];
  /** How a call orders the ports but the last, and which of them do not suit it. Default: as they are. */
  readonly select?: Select<P>;
  /** Whether `next` may do better after `failed` has failed so. Default: always. */
  readonly mayHelp?: (error: LayerError, failed: P, next: P) => boolean;
  /** Most calls of ports but the last in one use. Default: no limit. */
  readonly maxAttempts?: number;
  /** How ports wait after refusals; absent: only where the server names a time. */
  readonly rest?: RestLengths;
  /** What other processes that use the same port know of it. Default: nothing is shared. Of no use for a port without a probe. */
  readonly shareOf?: (port: P) => Share | undefined;
  /** Waits and orders of a port, kept by whoever replaces a layer by another one. Default: they begin with the layer. */
  readonly memoryOf?: (port: P) => GateMemory;
  /** The last port before the local one may be tried once more, after up to this many ms. Absent: never. */
  readonly retryMs?: number;
  /** A success whose first content took longer counts as slow, in ms. Default 10 000. */
  readonly slowMs?: number;
}

/** How long after an order to close a port it is checked, if no call has decided. */
const CLOSED_CHECK_MS = 5_000;

export function createLayer<P extends Port>(options: LayerOptions<P>): Layer<P> {
  const { name, clock } = options;
  const emit = options.onEvent ?? (() => {});
  const record = createStatusRecord(clock);
  const budget = createRetryBudget();
  let closed = false;

  const probers = new Map<Runner<P>, Prober>();
  const runners: Runner<P>[] = options.slots.map((slot, index) => {
    const runner: Runner<P> = createRunner(slot, index === options.slots.length - 1, {
      ...options,
      memory: options.memoryOf?.(slot.port),
      layer: name,
      emit,
      onOpen: () => probers.get(runner)?.schedule(),
      checkFirst: () => checkFirst(runner, watched(runner)),
      share: options.shareOf?.(slot.port),
      onHeard: (heard) => onHeard(runner, heard),
    });
    return runner;
  });
  const first = runners[0] as Runner<P>;
  const lastRunner = runners.at(-1) as Runner<P>;
  const candidates = runners.slice(0, -1);
  const byPort = new Map(candidates.map((runner) => [runner.port, runner]));
  /** Those that somebody expects to serve. */
  const heads = new Set<Runner<P>>([first]);
  for (const runner of candidates) {
    const options = { clock, runner, watched: () => watched(runner) };
    probers.set(runner, createProber({ ...options, ask: (admission) => ask(runner, admission) }));
  }

  function watched(runner: Runner<P>): boolean {
    return !closed && heads.has(runner);
  }

  const ports = candidates.map(({ port }) => port);
  const all = ports.map((port): Choice<P> => ({ port }));

  /** The same list gives the same rows, as nearly every call has it. */
  let known: { readonly chosen: readonly Choice<P>[]; readonly rows: ReturnType<typeof rowsOf> } | undefined;

  function choose(needs: Needs, caller: Pick<CallContext, "step" | "tier">) {
    const chosen = options.select?.(ports, needs, caller) ?? all;
    if (known?.chosen !== chosen) known = { chosen, rows: rowsOf(chosen) };
    return known.rows;
  }

  function rowsOf(chosen: readonly Choice<P>[]) {
    return chosen.flatMap(({ port, unsuitable }) => {
      const runner = byPort.get(port);
      return runner ? [{ runner, unsuitable }] : [];
    });
  }

  function retire(): void {
    closed = true;
    for (const prober of probers.values()) prober.cancel();
    for (const { gate } of candidates) gate?.leave();
  }

  /** Others have changed what stands before a port. */
  function onHeard(runner: Runner<P>, heard: Heard): void {
    if (closed) return;
    const prober = probers.get(runner);
    if (heard.kind === "granted") prober?.granted();
    else prober?.schedule();
    const next = heads.has(runner) ? runners[runners.indexOf(runner) + 1] : undefined;
    const known = heard.kind === "open" || heard.kind === "rest";
    // No call has found out yet, but the next one will go to somebody else.
    if (known && next) depart(runner, next, { reason: runner.passedOver(), at: clock.now() });
  }

  /** Runs the port's probe; its error is recorded and returned. */
  async function ask(runner: Runner<P>, admission: Admission, least: Blame = "trip"): Promise<LayerError | undefined> {
    // Nobody's call has failed yet, so that there is no episode and no count of failures to go by.
    const unforeseen = runner.gate?.serving ?? false;
    try {
      await runner.call(async (port, ctx) => port.probe?.(ctx), probeContext(clock, name), { ms: PROBE_LIMIT_MS });
      admission.succeed({ probed: !runner.loading });
      record.success("probe");
      runner.succeeded();
      return undefined;
    } catch (thrown) {
      const error = asLayerError(thrown);
      failed(runner, admission, error, { evidence: "probe", blame: unforeseen ? least : "fair" });
      const next = heads.has(runner) ? runners[runners.indexOf(runner) + 1] : undefined;
      if (unforeseen && next) depart(runner, next, { reason: runner.lastReason, at: clock.now() });
      if (unforeseen && next?.refuses && error.errorClass !== "loading") record.down();
      return error;
    }
  }

  /** Returns whether the layer is down: nothing is left behind this port. */
  function failed(
    runner: Runner<P>,
    admission: Admission | undefined,
    error: LayerError,
    { evidence, blame }: { readonly evidence: "traffic" | "probe"; readonly blame: Blame },
  ): boolean {
    const effect = runner.failed(error, admission, blame);
    probers.get(runner)?.afterFailure(error.errorClass);
    // A last port that is `missing` was never there: what it would do is not configured, which is no outage.
    const final = runner === lastRunner && effect === "failure";
    record.failure(error, { evidence, final, standIn: runner === lastRunner && runner !== first });
    return final;
  }

  /** `served` serves, or refuses, in the place of `head`. */
  function depart(
    head: Runner<P>,
    served: Runner<P>,
    { reason, at }: { readonly reason: Reason; readonly at: number },
  ) {
    return head.episodes.depart({ by: served.port.name, mode: served.mode, reason }, at);
  }

  const [, second] = runners;
  if (second && first.gate?.obstacle) {
    depart(first, second, { reason: first.passedOver(), at: clock.now() });
    probers.get(first)?.schedule();
  }

  /** The first outage that is on, with the reason as it is now: orders end by themselves. */
  function episodeNow() {
    const runner = runners.find(({ episodes }) => episodes.current);
    const episode = runner?.episodes.current;
    if (!runner || episode?.reason !== "forced" || runner.gate?.forced) return episode;
    return { ...episode, reason: runner.passedOver() };
  }

  const failover = createFailover<P>({ ...options, emit, lastRunner, candidates, record, budget, failed, depart });

  return {
    name,
    use(call, context, needs = {}) {
      const chosen = choose(needs, context);
      const suitable = chosen.flatMap(({ runner, unsuitable }) => (unsuitable ? [] : [runner]));
      const [head] = suitable;
      if (head && !heads.has(head)) {
        heads.add(head);
        // While nobody expected it to serve, nobody looked whether it is back.
        if (!head.gate?.serving) probers.get(head)?.schedule();
      }
      const unsuitable = chosen.find(({ unsuitable: why }) => why && why !== "not_listed")?.unsuitable;
      return failover(suitable, call, context, { needs, unsuitable });
    },
    explain({ step, tier, needs, remainingMs }) {
      const rows = choose(needs, { step, tier });
      return explain(rows, lastRunner, remainingMs);
    },
    async control(order) {
      const runner = order.port === undefined ? candidates[0] : candidates.find(({ port }) => port.name === order.port);
      const { gate } = runner ?? {};
      if (!runner || !gate) {
        const allowed = candidates.map(({ port }) => port.name).join(", ") || "none, it has only one port";
        throw new RangeError(`port: ${JSON.stringify(order.port ?? first.port.name)} of ${name}; allowed: ${allowed}`);
      }
      const { action, reason, author, ttlMs } = order;
      emit({ kind: "control", layer: name, by: runner.port.name, action, reason, author, ttlMs });
      const prober = probers.get(runner);
      if (action === "force_open" || action === "disable") {
        gate.force({ ...order, action });
        const next = heads.has(runner) ? runners[runners.indexOf(runner) + 1] : undefined;
        if (action === "force_open" && next) depart(runner, next, { reason: "forced", at: clock.now() });
        return prober?.schedule(ttlMs);
      }
      if (action === "close") {
        gate.unforce();
        gate.tryNow();
        // For a server that nobody asks; where somebody does, the next call decides.
        return prober?.schedule(CLOSED_CHECK_MS);
      }
      gate.breaker.tryNow();
      const admission = runner.port.probe && gate.acquire({ check: true, now: true });
      if (admission) await ask(runner, admission, "fair");
    },
    async check() {
      if (closed || !first.port.probe || !first.gate?.serving) return;
      const admission = first.gate.acquire({ check: true });
      if (admission) await ask(first, admission);
    },
    status() {
      return record.status({
        layer: name,
        configured: options.configured,
        ports: runners.map((runner) => runner.port.name),
        episode: episodeNow(),
        breaker: first.gate?.breaker.status() ?? null,
        candidates: candidates.flatMap((runner) => runner.status() ?? []),
        retryBudget: options.retryMs === undefined ? null : Math.round(budget.tokens * 10) / 10,
        words: options.words,
      });
    },
    retire,
    async close() {
      retire();
      const failures: unknown[] = [];
      // One that fails to close keeps no other one open.
      for (const runner of [...runners].reverse())
        await runner.port.close?.().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}
