import { createBatches } from "../fallbacks/core/batches.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { callRemote } from "../fallbacks/core/remote-call.ts";
import type { Embedded, Embeddings } from "../fallbacks/embeddings/port.ts";
import type { VectorSpace } from "../fallbacks/vectors/port.ts";
import { createFillTurn } from "./fill-turn.ts";
import type { LibraryChunk } from "./library.ts";
import { createModelKeep } from "./model-keep.ts";
import type { ModelVectorsOptions } from "./model-options.ts";
import { askAgain, firstOf, hold, lose, type ModelSpace, type ModelSpaces } from "./model-spaces.ts";
import { pause } from "./slices.ts";
import { passageText } from "./terms.ts";

export type { ModelVectorsOptions } from "./model-options.ts";

/** Puts what waits in a model's space into it. */
export interface ModelFill {
  /** Embeds passages that are not live yet, as far as the model serves. @throws {LayerError} `aborted`. */
  prepare(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /** Fills up what waits, now, and until it is done; a model that does not serve is tried again by itself. */
  run(): void;
  /** A model serves in the space of these vectors. */
  adopt(embedded: Embedded): void;
  close(): Promise<void>;
}

/** Passages that a model embeds at once: one call of the layer has 2 seconds. */
const EMBEDDED_AT_ONCE = 8;
const RECOVERED_AT_ONCE = 128;
/** Milliseconds for one step. */
const STEP_MS = 10_000;
/** Milliseconds until a model that did not serve is tried again. */
const AGAIN_MS = 5_000;
const LOADING_AGAIN_MS = 1_000;

interface ModelFillOptions extends ModelVectorsOptions {
  readonly spaces: ModelSpaces;
  /** How many passages wait. */
  readonly waiting: () => number;
  /** Called after each change of what waits. */
  readonly onChange: () => void;
}

export function createModelFill(options: ModelFillOptions): ModelFill {
  const { embeddings, vectors, local, clock, chunks, report, spaces, waiting, onChange } = options;
  const batches = createBatches(EMBEDDED_AT_ONCE);
  const turn = createFillTurn(options.leases, clock);
  const stop = new AbortController();
  let filling: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  const context = () => createContext({ clock, requestId: "embed-passages", deadlineMs: STEP_MS, signal: stop.signal });
  const kept = createModelKeep({ ...options, adopt, signal: stop.signal });

  function embed(batch: readonly LibraryChunk[], ctx: CallContext) {
    const texts = batch.map(passageText);
    const call = async (port: Embeddings, inner: CallContext) => {
      const embedded = await port.embed(texts, "document", inner);
      if (embedded.vectors.length === texts.length) return embedded;
      throw new LayerError(
        "bad_response",
        `${port.name} gave ${embedded.vectors.length} vectors for ${texts.length} texts`,
      );
    };
    return callRemote(embeddings, local, clock, call, ctx);
  }

  function adopt({ space, vectors: found }: Embedded): void {
    for (const dropped of spaces.adopt(space, found.find((vector) => vector !== undefined)?.length)) {
      if (dropped === local.space) continue;
      vectors.drop(dropped, context()).catch((error: unknown) => report(error, { doing: "dropping a vector space" }));
    }
    onChange();
  }

  /** Vectors that an earlier process has left in the remote index are not computed again. */
  async function recover(space: VectorSpace): Promise<void> {
    const { current } = spaces;
    const ids = firstOf(current.unasked, RECOVERED_AT_ONCE);
    lose(current, ids);
    const recovered = await vectors.recover(space, ids, context());
    hold(
      current,
      recovered.filter((id) => current.waiting.has(id)),
    );
    onChange();
  }

  async function embedSome(queue: Set<string>): Promise<"served" | "away"> {
    const ids = batches.next(queue);
    const [id = ""] = ids;
    const asked = ids.flatMap((each) => chunks.get(each) ?? []);
    const outcome = await embed(asked, context());
    if (outcome.kind === "served") {
      batches.succeeded(ids);
      const { space, vectors: found } = outcome.value;
      adopt(outcome.value);
      // Of a space that shows itself now: before anything is written to it, so that a remote index has nothing to compare twice.
      while (await kept.recall(space)) await pause(stop.signal);
      const { held } = spaces.current;
      // What was removed meanwhile stays removed.
      const live = asked.flatMap((chunk, at) =>
        chunks.has(chunk.id) && !held.has(chunk.id) ? [{ chunk, vector: found[at] }] : [],
      );
      const some = live.map(({ vector }) => vector);
      await kept.save(
        live.map(({ chunk }) => chunk),
        { space, vectors: some },
        context(),
      );
      return "served";
    }
    if (!outcome.error) return "away";
    const verdict = batches.failed(ids, outcome.kind);
    if (verdict === "never") kept.giveUp(id, outcome.error);
    // Behind the others.
    if (verdict === "later" && queue.delete(id)) queue.add(id);
    return outcome.kind === "refused" ? "served" : "away";
  }

  async function fillSome({ name, dimension, unasked, waiting: waits }: ModelSpace): Promise<"served" | "away"> {
    if (name === undefined) return embedSome(unasked);
    if (unasked.size > 0) {
      // What is stored somewhere is believed only if it looks like what the model makes.
      if (dimension === undefined) return embedSome(unasked);
      await recover({ name, dimension });
      return "served";
    }
    if (await turn.mine(context())) return embedSome(waits);
    askAgain(spaces.current);
    return "away";
  }

  async function fill(): Promise<void> {
    cancelTimer?.();
    let ended: "served" | "away" = "served";
    try {
      while (waiting() > 0 && ended === "served") {
        const { name } = spaces.current;
        const recalled = name !== undefined && (await kept.recall(name));
        if (!recalled) ended = await fillSome(spaces.current);
        await pause(stop.signal);
      }
      if (ended === "served") await kept.tidy();
    } catch (thrown) {
      ended = "away";
      if (!stop.signal.aborted) report(thrown, { doing: "filling a vector space" });
    }
    await turn.end(createContext({ clock, requestId: "embed-passages", deadlineMs: STEP_MS }));
    filling = undefined;
    if (stop.signal.aborted) return;
    // Something may have come while the turn was given up.
    if (ended === "served") return run();
    const loading = embeddings.status().lastError?.errorClass === "loading";
    cancelTimer = clock.after(loading ? LOADING_AGAIN_MS : AGAIN_MS, run, { background: true });
  }

  function run(): void {
    if (stop.signal.aborted || waiting() === 0) return;
    filling ??= Promise.resolve().then(fill);
  }

  return {
    async prepare(batch, ctx) {
      const missing = await kept.recallStaged(batch, ctx);
      for (let at = 0; at < missing.length; at += EMBEDDED_AT_ONCE) {
        const some = missing.slice(at, at + EMBEDDED_AT_ONCE);
        const outcome = await embed(some, ctx);
        if (outcome.kind !== "served") return;
        await kept.save(some, outcome.value, ctx);
      }
    },
    run,
    adopt,
    async close() {
      stop.abort();
      cancelTimer?.();
      await filling;
    },
  };
}
