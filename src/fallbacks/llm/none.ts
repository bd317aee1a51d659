import { LayerError } from "../core/errors.ts";
import type { ChatModel } from "./port.ts";

/** Behind models that nothing may stand in for: every question is an outage, so that no rule answers in their place. */
export function createNoModel(): ChatModel {
  const away = () => new LayerError("server", "no model could answer, and LLM_FALLBACK is none");
  return {
    name: "none",
    run: () => Promise.reject(away()),
    // It never yields: it throws at the first step.
    stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(away()) }) }),
  };
}
