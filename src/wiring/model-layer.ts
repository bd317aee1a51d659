import type { Config } from "../config/config.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import type { GateMemory } from "../fallbacks/core/gate.ts";
import { createLayer, type Layer, type Slot } from "../fallbacks/core/layer.ts";
import type { Share } from "../fallbacks/core/share.ts";
import { createMockModel } from "../fallbacks/llm/mock.ts";
import { createNoModel } from "../fallbacks/llm/none.ts";
import type { ChatModel, Usage } from "../fallbacks/llm/port.ts";
import { createModelSelect, mayHelp } from "../fallbacks/llm/selection.ts";
import { layerWords } from "./words.ts";

export interface ModelLayerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
  readonly onEvent: (event: LayerEvent) => void;
  /** Waits that a model asked for, and orders, outlive a change of the configuration. */
  readonly memoryOf: (port: ChatModel) => GateMemory;
  /** What other processes know of the model. */
  readonly shareOf: (layer: "llm", port: ChatModel) => Share | undefined;
}

/** A model is not asked when less than this is left: it could not even begin. */
const MINIMUM_MS = 250;
/** The longest pause before the last model is tried once more. */
const RETRY_MS = 250;

/**
 * The failover router: the layer of the models in order, with the mock, or nobody, behind them.
 * @param models undefined: nobody configured one.
 */
export function createModelLayer(
  { llm, limits }: Pick<Config, "llm" | "limits">,
  models: readonly ChatModel[] | undefined,
  deps: ModelLayerDeps,
): Layer<ChatModel> {
  const refuses = llm.fallback === "none" && models !== undefined;
  const last: Slot<ChatModel> = refuses
    ? { port: createNoModel(), mode: "lower", refuses }
    : { port: createMockModel(), mode: "lower" };
  const slots = (models ?? []).map((port): Slot<ChatModel> => {
    const own = llm.models.find(({ name }) => name === port.name);
    return {
      port,
      mode: "equal",
      minimumMs: MINIMUM_MS,
      breaker: { failureThreshold: limits.failureThreshold },
      ...(own && { timeoutMs: own.timeoutMs, idleMs: own.idleMs, firstMs: own.firstTokenMs }),
    };
  });
  const [head, ...rest] = [...slots, last];
  return createLayer<ChatModel>({
    ...deps,
    shareOf: (port) => deps.shareOf("llm", port),
    name: "llm",
    slots: [head, ...rest],
    configured: models !== undefined,
    words: layerWords.llm,
    usageOf,
    mayHelp,
    select: createModelSelect(llm),
    rest: { cooldownMs: llm.cooldownMs },
    maxAttempts: llm.maxAttempts,
    retryMs: RETRY_MS,
  });
}

/** Calls of a model give their result with its usage. */
function usageOf(value: unknown): Usage | null {
  return typeof value === "object" && value !== null && "usage" in value ? (value.usage as Usage) : null;
}
