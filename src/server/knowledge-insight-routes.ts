import { z } from "zod";
import { idSchema, timeSchema } from "./chat-schemas.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { toWire } from "./wire.ts";

const nearSchema = z.object({
  document_id: z.string(),
  title: z.string(),
  count: z.int().meta({ description: "To how many of the questions it came nearest." }),
});

const groupSchema = z.object({
  question: z.string().meta({ description: "The wording that was asked most often." }),
  count: z.int().meta({ description: "How often it was asked." }),
  sessions: z.int().meta({ description: "In how many sessions." }),
  first_at: timeSchema,
  last_at: timeSchema,
  wordings: z.array(z.string()).max(5).readonly(),
  languages: z.array(z.enum(["en", "zh"])).readonly(),
  nearest: z.array(nearSchema).max(3).readonly().meta({ description: "Documents that came nearest." }),
});

const unansweredSchema = pageSchema(groupSchema).extend({
  questions: z.int().meta({ description: "That were grouped, on all pages together." }),
  since: timeSchema,
  more: z
    .boolean()
    .meta({ description: "There were more questions since then than are grouped: these are the newest." }),
});

const answerSchema = z.object({
  session_id: z.string(),
  turn_id: z.string(),
  at: timeSchema,
  question: z.string(),
  quotes: z
    .array(z.object({ heading: z.string(), quote: z.string(), start: z.int(), end: z.int() }))
    .readonly()
    .meta({ description: "What of the document the reply cites." }),
});

const unansweredQuery = pageQuery.extend({
  since: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .transform((text) => new Date(text))
    .optional()
    .meta({ description: "ISO time or day; absent: 30 days ago. Of no account beside `after`." }),
});

/** What turns of all users say of the knowledge base. */
export function knowledgeInsightRoutes({ insight }: ServerDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/v1/knowledge/unanswered",
      role: "admin",
      summary: "Questions that the documents did not answer, those that want to know the same together, the most first",
      query: unansweredQuery,
      answer: { status: 200, description: "A page of groups", schema: unansweredSchema },
      async handle({ query: { since, ...page }, context }) {
        return { json: toWire(await insight.unanswered({ ...pageOf(page), ...(since && { since }) }, context)) };
      },
    }),
    defineRoute({
      method: "get",
      path: "/api/v1/knowledge/documents/:document_id/answers",
      role: "admin",
      summary: "Turns whose answer cites a version of a document, also of one that is deleted, newest first",
      params: z.strictObject({ document_id: idSchema }),
      query: pageQuery,
      answer: { status: 200, description: "A page of turns", schema: pageSchema(answerSchema) },
      problems: ["document_not_found"],
      async handle({ params: { document_id }, query, context }) {
        return { json: toWire(await insight.answers(document_id, pageOf(query), context)) };
      },
    }),
  ];
}
