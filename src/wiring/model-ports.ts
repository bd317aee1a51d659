import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { createModel } from "../fallbacks/llm/create-model.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";

/**
 * Makes the ports of the configured models, in order; undefined when there are none. A model whose settings and key are as they were
 * at an earlier call is the same port again, so that what is known of it is kept.
 */
export function createModelPorts(clock: Clock) {
  let known = new Map<string, ChatModel>();
  return (
    { llm }: Pick<Config, "llm">,
    { modelKeys }: Pick<Secrets, "modelKeys">,
  ): readonly ChatModel[] | undefined => {
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
      next.set(id, known.get(id) ?? createModel({ ...options, clock }));
    }
    known = next;
    return next.size > 0 ? [...next.values()] : undefined;
  };
}
