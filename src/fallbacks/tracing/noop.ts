import type { Tracing } from "./port.ts";

/** Observes nothing: the first port when no tracing is configured, and the fallback when it is away. */
export function createNoopTracing(): Tracing {
  return {
    name: "noop",
    async start() {
      return { end() {} };
    },
  };
}
