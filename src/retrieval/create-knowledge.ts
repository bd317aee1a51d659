import { randomUUID } from "node:crypto";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { LayerStatus } from "../fallbacks/core/status.ts";
import type { Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import { Problem } from "../problems.ts";
import { normaliseText } from "../text/normalise.ts";
import { fromStored, infoOf, readDocument, type StoredDocument, toStored } from "./ingest.ts";
import type { Knowledge } from "./knowledge.ts";
import { chunkIdsOf, createLibrary, prepareDocument } from "./library.ts";
import { createRetrieve, spanOf } from "./retrieve.ts";
import { inSlices } from "./slices.ts";
import { createVectorIndex } from "./vector-index.ts";

export interface KnowledgeOptions {
  readonly store: Pick<StoreAccess, "commit" | "get" | "list">;
  readonly embeddings: Layer<Embeddings>;
  readonly vectors: VectorAccess;
  readonly reranker: Layer<Reranker>;
  readonly clock: Clock;
  /** The feature hash: the same port as the last one of the embeddings layer. */
  readonly localEmbeddings: LocalEmbeddings;
  /** Hears of what fails in the background, and of passages that get no vector. */
  readonly report: (error: unknown, fields: object) => void;
  /** Where instances share a store and an index. */
  readonly leases?: Leases | undefined;
  /** A passage that fits a question less is left out, 0 to 1. Default 0.05. */
  readonly scoreThreshold?: number;
  /** A new unique id at each call. */
  readonly newId?: () => string;
}

export interface LoadableKnowledge extends Knowledge {
  /**
   * Makes everything that is stored findable; to be called once, before the first search. Waits for no model and no remote
   * index: these are made up for in the background from then on.
   */
  load(context: CallContext): Promise<void>;
  /** That of the layer, with the passages that wait for a model. */
  embeddingsStatus(): LayerStatus;
  /** That of the layer, with what a remote index has yet to take. */
  vectorsStatus(): LayerStatus;
  /** Stops the work in the background; the layers stay open. */
  close(): Promise<void>;
}

/** Few, as one page is read and parsed without a pause. */
const LOAD_PAGE = 20;
const LARGEST_PAGE = 200;
const DEFAULT_K = 5;
const LARGEST_K = 20;
/** Of a longer question only so much is searched for. */
const LONGEST_QUESTION = 2000;

/** Knowledge over the layers: stored in one, found through three, and by words alone when those are away. */
export function createKnowledge(options: KnowledgeOptions): LoadableKnowledge {
  const { store, clock, localEmbeddings } = options;
  const newId = options.newId ?? randomUUID;
  const library = createLibrary();
  const vectorIndex = createVectorIndex({ ...options, local: localEmbeddings, chunks: library.chunks });
  const retrieve = createRetrieve({ ...options, library, vectorIndex, hashSpace: localEmbeddings.space });
  let revision = 0;
  /** Changes happen one after the other: the last one that was asked for is what stays. */
  let queue: Promise<unknown> = Promise.resolve();

  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = queue.then(change);
    queue = result.catch(() => undefined);
    return result;
  }

  function known(documentId: string): StoredDocument {
    const document = library.documents.get(documentId);
    if (document) return document;
    throw new Problem("document_not_found", `there is no document ${JSON.stringify(documentId)}`, {
      field: "document_id",
    });
  }

  /** Everything that takes long comes first: until the commit nothing has changed, after it nothing stops half way. */
  async function replace(document: StoredDocument, context: CallContext): Promise<void> {
    const prepared = await inSlices(prepareDocument(document), context.signal);
    const ids = chunkIdsOf(document);
    const settling = withoutAbort(context);
    const old = library.byName(document.name);
    const writes: Write[] = [
      { kind: "put", collection: "documents", key: document.documentId, value: toStored(document) },
    ];
    if (old) writes.push({ kind: "delete", collection: "documents", key: old.documentId });
    try {
      await vectorIndex.stage(prepared.chunks, context);
      await vectorIndex.prepare(prepared.chunks, context);
      await store.commit({ id: `documents:${newId()}`, writes }, settling);
    } catch (error) {
      await vectorIndex.remove(ids, settling);
      throw error;
    }
    library.put(prepared);
    vectorIndex.release(ids);
    revision += 1;
    if (old) await vectorIndex.remove(chunkIdsOf(old), settling);
  }

  return {
    get revision() {
      return revision;
    },
    get documents() {
      return library.documents.size;
    },
    get chunks() {
      return library.chunks.size;
    },
    async load(context) {
      let after: string | undefined;
      let page: readonly StoredRecord[];
      do {
        const request = { collection: "documents" as const, limit: LOAD_PAGE };
        page = (await store.list(after === undefined ? request : { ...request, after }, context)).value;
        for (const { key, value } of page) {
          const document = fromStored(key, value);
          const prepared = await inSlices(prepareDocument(document), context.signal);
          await vectorIndex.stage(prepared.chunks, context);
          library.put(prepared);
          vectorIndex.release(chunkIdsOf(document));
        }
        after = page.at(-1)?.key;
      } while (page.length === LOAD_PAGE);
      revision += 1;
      vectorIndex.start();
    },
    async add(document, context) {
      return inTurn(async () => {
        const read = await inSlices(readDocument(document, clock.wall()), context.signal);
        const same = library.documents.get(read.documentId);
        if (!same) await replace(read, context);
        return infoOf(same ?? read);
      });
    },
    remove: (documentId, context) =>
      inTurn(async () => {
        const document = known(documentId);
        const writes: Write[] = [{ kind: "delete", collection: "documents", key: documentId }];
        const settling = withoutAbort(context);
        await store.commit({ id: `documents:${newId()}`, writes }, settling);
        library.remove(documentId);
        revision += 1;
        await vectorIndex.remove(chunkIdsOf(document), settling);
      }),
    async list({ after, limit }) {
      checkWhole("limit", limit, LARGEST_PAGE);
      const ids = [...library.documents.keys()].sort().filter((id) => after === undefined || id > after);
      const items = ids.slice(0, limit).map((id) => infoOf(known(id)));
      return { items, next: ids.length > limit ? (items.at(-1)?.documentId ?? null) : null };
    },
    async get(documentId) {
      const document = known(documentId);
      return { ...infoOf(document), text: document.text };
    },
    passage(chunkId) {
      const chunk = library.chunks.get(chunkId);
      if (chunk) return spanOf(chunk);
      throw new Problem("passage_not_found", `there is no passage ${JSON.stringify(chunkId)}`, { field: "chunk_id" });
    },
    async search(question, { k = DEFAULT_K }, context) {
      checkWhole("k", k, LARGEST_K);
      return retrieve(normaliseText(question).slice(0, LONGEST_QUESTION), k, context);
    },
    embeddingsStatus: () => vectorIndex.status(),
    vectorsStatus: () => options.vectors.status(),
    close: () => vectorIndex.close(),
  };
}

/** For what must not stop half way because the caller went away; the deadline stays. */
function withoutAbort(context: CallContext): CallContext {
  return { ...context, signal: new AbortController().signal };
}

function checkWhole(field: string, value: number, largest: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= largest) return;
  throw new Problem("invalid_request", `${field} is ${value}; allowed is a whole number from 1 to ${largest}`, {
    field,
  });
}
