import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { DocumentRecord } from "./document-records.ts";
import { withoutAbort } from "./document-store.ts";
import type { StoredDocument } from "./ingest.ts";
import { chunkIdsOf, type Library } from "./library.ts";
import { createLiveLanguages, type LiveLanguages } from "./live-languages.ts";
import type { PreparedDocument, Preparer } from "./prepared.ts";
import type { VectorIndex } from "./vector-index.ts";

/** What is found in this process: documents with what is said of them, words and vectors, kept together. */
export interface Live {
  /** Grows by one with each change. */
  readonly revision: number;
  /** Grows by one with each document that is not found any more. */
  readonly removals: number;
  /** By document id. */
  readonly records: ReadonlyMap<string, DocumentRecord>;
  /** How many passages there are in each language. */
  readonly languages: Pick<LiveLanguages, "count">;
  byName(name: string): DocumentRecord | undefined;
  /** As the file of an earlier process has it, or anew. @throws {LayerError} `aborted`. */
  recall(document: StoredDocument, context: CallContext): Promise<PreparedDocument>;
  /** Tries a model on a small document. @throws {LayerError} `aborted`. */
  embed(prepared: PreparedDocument, context: CallContext): Promise<void>;
  /** Gets its words and their vectors ready. What comes of both is published or taken back. @throws {LayerError} `aborted`. */
  stage(prepared: PreparedDocument, context: CallContext): Promise<void>;
  /** From this instant on it is found, and what had its name is not: that is returned, for its vectors to be cleared. */
  publish(prepared: PreparedDocument, record: DocumentRecord): DocumentRecord | undefined;
  /** Something else is said of a document that is live. */
  amend(record: DocumentRecord): void;
  /** It is not found any more. */
  drop(record: DocumentRecord, context: CallContext): Promise<void>;
  /** Takes away what was staged of a document, and its vectors, unless it is live. */
  clear(document: StoredDocument, context: CallContext): Promise<void>;
  /** Something besides the documents has changed what is found. */
  changed(): void;
  /** Writes the words to their file, and ends that. */
  close(): Promise<void>;
}

/** Milliseconds after the last change: until then the words of what was added are only in memory, and in the store. */
const SAVE_AFTER_MS = 5_000;

export function createLive(options: {
  readonly library: Library;
  readonly preparer: Preparer;
  readonly vectorIndex: VectorIndex;
  /** Whether the library has a file that is to follow its changes. */
  readonly hasFile: boolean;
  readonly clock: Clock;
  readonly report: (error: unknown, fields: object) => void;
}): Live {
  const { library, preparer, vectorIndex, hasFile, clock, report } = options;
  const records = new Map<string, DocumentRecord>();
  const languages = createLiveLanguages();
  let revision = 0;
  let removals = 0;
  let closed = false;
  let cancelSave: (() => void) | undefined;

  async function save(): Promise<void> {
    await library.save().catch((error: unknown) => report(error, { doing: "saving the words of the knowledge base" }));
  }

  function changed(): void {
    revision += 1;
    cancelSave?.();
    if (hasFile && !closed) cancelSave = clock.after(SAVE_AFTER_MS, () => void save(), { background: true });
  }

  const byName = (name: string) => {
    const document = library.byName(name);
    return document && records.get(document.documentId);
  };

  function forget(documentId: string): boolean {
    languages.remove(documentId);
    return records.delete(documentId);
  }

  async function clear(document: StoredDocument, context: CallContext): Promise<void> {
    if (library.documents.has(document.documentId)) return;
    library.remove(document.documentId);
    await vectorIndex.remove(chunkIdsOf(document), withoutAbort(context));
  }

  return {
    get revision() {
      return revision;
    },
    get removals() {
      return removals;
    },
    records,
    languages,
    byName,
    recall: async (document, context) => library.recall(document) ?? (await preparer.prepare(document, context)),
    embed: ({ chunks }, context) => vectorIndex.prepare(chunks, context),
    async stage(prepared, context) {
      await library.stage(prepared, context.signal);
      await vectorIndex.stage(prepared, context);
    },
    publish(prepared, record) {
      const before = byName(record.document.name);
      library.put(prepared);
      if (before) forget(before.document.documentId);
      records.set(record.document.documentId, record);
      languages.put(record.document.documentId, record, prepared.chunks);
      vectorIndex.release(prepared.chunks.map(({ id }) => id));
      changed();
      if (!before || before.document.documentId === record.document.documentId) return undefined;
      removals += 1;
      return before;
    },
    amend(record) {
      records.set(record.document.documentId, record);
      languages.amend(record.document.documentId, record);
      changed();
    },
    async drop({ document }, context) {
      if (!forget(document.documentId)) return;
      library.remove(document.documentId);
      removals += 1;
      changed();
      await clear(document, context);
    },
    clear,
    changed,
    async close() {
      closed = true;
      cancelSave?.();
      await save();
      await library.close();
    },
  };
}
