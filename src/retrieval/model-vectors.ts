import { randomUUID } from "node:crypto";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Degradation, LayerStatus } from "../fallbacks/core/status.ts";
import type { Embedded } from "../fallbacks/embeddings/port.ts";
import type { LibraryChunk } from "./library.ts";
import { createModelFill } from "./model-fill.ts";
import type { ModelVectorsOptions } from "./model-options.ts";
import { createModelRetire, type FormerSpace } from "./model-retire.ts";
import { countWaiting, createModelSpaces, missingFrom } from "./model-spaces.ts";

/** The vectors of a model, which fill up in the background while hash vectors are found by. */
export interface ModelVectors {
  /** Names of the spaces in which there may be vectors. */
  readonly spaces: readonly string[];
  /**
   * Tries the model on the passages of a small document before they are live, so that its space stays complete while it
   * serves. @throws {LayerError} `aborted`.
   */
  prepare(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /** From here on live: those without a vector wait for one. */
  release(ids: readonly string[]): void;
  /** From here on missed by nobody; the caller removes the vectors themselves. */
  remove(ids: readonly string[]): void;
  /** A model has served so. Whether its space holds every live passage; if not, it fills up from now on. */
  isComplete(embedded: Embedded): boolean;
  /** What a question that was asked of the hash space instead departs by; equal to what `status` says. */
  departure(): Degradation;
  status(): LayerStatus;
  /** Spaces of models that no server uses any more, which a remote index still holds. */
  readonly former: readonly FormerSpace[];
  /** Starts to fill up. */
  start(): void;
  close(): Promise<void>;
}

/** A document of more passages goes live first: nobody waits so long for a model. */
const MOST_PREPARED = 32;
const BYTES_OF_UNIT = 2;

export function createModelVectors(options: ModelVectorsOptions): ModelVectors {
  const { embeddings, local, clock, chunks } = options;
  const spaces = createModelSpaces(() => chunks.keys());
  const fill = createModelFill({ ...options, spaces, waiting, onChange: recount });
  const retire = createRetire({ ...options, isChanging });
  const hasModel = embeddings.status().ports.length > 1;
  let started = false;
  /** The current space, as far as others have been told. */
  let known: string | undefined;
  /** The space that has been whole. */
  let settled: string | undefined;
  let incomplete: { readonly since: Date; readonly at: number } | undefined;

  /** Passages that wait. A first port of the hash space needs nothing that is not there. */
  function waiting(): number {
    const { current } = spaces;
    return hasModel && current.name !== local.space ? countWaiting(current) : 0;
  }

  function recount(): void {
    const { name } = spaces.current;
    if (name !== known) retire?.used();
    known = name;
    if (waiting() > 0) {
      incomplete ??= { since: clock.wall(), at: clock.now() };
      return;
    }
    incomplete = undefined;
    settled = name;
  }

  /** What comes to a space that was whole once is no reason to go back to another one. */
  function isChanging(): boolean {
    return waiting() > 0 && (settled === undefined || settled !== spaces.current.name);
  }

  function departure(): Degradation {
    const since = incomplete?.since ?? clock.wall();
    return { layer: embeddings.name, by: local.name, mode: "lower", reason: "recovering", since };
  }

  function changed(): void {
    recount();
    if (started) fill.run();
  }

  return {
    get spaces() {
      return spaces.names;
    },
    async prepare(batch, context) {
      if (hasModel && batch.length <= MOST_PREPARED) await fill.prepare(batch, context);
    },
    release(ids) {
      if (!hasModel) return;
      spaces.release(ids);
      changed();
    },
    remove(ids) {
      spaces.remove(ids);
      recount();
    },
    isComplete(embedded) {
      fill.adopt(embedded);
      changed();
      return waiting() === 0;
    },
    departure,
    status() {
      const base = embeddings.status();
      const lost = spaces.givenUp.size;
      const action =
        lost > 0 ? `Look at the log for why ${lost} passages have no vector; words find them.` : base.action;
      if (!incomplete) return { ...base, action };
      let units = 0;
      for (const id of missingFrom(spaces.current)) units += chunks.get(id)?.text.length ?? 0;
      const oldestS = Math.round((clock.now() - incomplete.at) / 1_000);
      const backlog = { operations: waiting(), bytes: units * BYTES_OF_UNIT, oldestS };
      if (base.state !== "ok") return { ...base, action, backlog };
      const { by, mode, reason, since } = departure();
      const impact = "Search goes by words and parts of words until all passages are ready to be found by meaning.";
      return { ...base, state: "recovering", by, mode, reason, since, backlog, impact, action };
    },
    get former() {
      return retire?.former ?? [];
    },
    start() {
      started = true;
      changed();
      retire?.start();
    },
    async close() {
      await Promise.all([fill.close(), retire?.close()]);
    },
  };
}

/** Undefined where there is nothing that could be left over, or nowhere to say so. */
function createRetire(options: ModelVectorsOptions & { readonly isChanging: () => boolean }) {
  const { vectors, store, leases, newId = randomUUID, info = () => {}, ...rest } = options;
  if (!vectors.remote || !store) return undefined;
  return createModelRetire({ ...rest, remote: vectors.remote, store, leases, newId, info });
}
