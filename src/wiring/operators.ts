import type { Faults } from "../fallbacks/core/faults.ts";
import { type LayerStatus, layerNames } from "../fallbacks/core/status.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Tracing } from "../fallbacks/tracing/port.ts";
import type { LoadableKnowledge } from "../retrieval/create-knowledge.ts";
import type { Operate } from "../server/server-deps.ts";
import type { LayerSet } from "./layers.ts";
import { tracingStatus } from "./tracing-status.ts";

export interface OperatorsDeps {
  readonly layers: LayerSet;
  readonly store: StoreAccess;
  readonly vectors: Pick<LayerSet["vectors"], "status">;
  readonly knowledge: Pick<LoadableKnowledge, "embeddingsStatus">;
  /** The first one that is configured. */
  readonly tracing: Tracing | undefined;
  readonly faults: Faults;
  /** Whether faults may be set while it runs. */
  readonly faultsAllowed: boolean;
}

/** What operators see of the layers, and order. */
export interface Operators {
  /** In the order of the layers. */
  statuses(): readonly LayerStatus[];
  readonly operate: Operate;
}

export function createOperators(deps: OperatorsDeps): Operators {
  const { layers, store, vectors, knowledge, tracing, faults, faultsAllowed } = deps;
  // These know more than their layer: what waits to be copied or filled up.
  const shown = {
    ...layers,
    store,
    vectors,
    embeddings: { status: () => knowledge.embeddingsStatus() },
    tracing: { status: () => tracingStatus(layers.tracing.status(), tracing) },
  };
  return {
    statuses: () => layerNames.map((name) => shown[name].status()),
    operate: {
      control: async (name, order) => {
        await layers[name].control(order);
        return shown[name].status();
      },
      explain: (asked) => layers.llm.explain(asked),
      ...(store.deadLetters && { deadLetters: store.deadLetters }),
      faults: {
        get plan() {
          return faults.plan;
        },
        set: (plan) => faults.set(plan),
        allowed: faultsAllowed,
      },
    },
  };
}
