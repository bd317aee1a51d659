import { randomUUID } from "node:crypto";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import { createAdding } from "./adding.ts";
import { createChangeMarks } from "./change-marks.ts";
import type { NameRecord } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import { createDocumentStore } from "./document-store.ts";
import { createLibrary, type Library } from "./library.ts";
import { createLive } from "./live.ts";
import { createNameQueues } from "./name-queues.ts";
import type { Precedence } from "./precedence.ts";
import type { Preparer } from "./prepared.ts";
import { createPreparer } from "./preparer.ts";
import { createPublish } from "./publish.ts";
import { createInlineReader } from "./reading/create-reader.ts";
import type { Reader } from "./reading/reader.ts";
import { createReplica } from "./replica.ts";
import { createRetrieve } from "./retrieve.ts";
import { createSettings } from "./settings.ts";
import { findSimilar } from "./similar.ts";
import { createTrial } from "./trial.ts";
import { refuseUnknownAudience } from "./unknown-audience.ts";
import type { VectorCache } from "./vector-cache.ts";
import { createVectorIndex } from "./vector-index.ts";
import { createVersions } from "./versions.ts";

export interface KnowledgeOptions {
  readonly store: Pick<StoreAccess, "commit" | "get" | "list" | "takeOver">;
  readonly embeddings: Layer<Embeddings>;
  readonly vectors: VectorAccess;
  readonly reranker: Layer<Reranker>;
  readonly clock: Clock;
  /** The feature hash: the same port as the last one of the embeddings layer. */
  readonly localEmbeddings: LocalEmbeddings;
  /** Hears of what fails in the background, and of passages that get no vector. */
  readonly report: (error: unknown, fields: object) => void;
  /** Hears what is deleted of former models. Default: nobody. */
  readonly info?: (fields: object, message: string) => void;
  /** Other instances change the documents in the store, or it may come back with some that this machine lacks. */
  readonly shared?: boolean;
  /** Where instances share a store and an index. */
  readonly leases?: Leases | undefined;
  /** Until somebody sets another one: a passage that fits a question less is left out, 0 to 1. Default 0.01. */
  readonly scoreThreshold?: number;
  /** Default: reads text and Markdown, without a thread. These four are closed together with the knowledge. */
  readonly reader?: Reader;
  /** Default: without a thread. */
  readonly preparer?: Preparer;
  /** Default: keeps nothing in a file. */
  readonly library?: Library;
  /** Default: keeps nothing. */
  readonly vectorCache?: VectorCache;
  /** Default: whoever asks waits as long as documents do. */
  readonly precedence?: Precedence;
  /** A new unique id at each call. */
  readonly newId?: () => string;
}

const DEFAULTS = { k: 5, scoreThreshold: 0.01 } as const;

/** What knowledge is made of, each part knowing those that it needs. */
export function createParts(options: KnowledgeOptions & Required<Pick<KnowledgeOptions, "precedence">>) {
  const { store, precedence, clock, localEmbeddings: local, report, vectorCache } = options;
  const { newId = randomUUID, reader = createInlineReader(), preparer = createPreparer({ inline: true }) } = options;
  const library = options.library ?? createLibrary({ report });
  const vectorIndex = createVectorIndex({ ...options, local, chunks: library.chunks, cache: vectorCache });
  const marks = options.shared ? createChangeMarks(store, newId) : undefined;
  const names = createNameQueues();
  const live = createLive({ library, preparer, vectorIndex, hasFile: options.library !== undefined, clock, report });
  const liveIdOf = (name: string) => library.byName(name)?.documentId;
  const documents = createDocumentStore({ store, marks, liveOf: liveIdOf, newId, report });
  const defaults = {
    ...DEFAULTS,
    ...(options.scoreThreshold !== undefined && { scoreThreshold: options.scoreThreshold }),
  };
  const settings = createSettings({ store, marks, newId, defaults, onChange: () => live.changed() });
  const replica = createReplica({ documents, live, settings, names, marks, precedence, clock, report });
  const publish = createPublish({ documents, live, names, replica });
  const shared = { documents, live, names, replica, publish, liveOf, clock };

  /** The record of what is live under a name: as it is here, unless another instance has changed it. */
  async function liveOf(now: NameRecord, context: CallContext): Promise<DocumentRecord | undefined> {
    if (now.live === null) return undefined;
    const here = live.records.get(now.live);
    if (here && replica.isCurrent(now)) return here;
    return (await documents.live(now.live, context)).value ?? here;
  }

  /** Of what is live under a name that is not found here. @throws {Problem} as `refuseUnknownAudience`. */
  async function audienceOf(name: string, context: CallContext): Promise<readonly string[]> {
    const { value: now } = await documents.name(name, context);
    if (!now || now.live === null) return [];
    const old = await liveOf(now, context);
    if (old) return old.audience;
    await refuseUnknownAudience(documents, now, context);
    return audienceOf(name, context);
  }

  const retrieving = {
    ...options,
    library,
    vectorIndex,
    hashSpace: local.space,
    urlOf: (documentId: string) => live.records.get(documentId)?.url ?? null,
  };

  return {
    library,
    reader,
    preparer,
    vectorIndex,
    vectorCache,
    live,
    settings,
    replica,
    adding: createAdding({
      ...shared,
      reader,
      preparer,
      similarOf: (prepared, context) => findSimilar(prepared, { library, local }, context),
      isLive: (documentId) => live.records.has(documentId),
    }),
    versions: createVersions(shared),
    retrieve: createRetrieve(retrieving),
    trial: createTrial({ ...retrieving, vectorIndex, library, live, reader, preparer, settings, audienceOf }),
  };
}
