import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createCrossEncoderReranker } from "../../../src/fallbacks/reranker/cross-encoder.ts";
import type { ModelRows } from "../../../src/models/batch-runner.ts";
import { createModelHost, type ModelHost } from "../../../src/models/model-host.ts";
import { rerankerContract } from "../../contracts/reranker.ts";
import { testContext } from "../../support/context.ts";
import { tinyModel, writeLocal } from "../../support/tiny-model.ts";

const MODEL = "tiny/cross-encoder";
let directory = "";
let host: ModelHost | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-reranker-"));
  await writeLocal(directory, MODEL, tinyModel("cross-encoder"));
});
afterAll(async () => {
  await host?.close();
  await rm(directory, { recursive: true, force: true });
});

const options = () => ({
  model: MODEL,
  localDirectory: directory,
  cacheDirectory: join(directory, "cache"),
  clock: systemClock,
});

/** A port on the one worker that the tests share: each costs half a second. */
async function ready() {
  const port = createCrossEncoderReranker({
    ...options(),
    createHost(given) {
      host ??= createModelHost(given);
      return { ...host, close: async () => {} };
    },
  });
  await vi.waitFor(() => port.probe?.(testContext()), { timeout: 20_000, interval: 50 });
  return port;
}

rerankerContract("cross-encoder reranker", ready, { loading: () => createCrossEncoderReranker(options()) });

const scripted = (width: number, rows: ModelRows) =>
  createCrossEncoderReranker({
    ...options(),
    createHost: () => ({ run: async () => ({ width, rows }), probe: async () => {}, close: async () => {} }),
  });

it("is the sigmoid of the logit, at its extremes too", async () => {
  const port = scripted(
    1,
    [0, 2, -2, 1e9, -1e9].map((logit) => new Float32Array([logit])),
  );
  const scores = await port.score("q", ["a", "b", "c", "d", "e"], testContext());
  expect(scores.map((score) => Number(score.toFixed(4)))).toEqual([0.5, 0.8808, 0.1192, 1, 0]);
});

it.each<[string, number, ModelRows]>([
  ["several classes", 2, [new Float32Array([0, 1]), new Float32Array([0, 1])]],
  ["too few", 1, [new Float32Array([1])]],
  ["too many", 1, [1, 2, 3].map((logit) => new Float32Array([logit]))],
  ["no number", 1, [new Float32Array([1]), new Float32Array([Number.NaN])]],
  ["infinity", 1, [new Float32Array([1]), new Float32Array([Number.POSITIVE_INFINITY])]],
  ["nothing", 1, [new Float32Array([1]), undefined]],
])("gives nothing out when the model answers wrongly: %s", async (_, width, rows) => {
  await expect(scripted(width, rows).score("q", ["a", "b"], testContext())).rejects.toMatchObject({
    errorClass: "bad_response",
  });
});
