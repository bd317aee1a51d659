import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

export function metricsRoutes(deps: ServerDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/metrics",
      role: "operator",
      summary: "What Prometheus reads",
      answer: { status: 200, description: "Metrics in the text format of Prometheus", type: "text/plain" },
      async handle({ response }): Promise<"sent"> {
        const text = await deps.metrics.text();
        response.setHeader("Content-Type", deps.metrics.contentType);
        response.send(text);
        return "sent";
      },
    }),
  ];
}
