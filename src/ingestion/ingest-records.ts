import { z } from "zod";
import type { Json } from "../fallbacks/store/port.ts";
import type { Job } from "../jobs/jobs.ts";
import { type ProblemCode, problemTable } from "../problems.ts";
import type { DocumentFacts, DocumentInfo } from "../retrieval/knowledge.ts";
import { type IngestJob, isOver } from "./ingestion.ts";

/** The kind of the jobs that read what owners bring. */
export const INGEST = "ingest";
/** What a crawl knows is one part of an upload, so that it is replaced in one instant. */
export const CRAWL_PARTS = 1;

const factsShape = {
  audience: z.array(z.string()).readonly().optional(),
  metadata: z.record(z.string(), z.string()).readonly().optional(),
};

const reservationSchema = z.object({ name: z.string(), order: z.number(), deletions: z.number() });

const fetchedSchema = z.object({ parts: z.int(), mediaType: z.string(), charset: z.string().optional() });
/** A page whose content is an upload of so many parts, with what its server said of it. */
export type FetchedPage = z.output<typeof fetchedSchema>;

const payloadSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("file"),
    name: z.string(),
    /** Of the upload, which has the id of the job. */
    parts: z.int(),
    /** The bytes are text in UTF-8 for sure, whatever they say of themselves. */
    text: z.boolean(),
    reservation: reservationSchema,
    ...factsShape,
  }),
  z.object({
    kind: z.literal("page"),
    url: z.string(),
    fetched: fetchedSchema.optional(),
    reservation: reservationSchema.optional(),
    ...factsShape,
  }),
  z.object({ kind: z.literal("sitemap"), url: z.string(), limit: z.int(), ...factsShape }),
  z.object({
    kind: z.literal("crawl"),
    url: z.string(),
    limit: z.int(),
    depth: z.int(),
    within: z.enum(["directory", "site"]),
    ...factsShape,
  }),
]);
/** What a job is given: all that is needed to begin it again, in whatever process. */
export type IngestPayload = z.output<typeof payloadSchema>;

const documentSchema = z.object({
  document_id: z.string(),
  name: z.string(),
  title: z.string(),
  url: z.string().nullable(),
  version: z.int(),
  chunks: z.int(),
  characters: z.int(),
  added_at: z.string(),
  repeated: z.int(),
  similar: z
    .array(
      z.object({
        chunk_id: z.string(),
        document_id: z.string(),
        title: z.string(),
        other_chunk_id: z.string(),
        similarity: z.number(),
      }),
    )
    .readonly(),
  audience: z.array(z.string()).readonly(),
  metadata: z.record(z.string(), z.string()).readonly(),
});

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemTable, code);

const progressSchema = z.object({
  state: z.enum(["received", "parsed", "embedded", "indexed", "live", "failed", "cancelled"]),
  total: z.int().nullable(),
  done: z.int(),
  document: documentSchema.nullable(),
  children: z.array(z.string()).readonly(),
  // Absent in what earlier versions saved, as is `saves`.
  skipped: z
    .array(z.object({ url: z.string(), detail: z.string() }))
    .readonly()
    .default([]),
  failure: z
    .object({
      code: z.string().refine(isCode),
      detail: z.string(),
    })
    .readonly()
    .nullable(),
  /** ISO time. */
  at: z.string(),
  saves: z.int().min(0).default(0),
});

/** The part of a job that changes. */
export type IngestProgress = Omit<IngestJob, "jobId" | "kind" | "name" | "createdAt">;

const partSchema = z.object({ at: z.number(), parts: z.int().positive(), data: z.string() });
/** A record of `uploads`. */
export type UploadPart = z.output<typeof partSchema>;

/** Undefined for what nobody here has written. */
export function readUploadPart(value: Json | undefined): UploadPart | undefined {
  return partSchema.safeParse(value).data;
}

