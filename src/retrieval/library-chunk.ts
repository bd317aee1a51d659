import type { Language } from "../text/language.ts";
import type { Chunk } from "./chunk.ts";
import { chunkIdOf, type StoredDocument } from "./ingest.ts";
import { HEADING_SEPARATOR } from "./parse.ts";

/** A passage as the search sees it. */
export interface LibraryChunk extends Chunk {
  readonly id: string;
  readonly document: StoredDocument;
  /** The title and the outer headings; empty when there is only one of all. */
  readonly path: string;
  /** The innermost heading, or the title when there is none. */
  readonly topic: string;
  readonly text: string;
  readonly language: Language;
}

/** Where a passage stands, from the title of its document and the headings above it. */
export function placeOf(title: string, heading: string): Pick<LibraryChunk, "path" | "topic"> {
  const headings = [title, ...heading.split(HEADING_SEPARATOR)].filter((part) => part !== "");
  return { path: headings.slice(0, -1).join(HEADING_SEPARATOR), topic: headings.at(-1) ?? "" };
}

/** @throws {RangeError} when the document has no such passage. */
export function libraryChunk(document: StoredDocument, index: number, language: Language): LibraryChunk {
  const chunk = document.chunks[index];
  if (!chunk) throw new RangeError(`passage ${index} of ${document.documentId}, which has ${document.chunks.length}`);
  const { heading, start, end } = chunk;
  const text = document.text.slice(start, end);
  return {
    heading,
    start,
    end,
    id: chunkIdOf(document.documentId, index),
    document,
    ...placeOf(document.title, heading),
    text,
    language,
  };
}
