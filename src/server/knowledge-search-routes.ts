import { z } from "zod";
import { roles } from "../accounts/roles.ts";
import { jsonBody } from "./body.ts";
import { sourceSchema } from "./chat-schemas.ts";
import { metadataSchema } from "./knowledge-schemas.ts";
import { defineRoute, type Route } from "./route.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { toWire } from "./wire.ts";

const kSchema = z.int().min(1).max(20).meta({ description: "Passages of an answer." });
const thresholdSchema = z.number().min(0).max(1).meta({ description: "Passages that fit less are left out." });

const searchSchema = z.strictObject({
  query: z.string().min(1).max(2_000),
  k: kSchema.optional(),
  score_threshold: thresholdSchema.optional(),
  roles: z
    .array(z.enum(roles))
    .max(roles.length)
    .optional()
    .meta({ description: "Search as whoever has these roles would; absent: in all documents." }),
  where: metadataSchema.optional().meta({ description: "Only documents whose metadata has all of these values." }),
});

const rankSchema = z.int().nullable();

const searchResultSchema = z.object({
  passages: z
    .array(
      sourceSchema.extend({
        stages: z.object({
          vector_rank: rankSchema,
          lexical_rank: rankSchema,
          fused: z.number(),
          reranked: z.number(),
          features: z
            .record(z.string(), z.number())
            .readonly()
            .meta({ description: "What the score goes by, such as how near it is in meaning, -1 to 1." }),
        }),
      }),
    )
    .readonly(),
  answerable: z.boolean(),
  confidence: z.number(),
  sentences: z.array(sourceSchema).readonly(),
  reading: z
    .array(sourceSchema)
    .readonly()
    .meta({ description: "What a model would be given to read, whole passages, best first, at most k." }),
  related: z
    .array(sourceSchema)
    .max(3)
    .readonly()
    .meta({ description: "Where else the answer may be, a passage of each section; empty when answerable." }),
});

const settingsSchema = z.object({ k: kSchema, score_threshold: thresholdSchema });
const changeSchema = z
  .strictObject({ k: kSchema.optional(), score_threshold: thresholdSchema.optional() })
  .refine((change) => Object.keys(change).length > 0, { error: "must name at least one of k and score_threshold" });

const settingsPath = "/api/v1/knowledge/settings";

/** What questions find, and how much of it. */
export function knowledgeSearchRoutes({ knowledge, settings }: TurnDeps): readonly Route[] {
  const { chat: maxBytes } = settings.maxBodyBytes;
  return [
    defineRoute({
      method: "post",
      path: "/api/v1/knowledge/search",
      role: "admin",
      summary: "What a question would find, with the score of each stage",
      body: jsonBody(searchSchema, maxBytes),
      answer: { status: 200, description: "The passages, best first", schema: searchResultSchema },
      async handle({ body: { query, k, score_threshold: scoreThreshold, roles: as, where }, context }) {
        const options = {
          ...(k !== undefined && { k }),
          ...(scoreThreshold !== undefined && { scoreThreshold }),
          roles: as ? new Set<string>(as) : ("all" as const),
          ...(where && { where }),
        };
        return { json: toWire(await knowledge.search(query, options, context)) };
      },
    }),
    defineRoute({
      method: "get",
      path: settingsPath,
      role: "admin",
      summary: "How much of what is found goes into an answer",
      answer: { status: 200, description: "The settings", schema: settingsSchema },
      async handle({ context }) {
        return { json: toWire(await knowledge.settings(context)) };
      },
    }),
    defineRoute({
      method: "post",
      path: settingsPath,
      role: "admin",
      summary: "Change how much of what is found goes into an answer; all servers go by it within a second",
      body: jsonBody(changeSchema, maxBytes),
      answer: { status: 200, description: "The settings as they are now", schema: settingsSchema },
      async handle({ body: { k, score_threshold: scoreThreshold }, context }) {
        const change = { ...(k !== undefined && { k }), ...(scoreThreshold !== undefined && { scoreThreshold }) };
        return { json: toWire(await knowledge.configure(change, context)) };
      },
    }),
  ];
}
