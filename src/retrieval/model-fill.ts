import { createBatches } from "../fallbacks/core/batches.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import { callRemote, isRefusal } from "../fallbacks/core/remote-call.ts";
import type { Embedded, Embeddings, LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { VectorAccess } from "../fallbacks/vectors/access.ts";
import type { VectorRecord } from "../fallbacks/vectors/port.ts";
import { createFillTurn } from "./fill-turn.ts";
import type { LibraryChunk } from "./library.ts";
import { askAgain, hold, lose, type ModelSpaces } from "./model-spaces.ts";
import { pause } from "./slices.ts";
import { passageText } from "./terms.ts";

export interface ModelVectorsOptions {
  readonly embeddings: Layer<Embeddings>;
  readonly vectors: VectorAccess;
  /** The last port of the layer: its vectors are not those of a model. */
  readonly local: LocalEmbeddings;
  readonly clock: Clock;
  /** The passages that are live. */
  readonly chunks: ReadonlyMap<string, LibraryChunk>;
  /** Hears of what is given up and of what fails in the background. */
  readonly report: (error: unknown, fields: object) => void;
  /** Where instances share an index, one at a time computes what all of them can get from it. Absent: each its own. */
  readonly leases?: Leases | undefined;
}

/** Puts what waits in a model's space into it. */
export interface ModelFill {
  /** Embeds passages that are not live yet, as far as the model serves. @throws {LayerError} `aborted`. */
  prepare(chunks: readonly LibraryChunk[], context: CallContext): Promise<void>;
  /** Fills up what waits, now, and until it is done; a model that does not serve is tried again by itself. */
  run(): void;
  /** A model serves in this space. */
  adopt(space: string): void;
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

  function adopt(space: string): void {
    for (const dropped of spaces.adopt(space)) {
      if (dropped === local.space) continue;
      vectors.drop(dropped, context()).catch((error: unknown) => report(error, { doing: "dropping a vector space" }));
    }
    onChange();
  }

  function giveUp(id: string, error: LayerError): void {
    spaces.giveUp(id);
    onChange();
    report(error, { doing: "embedding a passage", chunk: id });
  }

  async function save(ids: readonly string[], { space, vectors: found }: Embedded, ctx: CallContext): Promise<void> {
    adopt(space);
    if (space === local.space) return;
    const { current } = spaces;
    // First, as a removal that comes while they are stored must have the last word.
    hold(current, ids);
    onChange();
    const records = ids.flatMap((id, index): readonly VectorRecord[] => {
      const vector = found[index];
      return vector ? [{ id, vector }] : [];
    });
    try {
      await vectors.upsert(space, records, ctx);
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (isRefusal(error) && records.length > 1) {
        for (const { id, vector } of records) {
          if (current.held.has(id)) await save([id], { space, vectors: [vector] }, ctx);
        }
      } else if (isRefusal(error)) for (const { id } of records) giveUp(id, error);
      else {
        for (const id of ids) current.held.delete(id);
        lose(
          current,
          ids.filter((id) => chunks.has(id)),
        );
        onChange();
        throw error;
      }
    }
  }

  /** Vectors that an earlier process has left in the remote index are not computed again. */
  async function recover(name: string): Promise<void> {
    const { current } = spaces;
    const ids = [...current.unasked].slice(0, RECOVERED_AT_ONCE);
    lose(current, ids);
    const recovered = await vectors.recover(name, ids, context());
    hold(
      current,
      recovered.filter((id) => current.waiting.has(id)),
    );
    onChange();
  }

  async function embedSome(queue: Set<string>): Promise<"served" | "away"> {
    const ids = batches.next(queue);
    const [id = ""] = ids;
    const outcome = await embed(
      ids.flatMap((each) => chunks.get(each) ?? []),
      context(),
    );
    if (outcome.kind === "served") {
      batches.succeeded(ids);
      const { space, vectors: found } = outcome.value;
      // What was removed meanwhile stays removed.
      const live = ids.map((each, index) => [each, found[index]] as const).filter(([each]) => chunks.has(each));
      const kept = { space, vectors: live.map(([, vector]) => vector) };
      await save(
        live.map(([each]) => each),
        kept,
        context(),
      );
      return "served";
    }
    if (!outcome.error) return "away";
    const verdict = batches.failed(ids, outcome.kind);
    if (verdict === "never") giveUp(id, outcome.error);
    // Behind the others.
    if (verdict === "later" && queue.delete(id)) queue.add(id);
    return outcome.kind === "refused" ? "served" : "away";
  }

  async function fill(): Promise<void> {
    cancelTimer?.();
    let ended: "complete" | "away" = "complete";
    try {
      while (waiting() > 0 && ended === "complete") {
        const { name, unasked, waiting: waits } = spaces.current;
        if (name !== undefined && unasked.size > 0) await recover(name);
        else if (name !== undefined && !(await turn.mine(context()))) {
          askAgain(spaces.current);
          ended = "away";
        } else if ((await embedSome(name === undefined ? unasked : waits)) === "away") ended = "away";
        await pause(stop.signal);
      }
    } catch (thrown) {
      ended = "away";
      if (!stop.signal.aborted) report(thrown, { doing: "filling a vector space" });
    }
    await turn.end(createContext({ clock, requestId: "embed-passages", deadlineMs: STEP_MS }));
    filling = undefined;
    if (stop.signal.aborted) return;
    // Something may have come while the turn was given up.
    if (ended === "complete") return run();
    const loading = embeddings.status().lastError?.errorClass === "loading";
    cancelTimer = clock.after(loading ? LOADING_AGAIN_MS : AGAIN_MS, run, { background: true });
  }

  function run(): void {
    if (stop.signal.aborted || waiting() === 0) return;
    filling ??= Promise.resolve().then(fill);
  }

  return {
    async prepare(batch, ctx) {
      for (let at = 0; at < batch.length; at += EMBEDDED_AT_ONCE) {
        const some = batch.slice(at, at + EMBEDDED_AT_ONCE);
        const outcome = await embed(some, ctx);
        if (outcome.kind !== "served") return;
        await save(
          some.map(({ id }) => id),
          outcome.value,
          ctx,
        );
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
