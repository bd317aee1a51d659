import type { BreakerOptions } from "./breaker.ts";
import type { Clock, Random } from "./clock.ts";
import type { CallContext } from "./context.ts";
import { within } from "./deadline.ts";
import { createEpisodeRecord, type Episode, type EpisodeRecord } from "./episode.ts";
import { type ErrorClass, LayerError, ruleOf } from "./errors.ts";
import type { LayerEvent } from "./events.ts";
import type { Faults } from "./faults.ts";
import { type Admission, createGate, type Gate, type GateMemory, type GateShare, type RestLengths } from "./gate.ts";
import type { CallLimits } from "./limits.ts";
import { reasonOf, skipReason } from "./reason.ts";
import type { Share } from "./share.ts";
import type { Heard } from "./sharing.ts";
import type { CandidateStatus, LayerName, Mode, Reason } from "./status.ts";

/** One way of doing a layer's work. Made lazily: a port opens nothing before its first call. */
export interface Port {
  /** As configured; shown in receipts and at /health. */
  readonly name: string;
  /**
   * Loads the code that the port needs. It is waited for before the first call, and what it takes is not held against the port: a busy
   * machine is slow to load, whoever is behind the port.
   */
  load?(): Promise<void>;
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
  /** Longest wait in ms for the first content of a port that reports it through `context.idle`; silence counts from then on. */
  readonly firstMs?: number;
  /** It is not asked when less than this is left, in ms. Default 0. */
  readonly minimumMs?: number;
  readonly breaker?: Omit<BreakerOptions, "clock" | "random" | "onTransition">;
  /** It serves nobody: whoever gets to it is told that the layer is down. */
  readonly refuses?: boolean;
}

/** What the breaker hears. */
type Effect = "failure" | "neutral" | "trip";
/** `none`: the port is not to blame; `fair`: as the error table says; `trip`: one failure is enough to open the breaker. */
export type Blame = "none" | "fair" | "trip";

export interface RunnerOptions {
  readonly layer: LayerName;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
  /** How it waits after refusals; absent: only where the server names a time. */
  readonly rest?: RestLengths | undefined;
  readonly memory?: GateMemory | undefined;
  /** Classes that open the breaker at once, whatever the error table says. */
  readonly trips?: ReadonlySet<ErrorClass>;
  readonly emit: (event: LayerEvent) => void;
  readonly onOpen: () => void;
  /** Where other processes use the same port. It needs a probe, for the one that is to find out may have no traffic. */
  readonly share?: Share | undefined;
  /** Hears what others have brought about at the port, after it has happened. */
  readonly onHeard: (heard: Heard) => void;
  /** Whether a background check goes before traffic when the open time is over. */
  readonly checkFirst: () => boolean;
}

/** A port with all that is known of it: its gate, why it failed last, and the outage in which others serve in its place. */
export interface Runner<P extends Port> extends Slot<P> {
  /** Absent for the last port, which is always asked. */
  readonly gate: Gate | undefined;
  readonly episodes: EpisodeRecord;
  /** Why it failed last. */
  readonly lastReason: Reason;
  /** It was loading when it was last asked. */
  readonly loading: boolean;
  /** Why it would be passed over now, for receipts. */
  passedOver(): Reason;
  call<T>(
    call: (port: P, context: CallContext) => Promise<T>,
    context: CallContext,
    limits: CallLimits,
  ): Promise<{ readonly value: T; readonly firstMs: number | null }>;
  succeeded(): void;
  /** Tells the gate of a failure; returns what the breaker heard. */
  failed(error: LayerError, admission: Admission | undefined, blame: Blame): Effect;
  status(): CandidateStatus | undefined;
}

const DEFAULT_CALL_MS = 10_000;
/** A background check may take this long, in ms. */
const SHORTEST_CALL_MS = 2_000;
/** After a process that was killed while it probed, the others wait for its call as if it ran, but not longer than this, in ms. */
const LONGEST_CALL_MS = 60_000;

