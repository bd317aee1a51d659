import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json } from "../fallbacks/store/port.ts";
import { type Chunk, chunkSections } from "./chunk.ts";
import type { DocumentInfo, NewDocument } from "./knowledge.ts";
import { PARSER_VERSION, parseDocument } from "./parse.ts";
import type { Work } from "./slices.ts";

/** A document as it is stored and searched. */
export interface StoredDocument extends Omit<DocumentInfo, "chunks" | "characters"> {
  /** Normalised; the spans of the chunks count in it. */
  readonly text: string;
  readonly chunks: readonly Chunk[];
}

const storedSchema = z.object({
  name: z.string(),
  title: z.string(),
  addedAt: z.string(),
  text: z.string(),
  chunks: z
    .array(z.object({ heading: z.string(), start: z.int().nonnegative(), end: z.int().nonnegative() }))
    .readonly(),
});

/** Parses and cuts a document. @throws {Problem} as `parseDocument`. */
export function* readDocument(document: NewDocument, addedAt: Date): Work<StoredDocument> {
  const { text, title, sections } = yield* parseDocument(document.name, document.content);
  const documentId = documentIdOf(document.name, text);
  yield text.length;
  return {
    documentId,
    name: document.name,
    title,
    addedAt: addedAt.toISOString(),
    text,
    chunks: yield* chunkSections(text, sections),
  };
}

/** The same content under the same name, read by the same parser, has the same id. */
function documentIdOf(name: string, text: string): string {
  const hash = createHash("sha256").update(JSON.stringify([PARSER_VERSION, name, text]));
  return `doc_${hash.digest("hex").slice(0, 24)}`;
}

export function chunkIdOf(documentId: string, index: number): string {
  return `${documentId}.${index}`;
}

export function documentIdOfChunk(chunkId: string): string {
  return chunkId.slice(0, chunkId.lastIndexOf("."));
}

export function toStored({ name, title, addedAt, text, chunks }: StoredDocument): Json {
  return { name, title, addedAt, text, chunks: chunks.map(({ heading, start, end }) => ({ heading, start, end })) };
}

/** @throws {z.ZodError} when the record is none of ours. */
export function fromStored(documentId: string, value: Json): StoredDocument {
  return { documentId, ...storedSchema.parse(value) };
}

export function infoOf({ documentId, name, title, addedAt, text, chunks }: StoredDocument): DocumentInfo {
  return { documentId, name, title, chunks: chunks.length, characters: text.length, addedAt };
}
