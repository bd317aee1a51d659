import type { CallContext } from "../fallbacks/core/context.ts";
import { asLayerError } from "../fallbacks/core/errors.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Embeddings, EmbedKind } from "../fallbacks/embeddings/port.ts";
import type { VectorHit, VectorRecord, Vectors } from "../fallbacks/vectors/port.ts";
import type { LibraryChunk } from "./library.ts";
import { pause } from "./slices.ts";
import { passageText } from "./terms.ts";

/** Vectors of a text, of one space. */
interface Embedded {
  readonly space: string;
  readonly vectors: readonly (Float32Array | undefined)[];
}

export interface VectorIndexOptions {
  readonly embeddings: Layer<Embeddings>;
  readonly vectors: Layer<Vectors>;
  /** Always available: its space is kept complete, so that a question finds everything while other models are away. */
  readonly local: Embeddings;
  /** The port on this machine, written first and directly, so that it is complete when the layer falls back to it. */
  readonly mirror: Vectors | undefined;
}

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
  /** From here on passages count as live: no space is complete without them. */
  release(ids: readonly string[]): void;
  /** The space of the model, when one serves. @throws {LayerError} only `aborted`. */
  fill(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  remove(ids: readonly string[], context: CallContext): Promise<void>;
  /** @throws {LayerError} when no port could serve. */
  query(question: string, limit: number, context: CallContext): Promise<VectorHits>;
}

/** Passages that are hashed without a pause: few milliseconds. */
const HASHED_AT_ONCE = 4;
/** Passages that go to a model or to a vectors port at once. */
const SENT_AT_ONCE = 128;
const REMOVED_AT_ONCE = 1_000;

export function createVectorIndex(options: VectorIndexOptions): VectorIndex {
  const { embeddings, vectors, local, mirror } = options;
  /** Space -> passages whose vectors this process has stored there. */
  const stored = new Map<string, Set<string>>();
  const live = new Set<string>();

  async function embed(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<Embedded> {
    const served = await embeddings.use(
      async (port, ctx) => ({ space: port.space, vectors: await port.embed(texts, kind, ctx) }),
      context,
    );
    return served.value;
  }

  async function embedLocally(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<Embedded> {
    return { space: local.space, vectors: await local.embed(texts, kind, context) };
  }

  async function save(chunks: readonly LibraryChunk[], { space, vectors: found }: Embedded, context: CallContext) {
    const records = chunks.flatMap((chunk, index): VectorRecord[] => {
      const vector = found[index];
      return vector ? [{ id: chunk.id, vector }] : [];
    });
    await mirror?.upsert(space, records, context);
    await vectors.use(async (port, ctx) => {
      if (port !== mirror) await port.upsert(space, records, ctx);
    }, context);
    const known = stored.get(space) ?? new Set();
    stored.set(space, known);
    for (const { id } of chunks) known.add(id);
  }

  const isComplete = (space: string) => stored.get(space)?.size === live.size;

  async function hashed(chunks: readonly LibraryChunk[], context: CallContext): Promise<Embedded> {
    const found: (Float32Array | undefined)[] = [];
    for (const batch of batchesOf(chunks, HASHED_AT_ONCE)) {
      found.push(...(await embedLocally(batch.map(passageText), "document", context)).vectors);
      if (batch.length === HASHED_AT_ONCE) await pause(context.signal);
    }
    return { space: local.space, vectors: found };
  }

  /** Undefined when the local port serves: its space is complete already. */
  async function modelled(chunks: readonly LibraryChunk[], context: CallContext): Promise<Embedded | undefined> {
    const served = await embeddings.use(async (port, ctx) => {
      const { space } = port;
      if (space === local.space) return undefined;
      return { space, vectors: await port.embed(chunks.map(passageText), "document", ctx) };
    }, context);
    return served.value;
  }

  async function removeBatch(ids: readonly string[], context: CallContext): Promise<void> {
    for (const id of ids) live.delete(id);
    for (const [space, known] of stored) {
      for (const id of ids) known.delete(id);
      await mirror?.remove(space, ids, context);
      await tolerate(context, () =>
        vectors.use(async (port, ctx) => {
          if (port !== mirror) await port.remove(space, ids, ctx);
        }, context),
      );
    }
  }

  return {
    async stage(chunks, context) {
      for (const batch of batchesOf(chunks, SENT_AT_ONCE)) {
        const embedded = await hashed(batch, context);
        await tolerate(context, () => save(batch, embedded, context));
      }
    },
    release(ids) {
      for (const id of ids) live.add(id);
    },
    async fill(chunks, context) {
      await tolerate(context, async () => {
        for (const batch of batchesOf(chunks, SENT_AT_ONCE)) {
          const embedded = await modelled(batch, context);
          if (!embedded) return;
          await save(batch, embedded, context);
          await pause(context.signal);
        }
      });
    },
    async remove(ids, context) {
      for (const batch of batchesOf(ids, REMOVED_AT_ONCE)) {
        await removeBatch(batch, context);
        if (batch.length === REMOVED_AT_ONCE) await pause(context.signal);
      }
    },
    async query(question, limit, context) {
      let asked = await embed([question], "query", context);
      if (!isComplete(asked.space)) asked = await embedLocally([question], "query", context);
      const { space } = asked;
      const [vector] = asked.vectors;
      if (!vector) return { space, hits: [] };
      const served = await vectors.use((port, ctx) => port.query(space, vector, limit, ctx), context);
      return { space, hits: served.value };
    },
  };
}

function batchesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/**
 * Goes on when a layer has failed: it has recorded that itself, and words find what vectors do not.
 * @throws {LayerError} `aborted`, as nobody waits any more.
 */
export async function tolerate<T>(context: CallContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const error = asLayerError(thrown);
    if (context.signal.aborted) throw error;
    return undefined;
  }
}