export function createRunner<P extends Port>(slot: Slot<P>, last: boolean, options: RunnerOptions): Runner<P> {
  const { layer, clock, emit } = options;
  const by = slot.port.name;
  let lastReason: Reason = "error";
  let lastErrorClass: ErrorClass | null = null;
  let loading = false;
  let loaded = slot.port.load === undefined;
  const gate = last
    ? undefined
    : createGate({
        ...options,
        // Every call has limits of its own, so that one that was admitted ends without this; a long answer is not a hung one.
        probeMs: Number.POSITIVE_INFINITY,
        ...slot.breaker,
        shared: shared(),
        onTransition(state, byPeer) {
          emit({ kind: "breaker", layer, by, state, ...(byPeer && { cause: "peer" }) });
          if (state === "open") options.onOpen();
        },
      });
  const episodes = createEpisodeRecord(clock, (change, episode: Episode) =>
    emit({ kind: "episode", layer, change, ...episode }),
  );

  function shared(): GateShare | undefined {
    if (!options.share || !slot.port.probe) return undefined;
    const callMs = Math.min(Math.max(slot.timeoutMs ?? DEFAULT_CALL_MS, SHORTEST_CALL_MS), LONGEST_CALL_MS);
    return { share: options.share, callMs, onHeard };
  }

  function onHeard(heard: Heard): void {
    if (heard.kind === "open" || heard.kind === "rest") {
      lastErrorClass = heard.errorClass ?? lastErrorClass;
      lastReason = heard.kind === "rest" ? heard.rest : reasonOf(heard.errorClass ?? "server");
    }
    if (heard.kind === "rest") {
      const { rest, errorClass, ms } = heard;
      emit({ kind: "rest", layer, by, rest, errorClass, ms, cause: "peer" });
    }
    options.onHeard(heard);
  }

  function effectOf(errorClass: ErrorClass, blame: Blame): Effect {
    if (blame === "none") return "neutral";
    const effect = options.trips?.has(errorClass) ? "trip" : ruleOf(errorClass).breaker;
    return effect === "failure" && blame === "trip" ? "trip" : effect;
  }

  async function load({ signal }: CallContext, ms: number): Promise<void> {
    try {
      await within({ clock, signal, ms }, async () => slot.port.load?.());
      loaded = true;
    } catch (error) {
      if (!(error instanceof LayerError) || error.errorClass !== "timeout") throw error;
      throw new LayerError("loading", `${by} is loading`, { cause: error });
    }
  }

  return {
    ...slot,
    gate,
    episodes,
    get lastReason() {
      return lastReason;
    },
    get loading() {
      return loading;
    },
    passedOver() {
      const kind = gate?.obstacle?.kind;
      if (kind !== undefined && kind !== "open") return kind;
      // It is well again, and more callers are let in step by step.
      return gate?.serving ? "recovering" : skipReason(lastReason);
    },
    async call(call, context, limits) {
      if (!loaded) await load(context, Math.min(limits.ms, limits.firstMs ?? limits.ms, limits.idleMs ?? limits.ms));
      const startedAt = clock.now();
      let firstMs: number | null = null;
      const ms = Math.min(limits.ms, context.deadline.remaining());
      const value = await within({ clock, signal: context.signal, ...limits, ms }, async (signal, limit) => {
        if (gate) await options.faults.inject(layer, signal);
        const idle = {
          ...limit,
          begin() {
            firstMs ??= clock.now() - startedAt;
            limit.begin();
          },
        };
        return call(slot.port, { ...context, signal, idle });
      });
      return { value, firstMs };
    },
    succeeded() {
      loading = false;
      lastErrorClass = null;
      // A late success from before the trip has opened no way, so it ends nothing.
      if (!gate || gate.serving) episodes.end();
    },
    failed(error, admission, blame) {
      const { errorClass } = error;
      const effect = effectOf(errorClass, blame);
      const rest = admission?.fail(error, effect);
      lastErrorClass = errorClass;
      loading = errorClass === "loading";
      lastReason = rest?.kind ?? reasonOf(errorClass);
      if (rest) emit({ kind: "rest", layer, by, rest: rest.kind, errorClass, ms: rest.ms });
      return effect;
    },
    status() {
      if (!gate) return undefined;
      const { obstacle, forced = null, breaker } = gate;
      const ms = obstacle?.inMs ?? null;
      const open = breaker.state === "closed" ? "ready" : breaker.state;
      return {
        name: by,
        state: forced ? "forced" : (obstacle?.kind ?? open),
        until: forced?.until ?? (ms === null ? null : new Date(clock.wall().getTime() + ms)),
        lastErrorClass,
        breaker: breaker.status(),
        forced: forced && withoutEnd(forced),
      };
    },
  };
}

function withoutEnd({ action, reason, author, since, until }: NonNullable<CandidateStatus["forced"]>) {
  return { action, reason, author, since, until };
}
