import { z } from "zod";
import { layerNames, modes, reasons } from "../fallbacks/core/status.ts";
import { handoffReasons } from "../graph/card.ts";
import { intents } from "../graph/language.ts";

export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/)
  .meta({ description: "1 to 128 letters, digits and . _ : -" });

export const userSchema = z
  .string()
  .min(1)
  .max(128)
  .meta({ description: "Whom the key speaks for, 1 to 128 characters." });

export const timeSchema = z.string().meta({ format: "date-time" });

const LONGEST_MESSAGE = 8_000;

const messageSchema = z
  .string()
  .refine((text) => text.trim() !== "", { error: "must not be empty or blank", abort: true })
  .refine((text) => text.trim().length <= LONGEST_MESSAGE, {
    error: `must have at most ${LONGEST_MESSAGE} characters`,
  })
  .meta({ description: `1 to ${LONGEST_MESSAGE} UTF-16 units, not counting white space around it. Kept as it is.` });

const labelSchema = z.string().min(1).max(64);

export function chatRequestSchema(maxDeadlineMs: number) {
  return z.strictObject({
    message: messageSchema,
    session_id: idSchema.optional().meta({ description: "Goes on with that session; absent: a new one." }),
    turn_id: idSchema.optional().meta({
      description:
        "The same id and message again gives the same turn. One with an id of yours runs on for ten seconds when you are " +
        "cut off, so that you can come back for the rest; one without ends at once.",
    }),
    user: userSchema.optional(),
    tier: labelSchema.optional(),
    channel: labelSchema.optional(),
    deadline_ms: z.int().min(250).max(maxDeadlineMs).optional(),
  });
}

/** Names the turn's owner as the request did that began it. */
export const stopRequestSchema = z.strictObject({ user: userSchema.optional() });

export const spanSchema = z.object({
  document_id: z.string(),
  title: z.string(),
  heading: z.string(),
  chunk_id: z.string(),
  start: z.int(),
  end: z.int(),
  quote: z.string(),
});

export const sourceSchema = spanSchema.extend({ score: z.number(), url: z.string().optional() });

const relatedSchema = sourceSchema.omit({ quote: true });

const layerSchema = z.enum(layerNames);
const modeSchema = z.enum(modes);

export const degradationSchema = z.object({
  layer: layerSchema,
  mode: modeSchema,
  by: z.string(),
  reason: z.enum(reasons),
  since: timeSchema,
});

const cardSchema = z.object({
  handoff_id: z.string(),
  session_id: z.string(),
  user: z.string(),
  reason: z.enum(handoffReasons),
  priority: z.enum(["urgent", "high", "medium", "low"]),
  summary: z.string(),
  turns: z.int(),
  last_replies: z.array(z.string()).readonly(),
  tickets: z.array(z.string()).readonly(),
  degradation: z.array(z.object({ layer: layerSchema, mode: modeSchema })).readonly(),
});

const intentSchema = z.enum(intents);

const groundingSchema = z
  .object({
    checked: z
      .int()
      .meta({ description: "Sentences that state something; those of the two other numbers are among them." }),
    dropped: z.int().meta({
      description:
        "Left out, or ended as the help pages put it: they had a number, a price, a date or an address that nothing that was found has.",
    }),
    doubted: z.int().meta({ description: "Shown, although their words are not what was found says." }),
  })
  .meta({
    description: "Of a reply that a model wrote from help pages or records, held against them sentence by sentence.",
  });

export const chatReplySchema = z.object({
  session_id: z.string(),
  turn_id: z.string(),
  reply: z.string(),
  intent: intentSchema,
  intents: z.array(intentSchema).readonly(),
  sources: z.array(sourceSchema).readonly(),
  related: z
    .array(relatedSchema)
    .max(3)
    .readonly()
    .meta({
      description:
        "Of a question that was refused: passages to look at, of sections in which the answer may be, best first; not cited, so without " +
        "their words: GET /api/v1/sources/{chunk_id} has them. Empty for what was answered.",
    }),
  degradation: z.array(degradationSchema).readonly(),
  served_by: z.string(),
  escalation: cardSchema.nullable(),
  usage: z.object({ input_tokens: z.int(), output_tokens: z.int() }),
  durability: z.enum(["disk", "memory"]),
  grounding: groundingSchema.exactOptional(),
});

export type ChatReplyJson = Readonly<z.output<typeof chatReplySchema>>;
