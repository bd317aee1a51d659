import type { CallContext } from "../fallbacks/core/context.ts";
import type { Degradation, LayerStatus } from "../fallbacks/core/status.ts";
import type { LibraryChunk } from "./library.ts";
import { createModelFill } from "./model-fill.ts";
import type { ModelVectorsOptions } from "./model-options.ts";
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
  /** A model has served in this space. Whether the space holds every live passage; if not, it fills up from now on. */
  isComplete(space: string): boolean;
  /** What a question that was asked of the hash space instead departs by; equal to what `status` says. */
  departure(): Degradation;
  status(): LayerStatus;
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
  const hasModel = embeddings.status().ports.length > 1;
  let started = false;
  let incomplete: { readonly since: Date; readonly at: number } | undefined;

  /** Passages that wait. A first port of the hash space needs nothing that is not there. */
  function waiting(): number {
    const { current } = spaces;
    return hasModel && current.name !== local.space ? countWaiting(current) : 0;
  }

  function recount(): void {
    if (waiting() === 0) incomplete = undefined;
    else incomplete ??= { since: clock.wall(), at: clock.now() };
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
    isComplete(space) {
      fill.adopt(space);
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
    start() {
      started = true;
      changed();
    },
    close: () => fill.close(),
  };
}