/** Undefined for what nobody here has written. */
export function readPayload(value: Json): IngestPayload | undefined {
  return payloadSchema.safeParse(value).data;
}

/** Of the upload that is kept for the job until it is over; 0: there is none. */
export function partsOf(payload: IngestPayload): number {
  if (payload.kind === "file") return payload.parts;
  if (payload.kind === "crawl") return CRAWL_PARTS;
  return payload.kind === "page" ? (payload.fetched?.parts ?? 0) : 0;
}

/** Undefined before the first state is saved, and for what nobody here has written. */
export function readProgress(value: Json): IngestProgress | undefined {
  const { data } = progressSchema.safeParse(value);
  if (!data) return undefined;
  const { at, document, ...same } = data;
  return { ...same, document: document && fromRow(document), updatedAt: at };
}

/** Operators see it, with names as everywhere on the wire. */
export function progressJson({ updatedAt, document, failure, skipped, ...same }: IngestProgress): Json {
  return {
    ...same,
    skipped: skipped.map((each) => ({ ...each })),
    failure: failure && { ...failure },
    document: document && toRow(document),
    at: updatedAt,
  };
}

/** As it was received. @param saves how often its state has been saved by those who began it before. */
export function atFirst(at: string, saves = 0): IngestProgress {
  return {
    state: "received",
    total: null,
    done: 0,
    document: null,
    children: [],
    skipped: [],
    failure: null,
    updatedAt: at,
    saves,
  };
}

/** Undefined for a job of another kind, or of another version's making. */
export function ingestJobOf(job: Job): IngestJob | undefined {
  const payload = job.kind === INGEST ? readPayload(job.payload) : undefined;
  if (!payload) return undefined;
  const { jobId, createdAt } = job;
  const name = payload.kind === "file" ? payload.name : payload.url;
  const progress = readProgress(job.progress) ?? atFirst(job.updatedAt);
  const end = isOver(progress) ? undefined : endOf(job);
  return { jobId, kind: payload.kind, name, createdAt, ...progress, ...end };
}

/** Of a job that is over although its last progress does not say so. */
function endOf({ state, updatedAt }: Job): Pick<IngestJob, "state" | "failure" | "updatedAt"> | undefined {
  if (state === "cancelled") return { state, failure: null, updatedAt };
  if (state !== "failed") return undefined;
  // The attempts have failed for reasons that are none of the document's, or they have ended the process.
  const detail = "Reading it failed too often, for reasons that only the log of the server knows.";
  return { state: "failed", failure: { code: "internal", detail }, updatedAt };
}

/** Only what was said, as an absent field and an undefined one are different things. */
export function factsOf(given: {
  readonly audience?: DocumentFacts["audience"] | undefined;
  readonly metadata?: DocumentFacts["metadata"] | undefined;
}): Partial<DocumentFacts> {
  const { audience, metadata } = given;
  return { ...(audience && { audience: [...audience] }), ...(metadata && { metadata: { ...metadata } }) };
}

function toRow(document: DocumentInfo): z.output<typeof documentSchema> {
  const { documentId, addedAt, similar, audience, metadata, ...same } = document;
  return {
    ...same,
    document_id: documentId,
    added_at: addedAt,
    audience: [...audience],
    metadata: { ...metadata },
    similar: similar.map(({ chunkId, other, similarity }) => ({
      chunk_id: chunkId,
      document_id: other.documentId,
      title: other.title,
      other_chunk_id: other.chunkId,
      similarity,
    })),
  };
}

function fromRow({ document_id, added_at, similar, ...same }: z.output<typeof documentSchema>): DocumentInfo {
  return {
    ...same,
    documentId: document_id,
    addedAt: added_at,
    similar: similar.map(({ chunk_id, document_id: documentId, title, other_chunk_id, similarity }) => ({
      chunkId: chunk_id,
      other: { documentId, title, chunkId: other_chunk_id },
      similarity,
    })),
  };
}
