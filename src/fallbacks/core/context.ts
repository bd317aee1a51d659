import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.ts";
import { type Deadline, deadlineIn, type IdleLimit, nobodyLeaves, noIdleLimit } from "./deadline.ts";
import type { ErrorClass } from "./errors.ts";
import type { Degradation, LayerName } from "./status.ts";

/** What travels with every call into a layer. */
export interface CallContext {
  /** Names the request in logs and errors. */
  readonly requestId: string;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  /** Collects every departure from a first port, so that no caller can forget to report one. */
  readonly trail: Trail;
  /** Ports that have failed in this turn: its later calls go past them, so that one bad port costs its limit once. With the time (monotonic ms). */
  readonly failed: Map<object, number>;
  /** For ports with an idle limit: tells the layer that the port is alive. */
  readonly idle: IdleLimit;
  /** What the caller is doing, as traces name it. */
  readonly step: string | null;
  /** Which list of models the caller may use; null: the one for everybody. */
  readonly tier: string | null;
  /** Of whoever asks: decide which documents are found. */
  readonly roles: ReadonlySet<string>;
}

/** One call of one port, as it was: for traces. */
export interface Attempt {
  readonly layer: LayerName;
  readonly by: string;
  readonly step: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** Null: it succeeded. */
  readonly errorClass: ErrorClass | null;
  /** Where the layer counts tokens and the call got so far. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
}

/** What happened in the layers during one turn; its departures are the degradation receipt in the making. */
export interface Trail {
  note(degradation: Degradation): void;
  /** One entry a layer, in the order in which they first departed; the worst mode wins, then the latest. */
  list(): readonly Degradation[];
  attempt(attempt: Attempt): void;
  attempts(): readonly Attempt[];
}

const severity = { equal: 0, lower: 1, not_durable: 2, made_up: 3 } as const;

export function createTrail(): Trail {
  const byLayer = new Map<string, Degradation>();
  const attempts: Attempt[] = [];
  return {
    attempt: (attempt) => void attempts.push(attempt),
    attempts: () => attempts,
    note(degradation) {
      const known = byLayer.get(degradation.layer);
      if (known && severity[known.mode] > severity[degradation.mode]) return;
      byLayer.set(degradation.layer, degradation);
    },
    list: () => [...byLayer.values()],
  };
}

export interface ContextOptions {
  readonly clock: Clock;
  readonly requestId: string;
  /** Milliseconds until the deadline. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly trail?: Trail;
  readonly tier?: string | null;
  /** Default: none. */
  readonly roles?: ReadonlySet<string>;
}

const noRoles: ReadonlySet<string> = new Set();

export function createContext(options: ContextOptions): CallContext {
  const { signal = nobodyLeaves } = options;
  // A turn may have any number of calls in flight, and each listens: that is no leak to warn of.
  if (signal !== nobodyLeaves) setMaxListeners(0, signal);
  return {
    requestId: options.requestId,
    signal,
    deadline: deadlineIn(options.clock, options.deadlineMs),
    trail: options.trail ?? createTrail(),
    failed: new Map(),
    idle: noIdleLimit,
    step: null,
    tier: options.tier ?? null,
    roles: options.roles ?? noRoles,
  };
}
