import { detectLanguage, type Language } from "../text/language.ts";
import { type Bm25Index, createBm25Index } from "./bm25.ts";
import type { Chunk } from "./chunk.ts";
import { chunkIdOf, type StoredDocument } from "./ingest.ts";
import { HEADING_SEPARATOR } from "./parse.ts";
import { createPostings, type Postings } from "./postings.ts";
import type { Work } from "./slices.ts";
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

/** A document with everything that takes long done, so that it goes live in one instant. */
export interface PreparedDocument {
  readonly document: StoredDocument;
  readonly chunks: readonly LibraryChunk[];
  readonly words: Postings;
}

/** A document of more passages keeps a word index of its own; those of all others are in one, which is found in faster. */
const MOST_SHARED_CHUNKS = 64;

/** Everything that is live, in memory: documents, passages and the word index, changed together. */
export interface Library {
  readonly documents: ReadonlyMap<string, StoredDocument>;
  readonly chunks: ReadonlyMap<string, LibraryChunk>;
  readonly words: Bm25Index;
  byName(name: string): StoredDocument | undefined;
  /** Puts a document in, and in the same instant takes out the one that had its name. */
  put(document: PreparedDocument): void;
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
    words.detach(documentId);
    for (const id of chunkIdsOf(document)) {
      chunks.delete(id);
      words.remove(id);
    }
  }

  return {
    documents,
    chunks,
    words,
    byName: (name) => names.get(name),
    put(prepared) {
      const { document } = prepared;
      const replaced = names.get(document.name);
      if (replaced) remove(replaced.documentId);
      documents.set(document.documentId, document);
      names.set(document.name, document);
      for (const chunk of prepared.chunks) chunks.set(chunk.id, chunk);
      if (prepared.chunks.length > MOST_SHARED_CHUNKS) words.attach(document.documentId, prepared.words);
      else for (const { id, terms } of prepared.words.texts()) words.add(id, terms);
    },
    remove,
  };
}

export function chunkIdsOf({ documentId, chunks }: StoredDocument): readonly string[] {
  return chunks.map((_, index) => chunkIdOf(documentId, index));
}

export function* prepareDocument(document: StoredDocument): Work<PreparedDocument> {
  const chunks: LibraryChunk[] = [];
  const words = createPostings();
  for (const [index, chunk] of document.chunks.entries()) {
    const text = document.text.slice(chunk.start, chunk.end);
    const headings = [document.title, ...chunk.heading.split(HEADING_SEPARATOR)].filter((part) => part !== "");
    const topic = headings.at(-1) ?? "";
    const path = headings.slice(0, -1).join(HEADING_SEPARATOR);
    const id = chunkIdOf(document.documentId, index);
    const prepared = { ...chunk, id, document, path, topic, text, language: detectLanguage(text) };
    chunks.push(prepared);
    words.add(id, passageTerms(prepared));
    yield text.length + path.length + topic.length;
  }
  return { document, chunks, words };
}
