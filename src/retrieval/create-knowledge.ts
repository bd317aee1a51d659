import type { CallContext } from "../fallbacks/core/context.ts";
import type { LayerStatus } from "../fallbacks/core/status.ts";
import { Problem } from "../problems.ts";
import type { Language } from "../text/language.ts";
import { normaliseText } from "../text/normalise.ts";
import { findConflicts } from "./conflicts.ts";
import { diffOf } from "./diff-lines.ts";
import { type DocumentRecord, infoOf } from "./document-records.ts";
import type { DocumentInfo, Knowledge } from "./knowledge.ts";
import { createParts, type KnowledgeOptions } from "./knowledge-parts.ts";
import { otherLanguageOf } from "./live-languages.ts";
import { createPassageCache } from "./passage-cache.ts";
import { noPrecedence } from "./precedence.ts";
import { LONGEST_QUESTION, spanOf } from "./retrieve.ts";
import { checkSettings, checkWhole } from "./settings.ts";
import { inSlices } from "./slices.ts";
import { isAsOpen, mayRead, visibleIn } from "./visibility.ts";

export type { KnowledgeOptions } from "./knowledge-parts.ts";

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
  /** Spaces that no server uses any more and that a remote index still holds. */
  readonly formerSpaces: number;
  /** Stops the work in the background; the layers stay open. */
  close(): Promise<void>;
}

const LARGEST_PAGE = 200;
/** Milliseconds after the start, and then as often as something was removed: what was deleted must not stay on this machine. */
const TIDY_AFTER_MS = 60_000;
const TIDY_AGAIN_MS = 3_600_000;

/** Knowledge over the layers: stored in one, found through three, and by words alone when those are away. */
export function createKnowledge(options: KnowledgeOptions): LoadableKnowledge {
  const { clock, localEmbeddings, report, precedence = noPrecedence } = options;
  const { library, vectorIndex, vectorCache, live, settings, replica, adding, versions, retrieve, trial, ...parts } =
    createParts({ ...options, precedence });
  const stop = new AbortController();
  let cancelTidying: (() => void) | undefined;

  /** Of similar passages only those that are still live, and that whoever asks may know of. */
  function shown(record: DocumentRecord, { roles }: CallContext): DocumentInfo {
    const similar = record.similar.filter(({ other }) => {
      const found = live.records.get(other.documentId);
      return found !== undefined && (mayRead(found, roles) || isAsOpen(found, record));
    });
    return { ...infoOf(record), similar };
  }

  function tidyIn(ms: number, tidied = -1): void {
    const run = async () => {
      const { removals } = live;
      if (removals !== tidied) await tidy();
      if (!stop.signal.aborted) tidyIn(TIDY_AGAIN_MS, removals);
    };
    cancelTidying = clock.after(ms, () => void run(), { background: true });
  }

  /** A model's vectors are kept in order by those who make them. */
  async function tidy(): Promise<void> {
    if (options.embeddings.status().ports.length > 1) return;
    await createPassageCache(vectorCache)
      ?.keepOnly([localEmbeddings.space], library.chunks.values(), stop.signal)
      .catch(
        (error: unknown) => stop.signal.aborted || report(error, { doing: "tidying the vectors on this machine" }),
      );
  }

  return {
    get revision() {
      return live.revision;
    },
    get documents() {
      return library.documents.size;
    },
    get chunks() {
      return library.chunks.size;
    },
    async load(context) {
      await replica.load(context);
      library.recalled();
      live.changed();
      vectorIndex.start();
      if (vectorCache) tidyIn(TIDY_AFTER_MS);
    },
    reserve: (name, context) => adding.reserve(name, context),
    add: async (document, context, told = {}) => shown(await adding.add(document, context, told), context),
    async remove(documentId, context) {
      await replica.upToDate(context);
      await versions.remove(documentId, context);
    },
    async list({ after, limit }, context) {
      checkWhole("limit", limit, LARGEST_PAGE);
      await replica.upToDate(context);
      const all = [...live.records.keys()].sort().filter((id) => after === undefined || id > after);
      const items = all.slice(0, limit).flatMap((id) => live.records.get(id) ?? []);
      const next = all.length > limit ? (items.at(-1)?.document.documentId ?? null) : null;
      return { items: items.map((record) => shown(record, context)), next };
    },
    async get(documentId, context) {
      await replica.upToDate(context);
      const record = await versions.get(documentId, context);
      return { ...shown(record, context), text: record.document.text };
    },
    async versions(documentId, context) {
      await replica.upToDate(context);
      const found = await versions.list(documentId, context);
      return found.map((record) => ({
        ...shown(record, context),
        live: live.records.has(record.document.documentId),
        liveAt: record.liveAt,
      }));
    },
    async diff(fromId, toId, context) {
      const [from, to] = [await versions.get(fromId, context), await versions.get(toId, context)];
      return inSlices(diffOf(from.document.text, to.document.text), context.signal);
    },
    async rollback(documentId, to, context) {
      await replica.upToDate(context);
      return shown(await versions.rollback(documentId, to, context), context);
    },
    async passage(chunkId, context) {
      await replica.upToDate(context);
      const chunk = library.chunks.get(chunkId);
      const record = chunk && live.records.get(chunk.document.documentId);
      if (chunk && record && mayRead(record, context.roles)) {
        return { ...spanOf(chunk), ...(record.url !== null && { url: record.url }) };
      }
      throw new Problem("passage_not_found", `there is no passage ${JSON.stringify(chunkId)}`, { field: "chunk_id" });
    },
    async search(question, asked, context) {
      checkSettings(asked);
      await replica.upToDate(context);
      const { k, scoreThreshold: threshold } = { ...settings.current, ...asked };
      const { where, roles = context.roles } = asked;
      const accept = visibleIn(live.records, { roles, where });
      const text = normaliseText(question).slice(0, LONGEST_QUESTION);
      // Nothing is counted of a part of the documents.
      const otherLanguageThan = (language: Language) =>
        where === undefined ? otherLanguageOf(text, language, live.languages.count(roles)) : undefined;
      // Of a turn that waited for a model before: it works on this machine again.
      const leave = precedence.enter();
      return retrieve(text, { k, scoreThreshold: threshold, accept, otherLanguageThan }, context).finally(leave);
    },
    async trial(order, context) {
      await replica.upToDate(context);
      return trial(order, context);
    },
    async conflicts(page, context) {
      checkWhole("limit", page.limit, LARGEST_PAGE);
      await replica.upToDate(context);
      return findConflicts(page, { records: live.records, library }, context.signal);
    },
    async settings(context) {
      await replica.upToDate(context);
      return settings.current;
    },
    async configure(given, context) {
      await settings.change(given, context);
      return settings.current;
    },
    embeddingsStatus: () => vectorIndex.status(),
    get formerSpaces() {
      return vectorIndex.former.length;
    },
    vectorsStatus: () => options.vectors.status(),
    async close() {
      stop.abort();
      cancelTidying?.();
      replica.close();
      await vectorIndex.close();
      await Promise.all([parts.reader.close(), parts.preparer.close()]);
      await live.close();
      await vectorCache?.close();
    },
  };
}
