import type { CallContext } from "../fallbacks/core/context.ts";
import type { LayerStatus } from "../fallbacks/core/status.ts";
import type { Embeddings } from "../fallbacks/embeddings/port.ts";
import type { VectorHit, VectorRecord } from "../fallbacks/vectors/port.ts";
import type { LibraryChunk } from "./library.ts";
import type { ModelVectorsOptions } from "./model-fill.ts";
import type { FormerSpace } from "./model-retire.ts";
import { createModelVectors } from "./model-vectors.ts";
import { passageKey } from "./passage-key.ts";
import type { PackedVectors, PreparedDocument } from "./prepared.ts";
import { pause, whenFree } from "./slices.ts";
import { passageText } from "./terms.ts";
import { tolerate } from "./tolerate.ts";

export interface VectorHits {
  readonly space: string;
  /** That of the question; undefined for one with nothing to go by. */
  readonly asked: Float32Array | undefined;
  readonly hits: readonly VectorHit[];
}

/** Finds passages by vectors, only ever comparing those of one space. */
export interface VectorIndex {
  /**
   * Writes the vectors of the local space, a slice at a time; they are complete when this returns. Those that do not come with
   * the document are taken from the cache, else made. What comes of it must be put with `release`, or `remove`d.
   * @throws {LayerError} only `aborted`.
   */
  stage(prepared: PreparedDocument, context: CallContext): Promise<void>;
  /**
   * Tries a model on the staged passages of a small document; what it does not get done is done after the release, in the
   * background. @throws {LayerError} only `aborted`.
   */
  prepare(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /** From here on passages count as live: no space is complete without them. */
  release(ids: readonly string[]): void;
  remove(ids: readonly string[], context: CallContext): Promise<void>;
  /**
   * Makes or looks up the vectors of passages that are not to be put, and keeps nothing: by space, those of the local one, and those
   * of a model where one makes them all. @throws {LayerError} only `aborted`.
   */
  vectorsOf(prepared: PreparedDocument, context: CallContext): Promise<ReadonlyMap<string, readonly VectorRecord[]>>;
  /**
   * @param within other spaces than these and the local one are not compared. Default: all are.
   * @throws {LayerError} when no port could serve.
   */
  query(
    question: string,
    limit: number,
    context: CallContext,
    within?: { has(space: string): boolean },
  ): Promise<VectorHits>;
  /** The status of the embeddings layer, with what waits for a model. */
  status(): LayerStatus;
  /** Spaces of models that no server uses any more, which a remote index still holds for a while. */
  readonly former: readonly FormerSpace[];
  /** Everything that was stored is staged and released: what models and remote indexes lack is made up for from now on. */
  start(): void;
  /** Stops the work in the background. */
  close(): Promise<void>;
}

interface Passage {
  readonly chunk: LibraryChunk;
  /** What its vectors are kept under. */
  readonly key: string;
}

/** Undefined for a passage without a vector. */
type Found = Float32Array | undefined;

/** In the order of the passages, and the places of those that are not in the cache yet. */
interface Vectors {
  readonly found: readonly Found[];
  readonly made: ReadonlySet<number>;
}

/** Passages that are hashed without a pause: few milliseconds. */
const HASHED_AT_ONCE = 4;
/** Passages that go to a model at once. */
const EMBEDDED_AT_ONCE = 16;
/** Passages that go to a vectors port at once. */
const SENT_AT_ONCE = 128;
const REMOVED_AT_ONCE = 1_000;

/** The space of the local embeddings is kept complete, so that a question finds everything while models are away. */
export function createVectorIndex(options: ModelVectorsOptions): VectorIndex {
  const { embeddings, vectors, local, cache } = options;
  const model = createModelVectors(options);

  /** In the order of the passages; undefined for a text with nothing to go by. */
  async function made(chunks: readonly LibraryChunk[], context: CallContext): Promise<readonly Found[]> {
    const vectors: Found[] = [];
    for (const batch of batchesOf(chunks, HASHED_AT_ONCE)) {
      const embedded = await local.embed(batch.map(passageText), "document", context);
      vectors.push(...embedded.vectors);
      if (batch.length === HASHED_AT_ONCE) await pause(context.signal);
    }
    return vectors;
  }

  /** From the cache, and what that does not have, made. */
  async function lookedUp(passages: readonly Passage[], context: CallContext): Promise<Vectors> {
    const kept = await cache?.get(
      local.space,
      passages.map(({ key }) => key),
    );
    const found: Found[] = passages.map((_, at) => kept?.[at]);
    const missing = passages.flatMap((passage, at) => (found[at] ? [] : [{ ...passage, at }]));
    const vectors = await made(
      missing.map(({ chunk }) => chunk),
      context,
    );
    for (const [index, { at }] of missing.entries()) found[at] = vectors[index];
    return { found, made: new Set(missing.map(({ at }) => at)) };
  }

  /** Stored first: what no index takes is not to come back from the cache. */
  async function save(passages: readonly Passage[], { found, made }: Vectors, context: CallContext): Promise<void> {
    const pairs = passages.flatMap(({ chunk: { id }, key }, at) => {
      const vector = found[at];
      return vector ? [{ id, key, vector, isNew: made.has(at) }] : [];
    });
    const added = pairs.filter(({ isNew }) => isNew);
    const stored = await tolerate(context, async () => {
      await vectors.upsert(local.space, pairs, context);
      return true;
    });
    if (stored && added.length > 0) cache?.put(local.space, added);
  }

  async function embedQuestion(question: string, context: CallContext, within?: { has(space: string): boolean }) {
    const call = (port: Embeddings, ctx: CallContext) => port.embed([question], "query", ctx);
    const { value } = await embeddings.use(call, context);
    if (value.space === local.space) return value;
    if (model.isComplete(value)) return within?.has(value.space) === false ? call(local, context) : value;
    context.trail.note(model.departure());
    return call(local, context);
  }

  /** Those of a model, in the order of the passages; undefined where it does not make them all. */
  async function byModel(passages: readonly Passage[], context: CallContext) {
    if (embeddings.status().ports.length < 2) return undefined;
    const embed = async (batch: readonly Passage[]) => {
      const texts = batch.map(({ chunk }) => passageText(chunk));
      return (await embeddings.use((port, ctx) => port.embed(texts, "document", ctx), context)).value;
    };
    const first = await embed(passages.slice(0, EMBEDDED_AT_ONCE));
    if (first.space === local.space) return undefined;
    const rest = passages.slice(first.vectors.length);
    const keys = rest.map(({ key }) => key);
    const found: Found[] = [...((await cache?.get(first.space, keys)) ?? rest.map(() => undefined))];
    const missing = rest.flatMap((passage, at) => (found[at] ? [] : [{ ...passage, at }]));
    for (const batch of batchesOf(missing, EMBEDDED_AT_ONCE)) {
      const { space, vectors } = await embed(batch);
      if (space !== first.space) return undefined;
      for (const [index, { at }] of batch.entries()) found[at] = vectors[index];
    }
    return { space: first.space, vectors: [...first.vectors, ...found] };
  }

  return {
    async stage(prepared, context) {
      const passages = passagesOf(prepared).map((passage, at) => ({ ...passage, at }));
      const given = prepared.vectors?.space === local.space ? prepared.vectors : undefined;
      for (const batch of batchesOf(passages, SENT_AT_ONCE)) {
        await whenFree(context.signal);
        const found = given ? allNew(batch.map(({ at }) => rowOf(given, at))) : await lookedUp(batch, context);
        await save(batch, found, context);
        if (batch.length === SENT_AT_ONCE) await pause(context.signal);
      }
    },
    async prepare(chunks, context) {
      await tolerate(context, () => model.prepare(chunks, context));
    },
    release: (ids) => model.release(ids),
    async remove(ids, context) {
      model.remove(ids);
      for (const batch of batchesOf(ids, REMOVED_AT_ONCE)) {
        for (const space of [local.space, ...model.spaces]) {
          await tolerate(context, () => vectors.remove(space, batch, context));
        }
        if (batch.length === REMOVED_AT_ONCE) await pause(context.signal);
      }
    },
    async vectorsOf(prepared, context) {
      const passages = passagesOf(prepared);
      const recordsOf = (found: readonly Found[]) =>
        passages.flatMap(({ chunk: { id } }, at) => (found[at] ? [{ id, vector: found[at] }] : []));
      const given = prepared.vectors?.space === local.space ? prepared.vectors : undefined;
      const own = given ? passages.map((_, at) => rowOf(given, at)) : (await lookedUp(passages, context)).found;
      const spaces = new Map([[local.space, recordsOf(own)]]);
      const others = await tolerate(context, () => byModel(passages, context));
      if (others) spaces.set(others.space, recordsOf(others.vectors));
      return spaces;
    },
    async query(question, limit, context, within) {
      const { space, vectors: all } = await embedQuestion(question, context, within);
      const [asked] = all;
      if (!asked) return { space, asked, hits: [] };
      const served = await vectors.query(space, asked, limit, context);
      return { space, asked, hits: served.value };
    },
    status: () => model.status(),
    get former() {
      return model.former;
    },
    start() {
      vectors.start([local.space]);
      model.start();
    },
    close: () => model.close(),
  };
}

function passagesOf({ chunks, keys }: PreparedDocument): readonly Passage[] {
  return chunks.map((chunk, at) => ({ chunk, key: keys[at] ?? passageKey(chunk) }));
}

function batchesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}

const allNew = (found: readonly Found[]): Vectors => ({ found, made: new Set(found.keys()) });

function rowOf({ values, dimension }: PackedVectors, row: number): Found {
  const vector = values.subarray(row * dimension, (row + 1) * dimension);
  return vector.some((value) => value !== 0) ? vector : undefined;
}
