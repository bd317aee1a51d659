import type { CallContext } from "../fallbacks/core/context.ts";

import type { LayerStatus } from "../fallbacks/core/status.ts";
import type { Embeddings } from "../fallbacks/embeddings/port.ts";
import type { VectorHit, VectorRecord } from "../fallbacks/vectors/port.ts";
import type { LibraryChunk } from "./library.ts";
import type { ModelVectorsOptions } from "./model-fill.ts";
import { createModelVectors } from "./model-vectors.ts";
import { pause } from "./slices.ts";
import { passageText } from "./terms.ts";
import { tolerate } from "./tolerate.ts";

export interface VectorHits {
  readonly space: string;
  readonly hits: readonly VectorHit[];
}

/** Finds passages by vectors, only ever comparing those of one space. */
export interface VectorIndex {
  /**
   * Writes the vectors of the local space, a slice at a time; they are complete when this returns. What comes of it must
   * be put with `release`, or `remove`d. @throws {LayerError} only `aborted`.
   */
  stage(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /**
   * Tries a model on the staged passages of a small document; what it does not get done is done after the release, in the
   * background. @throws {LayerError} only `aborted`.
   */
  prepare(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /** From here on passages count as live: no space is complete without them. */
  release(ids: readonly string[]): void;
  remove(ids: readonly string[], context: CallContext): Promise<void>;
  /** @throws {LayerError} when no port could serve. */
  query(question: string, limit: number, context: CallContext): Promise<VectorHits>;
  /** The status of the embeddings layer, with what waits for a model. */
  status(): LayerStatus;
  /** Everything that was stored is staged and released: what models and remote indexes lack is made up for from now on. */
  start(): void;
  /** Stops the work in the background. */
  close(): Promise<void>;
}

/** Passages that are hashed without a pause: few milliseconds. */
const HASHED_AT_ONCE = 4;
/** Passages that go to a vectors port at once. */
const SENT_AT_ONCE = 128;
const REMOVED_AT_ONCE = 1_000;

/** The space of the local embeddings is kept complete, so that a question finds everything while models are away. */
export function createVectorIndex(options: ModelVectorsOptions): VectorIndex {
  const { embeddings, vectors, local } = options;
  const model = createModelVectors(options);

  async function hashed(chunks: readonly LibraryChunk[], context: CallContext): Promise<readonly VectorRecord[]> {
    const records: VectorRecord[] = [];
    for (const batch of batchesOf(chunks, HASHED_AT_ONCE)) {
      const { vectors: found } = await local.embed(batch.map(passageText), "document", context);
      for (const [index, { id }] of batch.entries()) {
        const vector = found[index];
        if (vector) records.push({ id, vector });
      }
      if (batch.length === HASHED_AT_ONCE) await pause(context.signal);
    }
    return records;
  }

  async function embedQuestion(question: string, context: CallContext) {
    const call = (port: Embeddings, ctx: CallContext) => port.embed([question], "query", ctx);
    const { value } = await embeddings.use(call, context);
    if (value.space === local.space || model.isComplete(value.space)) return value;
    context.trail.note(model.departure());
    return call(local, context);
  }

  return {
    async stage(chunks, context) {
      for (const batch of batchesOf(chunks, SENT_AT_ONCE)) {
        const records = await hashed(batch, context);
        await tolerate(context, () => vectors.upsert(local.space, records, context));
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
    async query(question, limit, context) {
      const { space, vectors: asked } = await embedQuestion(question, context);
      const [vector] = asked;
      if (!vector) return { space, hits: [] };
      const served = await vectors.query(space, vector, limit, context);
      return { space, hits: served.value };
    },
    status: () => model.status(),
    start() {
      vectors.start([local.space]);
      model.start();
    },
    close: () => model.close(),
  };
}

function batchesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
