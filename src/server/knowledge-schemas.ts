import { z } from "zod";
import { roles } from "../accounts/roles.ts";
import type { IngestJob } from "../ingestion/ingestion.ts";
import { metadataLimits } from "../retrieval/document-facts.ts";
import type { DocumentFacts, DocumentInfo } from "../retrieval/knowledge.ts";
import { timeSchema } from "./chat-schemas.ts";
import { toWire } from "./wire.ts";

export const audienceSchema = z
  .array(z.enum(roles))
  .max(roles.length)
  .meta({ description: `Whoever has one of these roles finds it; empty: everybody. Of ${roles.join(", ")}.` });

const { entries: mostEntries, key: longestKey, value: longestValue } = metadataLimits;

const entriesSchema = z
  .record(z.string().min(1).max(longestKey), z.string().max(longestValue))
  .refine((metadata) => Object.keys(metadata).length <= mostEntries, {
    error: `must have at most ${mostEntries} entries`,
  });

/** A record leaves the key `__proto__` out without a word, and with it what was asked for: so it is refused before. */
export const metadataSchema = z
  .preprocess((given, context) => {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      context.addIssue("must be a JSON object of texts");
    else if (Object.hasOwn(given, "__proto__")) context.addIssue("must not have the key __proto__");
    else return given;
    return z.NEVER;
  }, entriesSchema)
  .meta({
    description: `At most ${mostEntries} entries, keys of 1 to ${longestKey} characters but not __proto__, values of at most ${longestValue}.`,
  });

/** The fields that every way of bringing a document takes. */
export const factsShape = { audience: audienceSchema.optional(), metadata: metadataSchema.optional() };

/** Only what was said, as an absent field and an undefined one are different things. */
export function givenFacts({
  audience,
  metadata,
}: {
  readonly audience?: DocumentFacts["audience"] | undefined;
  readonly metadata?: DocumentFacts["metadata"] | undefined;
}): Partial<DocumentFacts> {
  return { ...(audience && { audience }), ...(metadata && { metadata }) };
}

const nearSchema = z.object({
  chunk_id: z.string(),
  other: z.object({ document_id: z.string(), title: z.string(), chunk_id: z.string() }),
  similarity: z.number(),
});

export const documentSchema = z.object({
  document_id: z
    .string()
    .meta({ description: "Of this version: the same content under the same name has the same id." }),
  name: z.string(),
  title: z.string(),
  url: z.string().nullable(),
  version: z.int().meta({ description: "1 for the first of this name." }),
  chunks: z.int(),
  characters: z.int(),
  added_at: timeSchema,
  audience: z.array(z.string()).readonly(),
  metadata: z.record(z.string(), z.string()).readonly(),
  repeated: z.int().meta({ description: "Passages that were left out, as the document says exactly the same before." }),
  similar: z.array(nearSchema).readonly().meta({ description: "Passages that say nearly the same elsewhere." }),
});

/** Keys of metadata are of the owner's making, and stay as they are. */
export function documentJson({ metadata, ...document }: DocumentInfo): z.output<typeof documentSchema> {
  return { ...toWire(document), metadata };
}

const ingestStates = ["received", "parsed", "embedded", "indexed", "live", "failed", "cancelled"] as const;

export const ingestJobSchema = z.object({
  job_id: z.string(),
  kind: z.enum(["file", "page", "sitemap", "crawl"]),
  name: z.string(),
  state: z.enum(ingestStates).meta({ description: "In this order; `live`, `failed` and `cancelled` are the last." }),
  total: z
    .int()
    .nullable()
    .meta({ description: "Passages, once it is parsed; of a sitemap: pages; of a crawl: pages found so far." }),
  done: z.int(),
  document: documentSchema.nullable().meta({ description: "Once it is live; null for a sitemap and a crawl." }),
  children: z.array(z.string()).readonly().meta({ description: "Of a sitemap or a crawl: the jobs of its pages." }),
  skipped: z
    .array(z.object({ url: z.string(), detail: z.string() }))
    .readonly()
    .meta({
      description:
        "What is not read, and why, while the rest is; at most 50: of an index of sitemaps some of these, of a crawl pages.",
    }),
  failure: z.object({ code: z.string(), detail: z.string() }).readonly().nullable(),
  created_at: timeSchema,
  updated_at: timeSchema,
});
type IngestJobJson = z.output<typeof ingestJobSchema>;

export function ingestJobJson({ document, saves: _saves, ...job }: IngestJob): IngestJobJson {
  return { ...toWire(job), document: document && documentJson(document) };
}
