import { type Bm25Index, createBm25Index } from "./bm25.ts";
import { createChunkView } from "./chunk-view.ts";
import { chunkIdOf, type StoredDocument } from "./ingest.ts";
import { type LibraryChunk, libraryChunk } from "./library-chunk.ts";
import { createPacking } from "./library-packing.ts";
import { LANGUAGES } from "./prepare-passages.ts";
import type { PreparedDocument } from "./prepared.ts";
import { inSlices } from "./slices.ts";
import { readSnapshot } from "./snapshot.ts";
import type { PassageFacts } from "./snapshot-format.ts";

export type { LibraryChunk } from "./library-chunk.ts";

/** Everything that is live, in memory: documents, passages and the word index, changed together. */
export interface Library {
  readonly documents: ReadonlyMap<string, StoredDocument>;
  readonly chunks: ReadonlyMap<string, LibraryChunk>;
  readonly words: Bm25Index;
  byName(name: string): StoredDocument | undefined;
  /**
   * Writes the words of a document in slices, so that `put` takes an instant. Nothing of it is found before. What is not put
   * after all is to be `remove`d. @throws {LayerError} `aborted`.
   */
  stage(prepared: PreparedDocument, signal: AbortSignal): Promise<void>;
  /**
   * Puts a document in, and in the same instant takes out the one that had its name. Without `stage` it takes as long as the
   * document is.
   */
  put(prepared: PreparedDocument): void;
  /** Takes a document out, live or staged; an unknown one is ignored. */
  remove(documentId: string): void;
  /** A document as the file of an earlier process has it, without words and vectors; undefined when it is not in there. */
  recall(document: StoredDocument): PreparedDocument | undefined;
  /** Everything that is stored has been put: what else the file had is forgotten. */
  recalled(): void;
  /**
   * Writes the words to the file, in slices, when they have changed since; before `recalled` only where nothing could be read.
   * Never throws: what fails is told, and tried again the next time.
   */
  save(): Promise<void>;
  /** Ends the work in the background. */
  close(): Promise<void>;
}

/** What a search needs of a library. */
export interface Searched {
  readonly chunks: Pick<Library["chunks"], "get" | "has">;
  readonly words: Pick<Bm25Index, "documents" | "holding" | "search">;
}

export interface LibraryOptions {
  /** Where the words are kept from one process to the next, so that they need not be made again. Absent: nowhere. */
  readonly file?: string | undefined;
  /** Hears of a file that cannot be used or written. */
  readonly report?: (error: unknown, fields: object) => void;
}

/** What is kept of a prepared document. */
type Kept = Pick<PreparedDocument, "document" | "chunks" | "keys">;

export function createLibrary(options: LibraryOptions = {}): Library {
  const { file, report = () => {} } = options;
  const documents = new Map<string, StoredDocument>();
  const names = new Map<string, StoredDocument>();
  const live = new Map<string, Kept>();
  const before = file === undefined ? undefined : readSnapshot(file, report);
  const words = createBm25Index(before ? { from: before.compacted } : {});
  const packing = createPacking({ words, file, report, facts: (documentId) => factsOf(live.get(documentId)) });
  let recallable: ReadonlyMap<string, PassageFacts> = before?.facts ?? new Map<string, PassageFacts>();
  if (!before) packing.allow();

  function remove(documentId: string): void {
    words.remove(documentId);
    const document = documents.get(documentId);
    if (!document) return;
    documents.delete(documentId);
    live.delete(documentId);
    if (names.get(document.name) === document) names.delete(document.name);
    packing.changed();
  }

  return {
    documents,
    chunks: createChunkView(live),
    words,
    byName: (name) => names.get(name),
    async stage({ document: { documentId }, words: own }, signal) {
      if (!own || words.has(documentId)) return;
      const work = words.stage(documentId, own);
      try {
        await inSlices(work, signal);
      } finally {
        // Where nobody waits any more it stays half done.
        work.return();
      }
    },
    put({ document, chunks, keys, words: own }) {
      const { documentId, name } = document;
      words.put(documentId, words.has(documentId) ? undefined : own);
      const isInFile = recallable.has(documentId) && !own;
      const replaced = names.get(name);
      if (replaced && replaced.documentId !== documentId) remove(replaced.documentId);
      documents.set(documentId, document);
      names.set(name, document);
      live.set(documentId, { document, chunks, keys });
      if (!isInFile) packing.changed();
    },
    remove,
    recall(document) {
      const { documentId } = document;
      const facts = recallable.get(documentId);
      if (!facts || facts.languages.length !== document.chunks.length || !words.has(documentId)) return undefined;
      const chunks = Array.from(facts.languages, (language, index) =>
        libraryChunk(document, index, LANGUAGES[language] ?? "en"),
      );
      return { document, chunks, keys: facts.keys };
    },
    recalled() {
      for (const documentId of recallable.keys()) {
        if (documents.has(documentId)) continue;
        words.remove(documentId);
        packing.changed();
      }
      recallable = new Map();
      packing.allow();
    },
    save: () => packing.save(),
    close: () => packing.close(),
  };
}

function factsOf(kept: Kept | undefined): PassageFacts | undefined {
  if (!kept) return undefined;
  const { keys, chunks } = kept;
  return { keys, languages: Uint8Array.from(chunks, ({ language }) => LANGUAGES.indexOf(language)) };
}

export function chunkIdsOf({ documentId, chunks }: StoredDocument): readonly string[] {
  return chunks.map((_, index) => chunkIdOf(documentId, index));
}
