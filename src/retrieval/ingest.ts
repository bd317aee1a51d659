import { createHash } from "node:crypto";
import { type Chunk, chunkSections } from "./chunk.ts";
import { PARSER_VERSION, type ParsedDocument } from "./parse.ts";
import { PART, type Work } from "./slices.ts";

/** What a version of a document says, and how it was cut: never changes. What is said *of* it is in its record. */
export interface StoredDocument {
  readonly documentId: string;
  readonly name: string;
  readonly title: string;
  /** Normalised; the spans of the chunks count in it. */
  readonly text: string;
  readonly chunks: readonly Chunk[];
}

export interface CutDocument {
  readonly document: StoredDocument;
  /** Passages that were left out, as an earlier one has the same text under the same headings. */
  readonly repeated: number;
}

/** Cuts what was read under this name into passages, each of which is there once. */
export function* cutDocument(name: string, { text, title, sections }: ParsedDocument): Work<CutDocument> {
  const all = yield* chunkSections(text, sections);
  const said = new Set<string>();
  const chunks: Chunk[] = [];
  for (const chunk of all) {
    // Neither has a NUL.
    const words = `${chunk.heading}\0${text.slice(chunk.start, chunk.end)}`;
    yield PART + words.length;
    if (said.has(words)) continue;
    said.add(words);
    chunks.push(chunk);
  }
  const repeated = all.length - chunks.length;
  const documentId = documentIdOf(name, text, repeated);
  yield text.length;
  return { document: { documentId, name, title, text, chunks }, repeated };
}

/**
 * The same content under the same name, read by the same parser, has the same id. Where passages are left out they are
 * counted in it: before that was done, other passages had the ids of these.
 */
function documentIdOf(name: string, text: string, repeated: number): string {
  const parts = [PARSER_VERSION, name, text, ...(repeated > 0 ? [repeated] : [])];
  return `doc_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24)}`;
}

export function chunkIdOf(documentId: string, index: number): string {
  return `${documentId}.${index}`;
}

export function documentIdOfChunk(chunkId: string): string {
  return chunkId.slice(0, chunkId.lastIndexOf("."));
}
