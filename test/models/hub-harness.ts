import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createModelHost, type ModelHost, type ModelHostOptions } from "../../src/models/model-host.ts";
import { type ModelProcess, startModelProcess } from "../../src/models/model-process.ts";
import { testContext } from "../support/context.ts";
import { type FakeHub, startFakeHub } from "../support/fake-hub.ts";
import { tinyModel, writeHub, writeLocal } from "../support/tiny-model.ts";

export const MODEL = "tiny/embedding";
export const GRAPH = "onnx/model.onnx";
/** Numbers in its vectors: what a load comes to that has succeeded. */
export const WIDTH = 32;

const files = tinyModel("embedding");

/** Real processes that load a real model over real sockets, in directories of their own. */
export interface HubHarness {
  readonly hub: FakeHub;
  /** A directory with the model as a local directory has it. */
  readonly local: string;
  readonly cache: string;
  /** What hosts have started, the latest last. */
  readonly processes: readonly ModelProcess[];
  readonly startHub: (port?: number) => Promise<FakeHub>;
  /** A host of the model, closed at the end. */
  readonly host: (options?: Partial<ModelHostOptions>) => ModelHost;
  /** Names of files anywhere in the cache. */
  readonly cachedFiles: () => Promise<readonly string[]>;
  /** Puts the model into the cache, as a download does. */
  readonly fillCache: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startHarness(): Promise<HubHarness> {
  const directory = await mkdtemp(join(tmpdir(), "understudy-hub-"));
  const local = join(directory, "local");
  const cache = join(directory, "cache");
  const served = join(directory, "hub");
  await Promise.all([
    writeHub(served, MODEL, files),
    writeHub(served, MODEL, files, "v2"),
    writeLocal(local, MODEL, files),
  ]);
  const open: { close(): Promise<void> }[] = [];
  const processes: ModelProcess[] = [];
  async function startHub(port = 0): Promise<FakeHub> {
    const hub = await startFakeHub(served, port);
    open.push(hub);
    return hub;
  }
  return {
    hub: await startHub(),
    local,
    cache,
    processes,
    startHub,
    host(options = {}) {
      const host = createModelHost({
        kind: "feature-extraction",
        model: MODEL,
        cacheDirectory: cache,
        clock: systemClock,
        startProcess() {
          const process = startModelProcess();
          processes.push(process);
          return process;
        },
        ...options,
      });
      open.push(host);
      return host;
    },
    async cachedFiles() {
      if (!(await exists(cache))) return [];
      const entries = await readdir(cache, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    fillCache: () => writeLocal(join(cache, "main"), MODEL, files),
    async close() {
      await Promise.all(open.map((one) => one.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export const call = (host: ModelHost) => host.run({ texts: ["refund"], urgent: true }, testContext());

/** What a load comes to: the width of the vectors, or the error. */
export function outcome(host: ModelHost): Promise<number | LayerError> {
  return vi.waitFor(
    async () => {
      try {
        return (await call(host)).width;
      } catch (error) {
        if (!(error instanceof LayerError) || error.errorClass === "loading") throw error;
        return error;
      }
    },
    { timeout: 20_000, interval: 20 },
  );
}
