import { z } from "zod";
import { type LayerName, layerNames } from "../fallbacks/core/status.ts";
import { healthOf } from "./health.ts";
import { healthSchema } from "./health-schema.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

const readySchema = z.object({ ready: z.boolean(), reasons: z.array(z.string()).readonly() });

const healthQuery = z.strictObject({
  exclude: z
    .string()
    .refine((text) => text.split(",").every(isLayer), { error: `must be some of ${layerNames.join(",")}` })
    .optional()
    .meta({ description: "Layers to leave out, with commas between them." }),
  verbose: z.string().optional().meta({ description: "Changes nothing: the key decides how much is shown." }),
});

/** What these say is read from memory: no dependency is called. */
export function healthRoutes({ layers, ready, settings }: ServerDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/livez",
      role: "public",
      summary: "Is the process alive?",
      answer: { status: 200, description: "Yes", schema: z.object({ status: z.string() }) },
      handle: () => ({ json: { status: "ok" } }),
    }),
    defineRoute({
      method: "get",
      path: "/readyz",
      role: "public",
      summary: "Should this server get traffic? 503 with reasons when not",
      answer: { status: 200, description: "Yes; with status 503 no", schema: readySchema },
      handle: () => {
        const { ready: isReady, reasons } = ready();
        return { status: isReady ? 200 : 503, json: { ready: isReady, reasons } };
      },
    }),
    defineRoute({
      method: "get",
      path: "/health",
      role: "public",
      summary: "How every layer is; operators see more. 503 when no turn can be answered",
      query: healthQuery,
      answer: { status: 200, description: "The state of every layer", schema: healthSchema },
      handle: ({ principal, query }) => {
        const health = healthOf({
          layers: layers(),
          exclude: query.exclude?.split(",").filter(isLayer) ?? [],
          production: settings.production,
          ...(principal.roles.has("operator") ? { version: settings.version } : {}),
        });
        return { status: health.status === "down" ? 503 : 200, json: health };
      },
    }),
  ];
}

function isLayer(text: string): text is LayerName {
  return (layerNames as readonly string[]).includes(text);
}
