import { z } from "zod";
import { errorClasses } from "../fallbacks/core/errors.ts";
import { layerNames, layerStates, modes, reasons } from "../fallbacks/core/status.ts";
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

const breakerSchema = z.object({
  state: z.enum(["closed", "open", "half_open"]),
  failures: z.int(),
  failure_rate: z.number().nullable().meta({ description: "Share of the last minute's calls; null: too few to tell." }),
  calls: z.int(),
  next_probe_at: timeSchema.nullable(),
  not_permitted: z.int(),
});

const candidateSchema = z.object({
  name: z.string(),
  state: z.enum(["ready", "open", "half_open", "cooldown", "parked", "forced"]),
  until: timeSchema.nullable().meta({ description: "When it may be asked again." }),
  last_error_class: z.enum(errorClasses).nullable(),
  breaker: breakerSchema,
  forced: z
    .object({
      action: z.enum(["force_open", "disable"]),
      reason: z.string(),
      author: z.string(),
      since: timeSchema,
      until: timeSchema,
    })
    .nullable()
    .meta({ description: "What an operator ordered, until it ends by itself." }),
});

const operatorSchema = z.object({
  ports: z.array(z.string()).readonly(),
  evidence: z.enum(["traffic", "probe", "config"]),
  evidence_age_s: seconds,
  last_success: timeSchema.nullable(),
  last_error: z.object({ error_class: z.enum(errorClasses), text: z.string(), count: z.int() }).nullable(),
  breaker: breakerSchema.nullable(),
  candidates: z.array(candidateSchema).readonly().meta({ description: "Every port but the last, in order." }),
  retry_budget: z
    .number()
    .nullable()
    .meta({ description: "Second tries need more than 5 of 10; null: there are none." }),
  cooldown_until: timeSchema.nullable(),
  backlog: z.object({ operations: z.int(), bytes: z.int(), oldest_s: z.number() }).nullable(),
  fallback_verified_age_s: seconds,
  action: z.string(),
});

export const layerHealthSchema = publicSchema.extend(operatorSchema.partial().shape);

/** All that operators may see of one layer. */
export const layerStatusSchema = z.object({
  layer: z.enum(layerNames),
  ...publicSchema.shape,
  ...operatorSchema.shape,
});

export const healthSchema = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  version: z.string().optional().meta({ description: "For operators only, as are most fields of a layer." }),
  layers: z.record(z.string(), layerHealthSchema),
  notices: z.array(z.string()),
});

export type LayerHealth = z.output<typeof layerHealthSchema>;
export type Health = z.output<typeof healthSchema>;
