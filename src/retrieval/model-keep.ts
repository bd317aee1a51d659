import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import { isRefusal } from "../fallbacks/core/remote-call.ts";
import type { Embedded } from "../fallbacks/embeddings/port.ts";
import type { VectorRecord } from "../fallbacks/vectors/port.ts";
import type { LibraryChunk } from "./library.ts";
import type { ModelVectorsOptions } from "./model-options.ts";
import { firstOf, hold, letGo, lose, type ModelSpace, type ModelSpaces } from "./model-spaces.ts";
import { createPassageCache } from "./passage-cache.ts";

/** Puts vectors of a model into the index, and into the cache on this machine; and takes from there what was computed before. */
export interface ModelKeep {
  /**
   * Stores what was computed; of what the index refuses, passage by passage, each is given up.
   * @throws {LayerError} when it could not be stored: the passages wait again.
   */
  save(batch: readonly LibraryChunk[], embedded: Embedded, context: CallContext): Promise<void>;
  /** Takes from the cache what it has of the next thousand passages; false when it has been asked for all of them. */
  recall(space: string): Promise<boolean>;
  /** The same for passages that are not live yet. Returns those that it does not have. */
  recallStaged(batch: readonly LibraryChunk[], context: CallContext): Promise<readonly LibraryChunk[]>;
  giveUp(id: string, error: LayerError): void;
  /** The current space is complete. Once for each: what it is made of is all that the cache must keep. */
  tidy(): Promise<void>;
}

interface ModelKeepOptions extends ModelVectorsOptions {
  readonly spaces: ModelSpaces;
  readonly onChange: () => void;
  readonly adopt: (embedded: Embedded) => void;
  /** Of the work in the background. */
  readonly signal: AbortSignal;
}

const RECALLED_AT_ONCE = 1_024;
/** Milliseconds for one step: nobody waits for a remote index, which has most of it. */
const RECALL_MS = 100;

export function createModelKeep(options: ModelKeepOptions): ModelKeep {
  const { vectors, local, clock, chunks, report, spaces, onChange, adopt, signal } = options;
  const cache = createPassageCache(options.cache);
  let tidied: string | undefined;

  function giveUp(id: string, error: LayerError): void {
    spaces.giveUp(id);
    onChange();
    report(error, { doing: "embedding a passage", chunk: id });
  }

  async function save(batch: readonly LibraryChunk[], embedded: Embedded, ctx: CallContext) {
    const { space, vectors: found } = embedded;
    adopt(embedded);
    if (space === local.space) return;
    const { current } = spaces;
    const ids = batch.map(({ id }) => id);
    // First, as a removal that comes while they are stored must have the last word.
    hold(current, ids);
    onChange();
    const records = recordsOf(ids, found);
    try {
      await vectors.upsert(space, records, ctx);
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (isRefusal(error) && records.length > 1) {
        for (const [index, chunk] of batch.entries()) {
          if (current.held.has(chunk.id)) await save([chunk], { space, vectors: [found[index]] }, ctx);
        }
        return;
      }
      if (isRefusal(error)) return records.forEach(({ id }) => giveUp(id, error));
      for (const id of ids) current.held.delete(id);
      lose(
        current,
        ids.filter((id) => chunks.has(id)),
      );
      onChange();
      throw error;
    }
    // Not before: what the index refuses must not come back after a restart.
    cache?.put(space, batch, found);
  }

  /** What looks like the model's: the first vector in an empty index would decide for all that come. */
  async function kept({ dimension }: ModelSpace, name: string, batch: readonly LibraryChunk[]) {
    const records = (dimension === undefined ? undefined : await cache?.get(name, batch)) ?? [];
    const fitting = records.filter(({ vector }) => vector.length === dimension);
    const others = records.length - fitting.length;
    if (others > 0) {
      const words = `${others} vectors of the space ${name} have not ${dimension} numbers, as those of the model`;
      report(new LayerError("bad_response", words), { doing: "taking vectors from the cache" });
    }
    return fitting;
  }

  /** What the index refuses of it is computed anew. */
  async function keep(space: ModelSpace, name: string, records: readonly VectorRecord[], ctx: CallContext) {
    if (records.length === 0) return;
    const ids = records.map(({ id }) => id);
    hold(space, ids);
    onChange();
    try {
      await vectors.upsert(name, records, ctx);
    } catch (thrown) {
      letGo(space, ids, chunks);
      onChange();
      const error = asLayerError(thrown);
      if (!isRefusal(error)) throw error;
      report(error, { doing: "taking vectors from the cache" });
    }
  }

  return {
    save,
    giveUp,
    async recall(name) {
      const { current } = spaces;
      if (!cache || name === local.space || current.dimension === undefined || current.fresh.size === 0) return false;
      const ids = firstOf(current.fresh, RECALLED_AT_ONCE);
      for (const id of ids) current.fresh.delete(id);
      const records = await kept(
        current,
        name,
        ids.flatMap((id) => chunks.get(id) ?? []),
      );
      // What was removed meanwhile stays removed.
      const wanted = records.filter(({ id }) => current.unasked.has(id));
      await keep(
        current,
        name,
        wanted,
        createContext({ clock, requestId: "embed-passages", deadlineMs: RECALL_MS, signal }),
      );
      return true;
    },
    async recallStaged(batch, ctx) {
      const { current } = spaces;
      const { name } = current;
      if (name !== undefined) await keep(current, name, await kept(current, name, batch), ctx);
      return batch.filter(({ id }) => !current.held.has(id));
    },
    async tidy() {
      const { name } = spaces.current;
      if (name === undefined || name === tidied) return;
      tidied = name;
      await cache?.keepOnly([local.space, ...spaces.names], chunks.values(), signal);
    },
  };
}

function recordsOf(ids: readonly string[], found: Embedded["vectors"]): readonly VectorRecord[] {
  return ids.flatMap((id, index): readonly VectorRecord[] => {
    const vector = found[index];
    return vector ? [{ id, vector }] : [];
  });
}
