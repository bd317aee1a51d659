import type { LayerName, LayerStatus } from "../fallbacks/core/status.ts";
import type { Health, LayerHealth } from "./health-schema.ts";
import { toWire } from "./wire.ts";

export interface HealthInput {
  readonly layers: readonly LayerStatus[];
  /** Layers to leave out, of the verdict too. */
  readonly exclude: readonly LayerName[];
  readonly production: boolean;
  /** Present for operators, who see everything. */
  readonly version?: string;
}

// Without one of these no turn can be answered.
const needed: ReadonlySet<LayerName> = new Set(["llm", "graph", "store"]);

type Verdict = Health["status"];

/**
 * The overall state is the worst impact: `down` when turns cannot be answered; `degraded` when a layer is on a port that
 * is lower, made up or not durable, or when a layer is away. An equal port, or tracing away, is `ok` with a notice.
 */
export function healthOf(input: HealthInput): Health {
  const layers = input.layers
    .filter(({ layer }) => !input.exclude.includes(layer))
    .map((status) => (input.production ? asInProduction(status) : status));
  const verdicts = new Set(layers.map(verdictOf));
  return {
    status: verdicts.has("down") ? "down" : verdicts.has("degraded") ? "degraded" : "ok",
    ...(input.version === undefined ? {} : { version: input.version }),
    layers: Object.fromEntries(
      layers.map((status) => [status.layer, input.version === undefined ? publicView(status) : fullView(status)]),
    ),
    notices: layers.filter((status) => verdictOf(status) === "ok" && status.state !== "ok").map(noticeOf),
  };
}

/** In production nobody wants rules to answer: a model that is not configured is a fault there. */
function asInProduction(status: LayerStatus): LayerStatus {
  if (status.layer !== "llm" || status.configured || status.state !== "ok") return status;
  return {
    ...status,
    state: "degraded",
    mode: "lower",
    reason: "not_configured",
    impact: "Answers come from rules, not from a model.",
    action: "Configure a model: LLM_MODEL with LLM_API_KEY or LLM_BASE_URL, or several with LLM_PRIORITY_ORDER.",
  };
}

function verdictOf({ layer, state, mode }: LayerStatus): Verdict {
  if (layer === "tracing") return "ok";
  if (state === "down") return needed.has(layer) ? "down" : "degraded";
  return state !== "ok" && mode !== null && mode !== "equal" ? "degraded" : "ok";
}

function noticeOf({ layer, state, by, since, impact }: LayerStatus): string {
  const from = since === null ? "" : ` since ${since.toISOString()}`;
  return `${layer}: ${state}${from}, served by ${by}. What users notice: ${impact}`;
}

function fullView(status: LayerStatus): LayerHealth {
  const { layer: _name, ...rest } = toWire(status);
  return rest;
}

function publicView(status: LayerStatus): LayerHealth {
  const { state, configured, by, mode, since, reason, impact } = toWire(status);
  return { state, configured, by, mode, since, reason, impact };
}
