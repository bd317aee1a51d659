import type { BreakerStatus } from "./breaker.ts";
import type { Forced } from "./control.ts";
import type { ErrorClass } from "./errors.ts";

export const layerNames = [
  "llm",
  "embeddings",
  "vectors",
  "reranker",
  "graph",
  "store",
  "business",
  "tracing",
] as const;
export type LayerName = (typeof layerNames)[number];

/** How a fallback compares with the first port. */
export const modes = ["equal", "lower", "made_up", "not_durable"] as const;
export type Mode = (typeof modes)[number];

export const reasons = [
  "not_configured",
  "open",
  "cooldown",
  "parked",
  "timeout",
  "error",
  "forced",
  "missing",
  "recovering",
] as const;
export type Reason = (typeof reasons)[number];

/** One line of a receipt: a layer that did not run on its first port. */
export interface Degradation {
  readonly layer: LayerName;
  readonly mode: Mode;
  /** Configured name of the port that served. */
  readonly by: string;
  readonly reason: Reason;
  /** Start of the episode (wall clock). */
  readonly since: Date;
}

export const layerStates = ["ok", "degraded", "down", "recovering", "forced"] as const;
export type LayerState = (typeof layerStates)[number];

/** What operators see of one port of a layer; the last port, which has nothing in its way, is not among them. */
export interface CandidateStatus {
  readonly name: string;
  readonly state: "ready" | "open" | "half_open" | "cooldown" | "parked" | "forced";
  /** When it may be asked again. */
  readonly until: Date | null;
  readonly lastErrorClass: ErrorClass | null;
  readonly breaker: BreakerStatus;
  readonly forced: Forced | null;
}

/** What health shows of one layer. Times are wall-clock dates, ages are seconds on the monotonic clock. */
export interface LayerStatus {
  readonly layer: LayerName;
  readonly state: LayerState;
  /** False when nobody configured a first port of their own, so that the local one is the first. */
  readonly configured: boolean;
  /** The port that serves. */
  readonly by: string;
  /** All ports in order. */
  readonly ports: readonly string[];
  readonly mode: Mode | null;
  readonly since: Date | null;
  readonly reason: Reason | null;
  readonly evidence: "traffic" | "probe" | "config";
  readonly evidenceAgeS: number | null;
  readonly lastSuccess: Date | null;
  readonly lastError: { readonly errorClass: ErrorClass; readonly text: string; readonly count: number } | null;
  /** Of the first port; null when the layer has a single port. */
  readonly breaker: BreakerStatus | null;
  /** Every port but the last, in order. */
  readonly candidates: readonly CandidateStatus[];
  readonly cooldownUntil: Date | null;
  /** Tokens left for second tries, 0 to 10; they stop below half. Null where nothing is tried twice. */
  readonly retryBudget: number | null;
  readonly backlog: { readonly operations: number; readonly bytes: number; readonly oldestS: number } | null;
  /** Seconds since a fallback last served; null when none has yet. */
  readonly fallbackVerifiedAgeS: number | null;
  /** One plain sentence: what a user notices. */
  readonly impact: string;
  /** What an operator should do, or "none". */
  readonly action: string;
}
