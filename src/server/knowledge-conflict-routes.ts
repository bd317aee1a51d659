import { z } from "zod";
import { spanSchema } from "./chat-schemas.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { toWire } from "./wire.ts";

const quotedSchema = z.object({ start: z.int(), end: z.int(), quote: z.string() });
const sentenceSchema = quotedSchema.extend({
  words: z.array(quotedSchema).readonly().meta({ description: "What the other sentence does not have." }),
});
const passageSchema = spanSchema.extend({ name: z.string() });

const conflictSchema = z.object({
  similarity: z.number(),
  one: passageSchema.meta({ description: "Of the document that came later." }),
  other: passageSchema,
  differences: z
    .array(
      z.object({
        kind: z.enum(["figure", "address", "negation"]).meta({
          description:
            "`figure`: a number, an amount, a date or a time; `address`: a telephone number, an e-mail address or a page; `negation`: a verb that only one side denies.",
        }),
        one: sentenceSchema,
        other: sentenceSchema,
      }),
    )
    .readonly(),
});

/** Which pages say different things of the same matter. */
export function knowledgeConflictRoutes({ knowledge }: TurnDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/v1/knowledge/conflicts",
      role: "admin",
      summary: "Passages of different documents that say nearly the same, and contradict each other in what matters",
      query: pageQuery,
      answer: {
        status: 200,
        description: "A page of pairs; one that is short or empty may have a `next` all the same",
        schema: pageSchema(conflictSchema),
      },
      async handle({ query, context }) {
        const { items, next } = await knowledge.conflicts(pageOf(query), context);
        return { json: { items: toWire(items), next } };
      },
    }),
  ];
}
