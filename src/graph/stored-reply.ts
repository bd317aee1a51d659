import { z } from "zod";
import { layerNames, modes, reasons } from "../fallbacks/core/status.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { handoffReasons } from "./card.ts";
import type { ChatReply } from "./chat-types.ts";
import { intents } from "./language.ts";

const sourceSchema = z.object({
  documentId: z.string(),
  title: z.string(),
  heading: z.string(),
  chunkId: z.string(),
  start: z.number(),
  end: z.number(),
  quote: z.string(),
  score: z.number(),
  url: z.string().exactOptional(),
});

const relatedSchema = sourceSchema.omit({ quote: true });

const cardSchema = z.object({
  handoffId: z.string(),
  sessionId: z.string(),
  user: z.string(),
  reason: z.enum(handoffReasons),
  priority: z.enum(["urgent", "high", "medium", "low"]),
  summary: z.string(),
  turns: z.number(),
  lastReplies: z.array(z.string()),
  tickets: z.array(z.string()),
  degradation: z.array(z.object({ layer: z.enum(layerNames), mode: z.enum(modes) })),
});

const replySchema: z.ZodType<ChatReply> = z.object({
  sessionId: z.string(),
  turnId: z.string(),
  reply: z.string(),
  intents: z.tuple([z.enum(intents)], z.enum(intents)),
  sources: z.array(sourceSchema),
  // Replies that were stored before there was any are kept for as long as their turns.
  related: z.array(relatedSchema).default([]),
  degradation: z.array(
    z.object({
      layer: z.enum(layerNames),
      mode: z.enum(modes),
      by: z.string(),
      reason: z.enum(reasons),
      since: z.coerce.date(),
    }),
  ),
  servedBy: z.string(),
  escalation: cardSchema.nullable(),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number() }),
  durability: z.enum(["disk", "memory"]),
  grounding: z.object({ checked: z.number(), dropped: z.number(), doubted: z.number() }).exactOptional(),
});

/** A reply as JSON that a store keeps; dates become ISO text. */
export function toStoredReply(reply: ChatReply): Json {
  const degradation = reply.degradation.map((entry) => ({ ...entry, since: entry.since.toISOString() }));
  const sources = reply.sources.map((source) => ({ ...source }));
  const related = reply.related.map((place) => ({ ...place }));
  const escalation = reply.escalation && { ...reply.escalation, degradation: [...reply.escalation.degradation] };
  const { grounding, ...rest } = reply;
  return { ...rest, degradation, sources, related, escalation, ...(grounding && { grounding: { ...grounding } }) };
}

/** Reads what `toStoredReply` wrote. @throws {z.ZodError} when it is something else. */
export function fromStoredReply(stored: Json): ChatReply {
  return replySchema.parse(stored);
}
