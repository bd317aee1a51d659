import { z } from "zod";
import { tierOf } from "../accounts/tiers.ts";
import { controlActions } from "../fallbacks/core/control.ts";
import { layerNames } from "../fallbacks/core/status.ts";
import { nodeNames } from "../graph/topology.ts";
import { Problem } from "../problems.ts";
import { deadLetterRoutes } from "./admin-dead-letters.ts";
import { faultRoutes } from "./admin-faults.ts";
import { jsonBody } from "./body.ts";
import { layerStatusSchema } from "./health-schema.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { toWire } from "./wire.ts";

const LONGEST_TTL_S = 86_400;
const DEFAULT_TTL_S = 900;
const LONGEST_REASON = 200;

const orderSchema = z.strictObject({
  action: z.enum(controlActions),
  port: z.string().min(1).max(64).optional().meta({ description: "By default the first port; never the last." }),
  reason: z
    .string()
    .trim()
    .min(1)
    .max(LONGEST_REASON)
    .meta({ description: `Why, 1 to ${LONGEST_REASON} characters: health and the log show it.` }),
  ttl_seconds: z
    .int()
    .min(1)
    .max(LONGEST_TTL_S)
    .default(DEFAULT_TTL_S)
    .meta({ description: "After this time force_open and disable end by themselves." }),
});

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text), { error: "must be a whole number", abort: true })
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const yesOrNo = z.enum(["true", "false"]).default("false");

const explainQuery = z.strictObject({
  step: z.enum(nodeNames).exclude(["act"]).default("compose").meta({ description: "Which agent asks." }),
  tier: z.string().min(1).max(64).optional(),
  tokens: wholeNumber(0, 100_000_000).default(0).meta({ description: "Size of the prompt." }),
  remaining_ms: wholeNumber(0, 300_000).optional().meta({ description: "By default the longest deadline." }),
  json: yesOrNo,
  tools: yesOrNo,
});

const verdicts = [
  "serves",
  "stands_by",
  "window",
  "ability",
  "not_listed",
  "open",
  "cooldown",
  "parked",
  "forced",
  "too_little_time",
] as const;

const explainedSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      verdict: z.enum(verdicts),
      in_ms: z.number().nullable().meta({ description: "Until it may be asked again." }),
    }),
  ),
  would_serve: z.string().nullable(),
});

/** What operators do by hand. Every order, the refused ones too, leaves a line in the log with the id of the key. */
export function adminRoutes(deps: ServerDeps): readonly Route[] {
  const { settings, log } = deps;
  return [
    defineRoute({
      method: "post",
      path: "/api/v1/admin/layers/:name",
      role: "operator",
      summary: "Take a port out, put it back, or have it asked now",
      params: z.strictObject({ name: z.enum(layerNames) }),
      body: jsonBody(orderSchema, settings.maxBodyBytes.chat),
      answer: { status: 200, description: "The layer as it is afterwards", schema: layerStatusSchema },
      async handle({ params: { name }, body, principal, context }) {
        const { action, port, reason, ttl_seconds } = body;
        const audit = { requestId: context.requestId, keyId: principal.keyId, layer: name, ...body };
        const order = { action, reason, author: principal.keyId, ttlMs: ttl_seconds * 1_000 };
        try {
          const status = await deps.operate.control(name, port === undefined ? order : { ...order, port });
          log.info(audit, "audit: an order to a layer");
          return { json: toWire(status) };
        } catch (error) {
          log.warn({ ...audit, err: error }, "audit: an order to a layer was refused");
          throw ofField("port", error);
        }
      },
    }),
    defineRoute({
      method: "get",
      path: "/api/v1/admin/router/explain",
      role: "operator",
      summary: "Which model would answer now, and why the others would not; nobody is called",
      query: explainQuery,
      answer: { status: 200, description: "Every model in the order for such a call", schema: explainedSchema },
      handle({ query }) {
        const { step, tokens, remaining_ms: remainingMs = settings.maxDeadlineMs, json, tools } = query;
        const tier = known(query.tier, deps.tiers());
        const needs = { tokens: () => tokens, json: json === "true", tools: tools === "true" };
        const explained = deps.operate.explain({ step, tier, remainingMs, needs });
        return {
          json: {
            models: explained.map(({ port, verdict, inMs }) => ({ name: port, verdict, in_ms: inMs })),
            would_serve: explained.find(({ verdict }) => verdict === "serves")?.port ?? null,
          },
        };
      },
    }),
    ...faultRoutes(deps),
    ...deadLetterRoutes(deps),
  ];
}

/** An operator may look into every tier. @throws {Problem} for one that there is not. */
function known(tier: string | undefined, tiers: readonly string[]): string | null {
  try {
    return tierOf({ key: null, asked: tier, tiers });
  } catch (error) {
    throw ofField("tier", error);
  }
}

/** What is called out of range came from a field of the request. */
function ofField(field: string, error: unknown): unknown {
  return error instanceof RangeError ? new Problem("invalid_request", error.message, { field }) : error;
}
