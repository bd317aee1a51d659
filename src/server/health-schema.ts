import { z } from "zod";
import { errorClasses } from "../fallbacks/core/errors.ts";
import { layerStates, modes, reasons } from "../fallbacks/core/status.ts";
import { timeSchema } from "./chat-schemas.ts";

const publicSchema = z.object({
  state: z.enum(layerStates),
  configured: z.boolean(),
  by: z.string(),
  mode: z.enum(modes).nullable(),
  since: timeSchema.nullable(),
  reason: z.enum(reasons).nullable(),
  impact: z.string(),
});

const seconds = z.number().nullable();

const operatorSchema = z.object({
  ports: z.array(z.string()).readonly(),
  evidence: z.enum(["traffic", "probe", "config"]),
  evidence_age_s: seconds,
  last_success: timeSchema.nullable(),
  last_error: z.object({ error_class: z.enum(errorClasses), text: z.string(), count: z.int() }).nullable(),
  breaker: z
    .object({
      state: z.enum(["closed", "open", "half_open"]),
      failures: z.int(),
      calls: z.int(),
      next_probe_at: timeSchema.nullable(),
      not_permitted: z.int(),
    })
    .nullable(),
  cooldown_until: timeSchema.nullable(),
  backlog: z.object({ operations: z.int(), bytes: z.int(), oldest_s: z.number() }).nullable(),
  fallback_verified_age_s: seconds,
  action: z.string(),
});

export const layerHealthSchema = publicSchema.extend(operatorSchema.partial().shape);

export const healthSchema = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  version: z.string().optional().meta({ description: "For operators only, as are most fields of a layer." }),
  layers: z.record(z.string(), layerHealthSchema),
  notices: z.array(z.string()),
});

export type LayerHealth = z.output<typeof layerHealthSchema>;
export type Health = z.output<typeof healthSchema>;
