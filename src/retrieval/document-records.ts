import type { Json } from "../fallbacks/store/port.ts";
import type { Chunk } from "./chunk.ts";
import type { StoredDocument } from "./ingest.ts";
import type { DocumentFacts, DocumentInfo, SimilarPassage } from "./knowledge.ts";

/** A version of a document, with what is said of it: in `documents` the live one of each name, in `document_versions` the others. */
export interface DocumentRecord extends DocumentFacts {
  readonly document: StoredDocument;
  readonly url: string | null;
  readonly version: number;
  /** ISO times. */
  readonly addedAt: string;
  readonly liveAt: string;
  readonly repeated: number;
  readonly similar: readonly SimilarPassage[];
}

type Fields = { readonly [name: string]: Json | undefined };

export function toStored({ document, ...facts }: DocumentRecord): Json {
  const { name, title, text } = document;
  const chunks = document.chunks.map(({ heading, start, end }) => ({ heading, start, end }));
  const similar = facts.similar.map(({ chunkId, other, similarity }) => ({ chunkId, other: { ...other }, similarity }));
  return {
    ...facts,
    name,
    title,
    text,
    chunks,
    audience: [...facts.audience],
    metadata: { ...facts.metadata },
    similar,
  };
}

/**
 * Checked by hand, as at a start there are 100 000 passages. What older versions of this program did not write has its default.
 * @throws {Error} when the record is none of ours, with the field.
 */
export function fromStored(documentId: string, value: Json): DocumentRecord {
  const fields = objectOf(documentId, value);
  const text = stringOf(documentId, fields, "text");
  const addedAt = stringOf(documentId, fields, "addedAt");
  const { chunks, url, version, liveAt, repeated } = fields;
  const document = {
    documentId,
    name: stringOf(documentId, fields, "name"),
    title: stringOf(documentId, fields, "title"),
    text,
    chunks: chunksOf(documentId, chunks, text.length),
  };
  return {
    document,
    addedAt,
    url: typeof url === "string" ? url : null,
    version: isCount(version) ? version : 1,
    liveAt: typeof liveAt === "string" ? liveAt : addedAt,
    repeated: isCount(repeated) ? repeated : 0,
    audience: audienceOf(documentId, fields["audience"]),
    metadata: metadataOf(fields["metadata"]),
    similar: similarOf(fields["similar"]),
  };
}

/** When it went live, an ISO time, also of a record that cannot be read otherwise; "": there is no saying. */
export function wentLiveAt(value: Json | undefined): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  const { liveAt, addedAt } = value as Fields;
  if (typeof liveAt === "string") return liveAt;
  return typeof addedAt === "string" ? addedAt : "";
}

export function infoOf(record: DocumentRecord): DocumentInfo {
  const { document, liveAt: _liveAt, ...facts } = record;
  const { documentId, name, title, chunks, text } = document;
  return { ...facts, documentId, name, title, chunks: chunks.length, characters: text.length };
}

function chunksOf(documentId: string, value: Json | undefined, length: number): readonly Chunk[] {
  if (!Array.isArray(value)) throw wrong(documentId, "chunks");
  const chunks = value as readonly Json[];
  return chunks.map((chunk): Chunk => {
    const { heading, start, end } = chunk as Fields;
    const isSpan = isCount(start) && isCount(end) && start <= end && end <= length;
    if (typeof heading !== "string" || !isSpan) throw wrong(documentId, "chunks");
    return { heading, start, end };
  });
}

/** One that cannot be read must not become one for everybody. */
function audienceOf(documentId: string, value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((role) => typeof role === "string")) throw wrong(documentId, "audience");
  return value;
}

function metadataOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1])));
}

function similarOf(value: Json | undefined): readonly SimilarPassage[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).flatMap((one): readonly SimilarPassage[] => {
    const { chunkId, other, similarity } = one as Fields;
    const { documentId, title, chunkId: otherId } = other as Fields;
    if (!isText(chunkId) || !isText(documentId) || !isText(title) || !isText(otherId)) return [];
    if (typeof similarity !== "number") return [];
    return [{ chunkId, other: { documentId, title, chunkId: otherId }, similarity }];
  });
}

function objectOf(key: string, value: Json): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(key, "it");
}

function stringOf(key: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (isText(value)) return value;
  throw wrong(key, name);
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function wrong(key: string, field: string): Error {
  return new Error(`the stored document ${JSON.stringify(key)} cannot be read: ${field} is not what was written`);
}
