import type { Clock } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";
import { type LayerStatus, layerStates } from "../fallbacks/core/status.ts";
import { createDegradedTime } from "./degraded-time.ts";
import { createLoopLag, type LoopLag } from "./loop-lag.ts";
import { createMeters, type Meters } from "./meters.ts";

/** How turns end: answered by first ports, answered with a departure, refused (a 4xx), not served (a 5xx), given up by the client. */
export const turnOutcomes = ["answered", "degraded", "refused", "failed", "aborted"] as const;
export type TurnOutcome = (typeof turnOutcomes)[number];

/** What operators measure. Label values are names from the configuration and words of ours, so there is a bound on how many there are. */
export interface Metrics {
  /** Takes a few microseconds and never throws. */
  readonly hear: (event: LayerEvent) => void;
  readonly turn: (turn: { readonly outcome: TurnOutcome; readonly seconds: number }) => void;
  readonly intentCache: (outcome: "hit" | "miss" | "refused") => void;
  /** Sentences of one reply that were held against what was found; those of the two other numbers are among the checked ones. */
  readonly grounding: (counts: {
    readonly checked: number;
    readonly dropped: number;
    readonly doubted: number;
  }) => void;
  /** The text format of Prometheus. Statuses are read for it; no dependency is called. */
  text(): Promise<string>;
  readonly contentType: string;
  close(): void;
}

export interface MetricsOptions {
  readonly clock: Clock;
  readonly layers: () => readonly LayerStatus[];
  /** USD for a million tokens of the model with this configured name; null: not known, and its cost is not counted. */
  readonly priceOf: (model: string) => { readonly inputPerMTok: number; readonly outputPerMTok: number } | null;
  readonly loopLag?: LoopLag;
  /** How many vector spaces no server uses any more. */
  readonly formerSpaces: () => number;
}

const TOKENS_OF_A_PRICE = 1_000_000;

export function createMetrics(options: MetricsOptions): Metrics {
  const { clock, priceOf } = options;
  const meters = createMeters();
  const loopLag = options.loopLag ?? createLoopLag();
  const degraded = createDegradedTime(clock, (layer, mode, seconds) =>
    meters.degradedSeconds.inc({ layer, mode }, seconds),
  );

  function attempted({ layer, by, errorClass, ms, firstMs, usage }: Extract<LayerEvent, { kind: "attempt" }>): void {
    meters.calls.inc({ layer, by, outcome: errorClass ?? "ok" });
    meters.attemptSeconds.observe({ layer, by }, ms / 1_000);
    if (firstMs !== null) meters.firstTokenSeconds.observe({ layer, by }, firstMs / 1_000);
    if (layer !== "llm" || !usage) return;
    const inputTokens = counted(usage.inputTokens);
    const outputTokens = counted(usage.outputTokens);
    meters.tokens.inc({ model: by, kind: "input" }, inputTokens);
    meters.tokens.inc({ model: by, kind: "output" }, outputTokens);
    const price = priceOf(by);
    if (!price) return;
    const usd = (inputTokens * price.inputPerMTok + outputTokens * price.outputPerMTok) / TOKENS_OF_A_PRICE;
    meters.cost.inc({ model: by }, usd);
  }

  return {
    contentType: meters.contentType,
    hear(event) {
      switch (event.kind) {
        case "attempt":
          return attempted(event);
        case "failover": {
          const { layer, from, to, cause } = event;
          meters.failovers.inc({ layer, from, to, class: cause });
          return meters.fallbackServed.inc({ layer, by: to });
        }
        case "rest":
          return meters.cooldowns.inc({
            layer: event.layer,
            by: event.by,
            class: event.errorClass,
            kind: event.rest,
            cause: event.cause ?? "own",
          });
        case "breaker":
          return meters.breakerTransitions.inc({
            layer: event.layer,
            by: event.by,
            state: event.state,
            cause: event.cause ?? "own",
          });
        case "episode":
          return degraded.hear(event);
        case "control":
          return meters.controls.inc({ layer: event.layer, by: event.by, action: event.action });
      }
    },
    turn({ outcome, seconds }) {
      meters.turns.inc({ outcome });
      meters.turnSeconds.observe({ outcome }, seconds);
    },
    intentCache: (outcome) => meters.intentCache.inc({ outcome }),
    grounding({ checked, dropped, doubted }) {
      meters.groundedSentences.inc({ outcome: "borne_out" }, checked - dropped - doubted);
      meters.groundedSentences.inc({ outcome: "dropped" }, dropped);
      meters.groundedSentences.inc({ outcome: "doubted" }, doubted);
    },
    async text() {
      const statuses = options.layers();
      degraded.sync(statuses);
      readLayers(statuses, meters, clock.wall().getTime());
      meters.formerSpaces.set(options.formerSpaces());
      for (const [stat, seconds] of Object.entries(loopLag.read())) meters.loopLag.set({ stat }, seconds);
      return meters.text();
    },
    close: () => loopLag.close(),
  };
}

/** A provider's count may be anything; a counter takes no less than 0. */
function counted(tokens: number): number {
  return Number.isFinite(tokens) && tokens > 0 ? tokens : 0;
}

const candidateStates = ["ready", "open", "half_open", "cooldown", "parked", "forced"] as const;
const breakerNumbers = { closed: 0, half_open: 1, open: 2 } as const;

/** What is a state and no event. Ports that are gone since the last reading leave nothing behind. */
function readLayers(statuses: readonly LayerStatus[], meters: Meters, nowMs: number): void {
  const { breakerState, cooldownSeconds, portState, journalBacklog, journalOldest, retryBudget } = meters;
  for (const gauge of [breakerState, cooldownSeconds, portState, journalBacklog, journalOldest, retryBudget]) {
    gauge.reset();
  }
  for (const { layer, state, candidates, backlog, retryBudget: retries } of statuses) {
    if (retries !== null) retryBudget.set({ layer }, retries);
    for (const each of layerStates) meters.layerState.set({ layer, state: each }, each === state ? 1 : 0);
    for (const { name: by, state: now, until, breaker } of candidates) {
      for (const each of candidateStates) portState.set({ layer, by, state: each }, each === now ? 1 : 0);
      breakerState.set({ layer, by }, breakerNumbers[breaker.state]);
      const resting = (now === "cooldown" || now === "parked") && until !== null;
      cooldownSeconds.set({ layer, by }, resting ? Math.max(0, until.getTime() - nowMs) / 1_000 : 0);
    }
    if (!backlog) continue;
    journalBacklog.set({ layer }, backlog.operations);
    journalOldest.set({ layer }, backlog.oldestS);
  }
}
