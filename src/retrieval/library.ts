import { detectLanguage, type Language } from "../text/language.ts";
import { type Bm25Index, createBm25Index } from "./bm25.ts";
import type { Chunk } from "./chunk.ts";
import { chunkIdOf, type StoredDocument } from "./ingest.ts";
import { HEADING_SEPARATOR } from "./parse.ts";
import { passageTerms } from "./terms.ts";

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

/** Everything that is live, in memory: documents, passages and the word index, changed together. */
export interface Library {
  readonly documents: ReadonlyMap<string, StoredDocument>;
  readonly chunks: ReadonlyMap<string, LibraryChunk>;
  readonly words: Bm25Index;
  byName(name: string): StoredDocument | undefined;
  /** Puts a document in, and in the same instant takes out the one that had its name. */
  put(document: StoredDocument): void;
  remove(documentId: string): void;
}

export function createLibrary(): Library {
  const documents = new Map<string, StoredDocument>();
  const names = new Map<string, StoredDocument>();
  const chunks = new Map<string, LibraryChunk>();
  const words = createBm25Index();

  function remove(documentId: string): void {
    const document = documents.get(documentId);
    if (!document) return;
    documents.delete(documentId);
    names.delete(document.name);
    for (const { id } of chunksOf(document)) {
      chunks.delete(id);
      words.remove(id);
    }
  }

  return {
    documents,
    chunks,
    words,
    byName: (name) => names.get(name),
    put(document) {
      const replaced = names.get(document.name);
      if (replaced) remove(replaced.documentId);
      documents.set(document.documentId, document);
      names.set(document.name, document);
      for (const chunk of chunksOf(document)) {
        chunks.set(chunk.id, chunk);
        words.add(chunk.id, passageTerms(chunk));
      }
    },
    remove,
  };
}

export function chunksOf(document: StoredDocument): readonly LibraryChunk[] {
  return document.chunks.map((chunk, index) => {
    const text = document.text.slice(chunk.start, chunk.end);
    const headings = [document.title, ...chunk.heading.split(HEADING_SEPARATOR)].filter((words) => words !== "");
    const topic = headings.at(-1) ?? "";
    const path = headings.slice(0, -1).join(HEADING_SEPARATOR);
    const id = chunkIdOf(document.documentId, index);
    return { ...chunk, id, document, path, topic, text, language: detectLanguage(text) };
  });
}
