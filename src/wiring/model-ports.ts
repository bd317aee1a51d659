import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import { createModel } from "../fallbacks/llm/create-model.ts";
import { withFaults } from "../fallbacks/llm/faulty.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";

export interface ModelPorts {
  /**
   * The ports of the configured models, in order; undefined when there are none. A model whose settings and key are as they were at
   * an earlier call is the same port again.
   */
  make(config: Pick<Config, "llm">, secrets: Pick<Secrets, "modelKeys">): readonly ChatModel[] | undefined;
  /** The same for ports that are the same to their provider; undefined for one that was not made here. */
  identityOf(port: ChatModel): string | undefined;
}

export function createModelPorts({ clock, faults }: { readonly clock: Clock; readonly faults: Faults }): ModelPorts {
  let known = new Map<string, ChatModel>();
  const identities = new WeakMap<ChatModel, string>();
  return {
    make({ llm }, { modelKeys }) {
      const next = new Map<string, ChatModel>();
      for (const { name, provider, model, baseUrl, contextWindow } of llm.models) {
        const apiKey = modelKeys[name];
        const options = {
          provider,
          name,
          model,
          ...(baseUrl !== undefined && { baseUrl }),
          ...(contextWindow !== undefined && { contextWindow }),
          ...(apiKey !== undefined && { apiKey }),
        };
        const id = JSON.stringify(options);
        const port = known.get(id) ?? withFaults(createModel({ ...options, clock }), faults);
        identities.set(port, JSON.stringify([provider, model, baseUrl, apiKey]));
        next.set(id, port);
      }
      known = next;
      return next.size > 0 ? [...next.values()] : undefined;
    },
    identityOf: (port) => identities.get(port),
  };
}
