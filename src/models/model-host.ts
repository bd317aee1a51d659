import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import { type BatchRunner, createBatchRunner, type Job, type ModelRows } from "./batch-runner.ts";
import { type LoadedProcess, loadFromSources } from "./load-from-sources.ts";
import { createModelCache } from "./model-cache.ts";
import { type ModelProcess, startModelProcess } from "./model-process.ts";
import type { Dtype, ModelKind, Pooling } from "./protocol.ts";
import { type SourceOptions, sourcesOf } from "./sources.ts";

export interface ModelHostOptions extends SourceOptions {
  readonly kind: ModelKind;
  /** The model's id, `NAME` or `OWNER/NAME`. */
  readonly model: string;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string | undefined;
  /** Default `fp32`, which every exported model has. */
  readonly dtype?: Dtype | undefined;
  /** Default `mean`. */
  readonly pooling?: Pooling | undefined;
  readonly clock: Clock;
  /** Longest silence of a download in ms, default 60 000. There is no limit on the whole of it. */
  readonly idleMs?: number | undefined;
  /** Longest time in ms in which a load does nothing visible (parsing, building), default 120 000. */
  readonly quietMs?: number | undefined;
  /** Longest time of one batch in ms, default 60 000: a process beyond it hangs, and is replaced. */
  readonly batchMs?: number | undefined;
  /** After a failed load, the time in ms from which a call starts the next one, default 30 000. A second probe does so at once. */
  readonly retryMs?: number | undefined;
  /** For tests: what stands in for the process. */
  readonly startProcess?: (() => ModelProcess) | undefined;
}

export interface ModelAnswer {
  /** Numbers in a row, as measured when the model was loaded. */
  readonly width: number;
  readonly rows: ModelRows;
}

/**
 * One model in one process of its own, loaded at its first use and again after every way in which it can end. While it is being
 * loaded, calls fail at once with `loading`, so that the next port serves; after a failed load, with the error of the load.
 */
export interface ModelHost {
  /** @throws {LayerError} `loading`, `aborted`, `server`, `timeout`, or the class of the failed load. */
  run(job: Job, context: CallContext): Promise<ModelAnswer>;
  /**
   * A word through the model. Where none is loaded, starts a load and throws `loading`; after a load that failed, throws its
   * error to whoever asks first, and starts the next one for whoever asks then.
   */
  probe(context: CallContext): Promise<void>;
  /** Ends the process. Calls that wait are rejected. */
  close(): Promise<void>;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly width: number; readonly runner: BatchRunner }
  | { readonly kind: "failed"; readonly error: LayerError; readonly at: number; readonly told: boolean }
  | { readonly kind: "closed" };

const MEGABYTE = 1_000_000;
const BATCH_SIZE = 16;
const MODEL_ID = /^\w[\w.-]*(\/\w[\w.-]*)?$/;

/** @throws {RangeError} when the model's id or an address cannot be one. */
export function createModelHost(options: ModelHostOptions): ModelHost {
  const { clock, model } = options;
  if (!MODEL_ID.test(model) || model.includes("..")) {
    throw new RangeError(`"${model}" is not a model's id: NAME or OWNER/NAME`);
  }
  const sources = sourcesOf(options);
  const revision = options.revision ?? "main";
  const cache = createModelCache(options.cacheDirectory, model, revision);
  const plan = {
    kind: options.kind,
    model,
    revision,
    dtype: options.dtype ?? "fp32",
    pooling: options.pooling ?? "mean",
  };
  const closing = new AbortController();
  let state: State = { kind: "idle" };
  let worker: ModelProcess | undefined;
  let loading: Promise<void> = Promise.resolve();
  let bytes = 0;

  async function load(): Promise<void> {
    try {
      const loaded = await loadFromSources(plan, sources, cache, {
        clock,
        startProcess: options.startProcess ?? startModelProcess,
        idleMs: options.idleMs ?? 60_000,
        quietMs: options.quietMs ?? 120_000,
        onBytes(count) {
          bytes += count;
        },
        signal: closing.signal,
      });
      serveFrom(loaded);
    } catch (error) {
      state = { kind: "failed", error: asLayerError(error), at: clock.now(), told: false };
    }
  }

  function startLoading(): void {
    state = { kind: "loading" };
    bytes = 0;
    loading = load();
  }

  function serveFrom(loaded: LoadedProcess): void {
    const { width } = loaded;
    worker = loaded.worker;
    const runner = createBatchRunner({
      worker: loaded.worker,
      clock,
      batchMs: options.batchMs ?? 60_000,
      batchSize: BATCH_SIZE,
      onHung: () => lose(new LayerError("timeout", `the process of the model "${model}" hangs; it is replaced`)),
    });
    const lose = (error: LayerError) => {
      void loaded.worker.end();
      state = { kind: "idle" };
      runner.stop(error);
    };
    loaded.worker.listen(
      (message) => {
        if (message.type === "failed")
          lose(new LayerError("server", `the model "${model}" failed: ${message.message}`));
        else runner.handle(message);
      },
      (reason) => lose(new LayerError("server", `the process of the model "${model}" ended: ${reason}`)),
    );
    state = { kind: "ready", width, runner };
  }

  async function run(job: Job, { signal }: CallContext): Promise<ModelAnswer> {
    if (signal.aborted) throw new LayerError("aborted", "the caller went away");
    switch (state.kind) {
      case "ready":
        return { width: state.width, rows: await state.runner.run(job, signal) };
      case "closed":
        throw new LayerError("server", `the model "${model}" has been closed`);
      case "failed": {
        const { error, at } = state;
        if (clock.now() - at >= (options.retryMs ?? 30_000)) startLoading();
        else state = { ...state, told: true };
        throw error;
      }
      case "idle":
        startLoading();
        throw beingLoaded();
      case "loading":
        throw beingLoaded();
    }
  }

  const beingLoaded = () =>
    new LayerError("loading", `the model "${model}" is being loaded (${Math.round(bytes / MEGABYTE)} MB so far)`);

  return {
    run,
    async probe(context) {
      if (state.kind === "failed") {
        const { error, told } = state;
        state = told ? { kind: "idle" } : { ...state, told: true };
        // First, so that the layer knows, and waits longer from one load to the next.
        if (!told) throw error;
      }
      await run({ texts: ["probe"], pairs: ["probe"], urgent: true }, context);
    },
    async close() {
      const runner = state.kind === "ready" ? state.runner : undefined;
      closing.abort();
      await loading;
      state = { kind: "closed" };
      runner?.stop(new LayerError("server", `the model "${model}" has been closed`));
      await worker?.end();
    },
  };
}
