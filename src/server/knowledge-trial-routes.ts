import { z } from "zod";
import { degradationSchema, sourceSchema } from "./chat-schemas.ts";
import { documentSchema } from "./knowledge-schemas.ts";
import { defineRoute, type Route } from "./route.ts";
import { trialBody } from "./trial-body.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { toWire } from "./wire.ts";

const outcomes = ["same", "gained", "lost", "changed"] as const;

const answerSchema = z.object({
  answerable: z.boolean(),
  confidence: z.number(),
  sentences: z
    .array(sourceSchema)
    .readonly()
    .meta({ description: "What is cited, verbatim, in the order to be read; empty when not answerable." }),
});

const trialSchema = z.object({
  document: documentSchema
    .pick({
      document_id: true,
      name: true,
      title: true,
      chunks: true,
      characters: true,
      repeated: true,
      audience: true,
    })
    .meta({ description: "As it would be; it is not kept." }),
  replaces: documentSchema
    .pick({ document_id: true, version: true })
    .nullable()
    .meta({ description: "The live version of this name, which `after` goes without; null: there is none." }),
  summary: z.record(z.enum(outcomes), z.int()).meta({ description: "How many questions there are of each outcome." }),
  questions: z
    .array(
      z.object({
        question: z.string(),
        outcome: z.enum(outcomes).meta({
          description:
            "`same`: the same sentences from the same titles and headings, or none both times; `gained` and `lost`: answered only after, or only before; else `changed`.",
        }),
        comparable: z.boolean().meta({
          description:
            "False: other ports served the one search than the other, also when asked again, or vectors of another space were compared, and the outcome may come of that.",
        }),
        before: answerSchema.meta({ description: "What is answered now." }),
        after: answerSchema.meta({ description: "What would be answered if the document were live." }),
      }),
    )
    .readonly(),
  degradation: z
    .array(degradationSchema)
    .readonly()
    .meta({ description: "The layers that did not run on their first port at some time during the trial." }),
});

/** A document is tried before it goes live. */
export function knowledgeTrialRoutes({ knowledge, settings }: TurnDeps): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/v1/knowledge/trial",
      role: "admin",
      summary:
        "Ask questions of what is live, and as if a document were live too, in the place of the version that has its name; nothing of it is kept",
      body: trialBody(settings.maxBodyBytes.documents),
      answer: { status: 200, description: "What is answered now, and what would be", schema: trialSchema },
      problems: ["document_unreadable", "document_superseded", "overloaded"],
      async handle({ body, context }) {
        return { json: toWire(await knowledge.trial(body, context)) };
      },
    }),
  ];
}
