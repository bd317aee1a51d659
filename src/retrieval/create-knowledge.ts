import { randomUUID } from "node:crypto";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { within } from "../fallbacks/core/deadline.ts";
import type { Layer, Served } from "../fallbacks/core/layer.ts";
import type { LayerStatus } from "../fallbacks/core/status.ts";
import type { Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import { Problem } from "../problems.ts";
import { normaliseText } from "../text/normalise.ts";
import { createChangeMarks } from "./change-marks.ts";
import { fromStored, infoOf, readDocument, type StoredDocument, toStored } from "./ingest.ts";
import type { Knowledge } from "./knowledge.ts";
import { chunkIdsOf, createLibrary, prepareDocument } from "./library.ts";
import { createRetrieve, spanOf } from "./retrieve.ts";
import { inSlices } from "./slices.ts";
import { tolerate } from "./tolerate.ts";
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
  /** Other instances change the documents in the store, or it may come back with some that this machine lacks. */
  readonly shared?: boolean;
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
/** Milliseconds for taking over the changes of others, and how long a question waits for that. */
const REFRESH_MS = 600_000;
const WAITED_MS = 1_000;
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
  const marks = options.shared ? createChangeMarks(store, newId) : undefined;
  const stop = new AbortController();
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

  async function take(document: StoredDocument, context: CallContext): Promise<void> {
    const prepared = await inSlices(prepareDocument(document), context.signal);
    await vectorIndex.stage(prepared.chunks, context);
    library.put(prepared);
    vectorIndex.release(chunkIdsOf(document));
  }

  async function drop(document: StoredDocument, context: CallContext): Promise<void> {
    library.remove(document.documentId);
    revision += 1;
    await vectorIndex.remove(chunkIdsOf(document), context);
  }

  /** Pages of what is stored, until `visit` wants no more. */
  async function eachPage(
    context: CallContext,
    visit: (page: Served<readonly StoredRecord[]>) => Promise<boolean>,
  ): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const request = { collection: "documents" as const, limit: LOAD_PAGE };
      const page = await store.list(after === undefined ? request : { ...request, after }, context);
      after = page.value.at(-1)?.key;
      if (!(await visit(page)) || page.value.length < LOAD_PAGE) return;
    }
  }

  /** Takes over what others have changed in the shared store; does nothing while that is away. */
  async function refresh(context: CallContext): Promise<void> {
    const now = await marks?.read(context);
    if (!marks || !now || marks.isSeen(now)) return;
    const there = new Set<string>();
    const news: StoredDocument[] = [];
    let whole = true;
    await eachPage(context, async ({ value, degraded }) => {
      whole &&= degraded === undefined;
      for (const { key, value: record } of value) {
        there.add(key);
        if (!library.documents.has(key)) news.push(fromStored(key, record));
      }
      return whole;
    });
    if (!whole) return;
    const gone = [...library.documents.values()].filter(({ documentId }) => !there.has(documentId));
    for (const document of gone) await drop(document, context);
    for (const document of news) await take(document, context);
    if (news.length > 0) revision += 1;
    marks.see(now);
  }

  /** Waits for the documents of others, but not for long. @throws {LayerError} only `aborted`. */
  async function upToDate(context: CallContext): Promise<void> {
    if (!marks) return;
    await tolerate(context, async () => {
      const now = await marks.read(context);
      if (!now || marks.isSeen(now)) return;
      const own = createContext({ clock, requestId: "refresh-knowledge", deadlineMs: REFRESH_MS, signal: stop.signal });
      const refreshing = inTurn(() => refresh(own));
      refreshing.catch((error: unknown) => {
        if (!stop.signal.aborted) options.report(error, { doing: "taking over documents of the shared store" });
      });
      const ms = Math.min(WAITED_MS, context.deadline.remaining() / 2);
      await within({ clock, signal: context.signal, ms }, () => refreshing);
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
    const mark = marks?.mark();
    if (mark) writes.push(mark.write);
    try {
      await vectorIndex.stage(prepared.chunks, context);
      await vectorIndex.prepare(prepared.chunks, context);
      await store.commit({ id: `documents:${newId()}`, writes }, settling);
    } catch (error) {
      await vectorIndex.remove(ids, settling);
      throw error;
    }
    mark?.done();
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
      const before = await marks?.read(context);
      let whole = before !== undefined;
      await eachPage(context, async ({ value, degraded }) => {
        whole &&= degraded === undefined;
        for (const { key, value: record } of value) await take(fromStored(key, record), context);
        return true;
      });
      if (before && whole) marks?.see(before);
      revision += 1;
      vectorIndex.start();
    },
    async add(document, context) {
      return inTurn(async () => {
        await refresh(context);
        const read = await inSlices(readDocument(document, clock.wall()), context.signal);
        const same = library.documents.get(read.documentId);
        if (!same) await replace(read, context);
        return infoOf(same ?? read);
      });
    },
    remove: (documentId, context) =>
      inTurn(async () => {
        await refresh(context);
        const document = known(documentId);
        const writes: Write[] = [{ kind: "delete", collection: "documents", key: documentId }];
        const mark = marks?.mark();
        if (mark) writes.push(mark.write);
        const settling = withoutAbort(context);
        await store.commit({ id: `documents:${newId()}`, writes }, settling);
        mark?.done();
        await drop(document, settling);
      }),
    async list({ after, limit }, context) {
      checkWhole("limit", limit, LARGEST_PAGE);
      await upToDate(context);
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
      await upToDate(context);
      return retrieve(normaliseText(question).slice(0, LONGEST_QUESTION), k, context);
    },
    embeddingsStatus: () => vectorIndex.status(),
    vectorsStatus: () => options.vectors.status(),
    async close() {
      stop.abort();
      await vectorIndex.close();
    },
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
