import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { createTransformersEmbeddings } from "../../../src/fallbacks/embeddings/transformers.ts";
import { type ModelProcess, startModelProcess } from "../../../src/models/model-process.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { tinyModel, writeLocal } from "../../support/tiny-model.ts";
import { embeddingsBeforeHash } from "./embeddings-layer.ts";

const MODEL = "tiny/embedding";

/** The layer as the server has it; `onRows` hears when the process of the model has answered a batch. */
async function openLayer(onRows: (worker: ModelProcess) => void) {
  const directory = await mkdtemp(join(tmpdir(), "understudy-process-"));
  await writeLocal(directory, MODEL, tinyModel("embedding"));
  const clock = createManualClock();
  let processes = 0;
  const port = createTransformersEmbeddings({
    model: MODEL,
    localDirectory: directory,
    cacheDirectory: join(directory, "cache"),
    clock,
    startProcess() {
      processes += 1;
      const worker = startModelProcess();
      return {
        ...worker,
        listen: (onMessage, onEnd) =>
          worker.listen((message) => {
            onMessage(message);
            if (message.type === "rows") onRows(worker);
          }, onEnd),
      };
    },
  });
  const layer = embeddingsBeforeHash(port, clock);
  onTestFinished(async () => {
    await layer.close();
    await rm(directory, { recursive: true, force: true });
  });
  const embed = async (texts: readonly string[]) => {
    const { value, by } = await layer.use((one, ctx) => one.embed(texts, "document", ctx), testContext({ clock }));
    return { by, vectors: value.vectors.length };
  };
  const isBack = () =>
    vi.waitFor(
      async () => {
        await clock.advance(1_000);
        await embed(["kettle"]);
        expect(layer.status().state).toBe("ok");
      },
      { timeout: 25_000, interval: 50 },
    );
  return { layer, embed, isBack, processes: () => processes };
}

it("a crash of native code in the middle of its work costs no answer, is named, and the model is loaded anew", async () => {
  let crash = false;
  const { layer, embed, isBack, processes } = await openLayer((worker) => {
    if (crash && worker.pid !== undefined) process.kill(worker.pid, "SIGSEGV");
    crash = false;
  });
  await isBack();
  expect(await embed(["kettle"])).toEqual({ by: "transformers", vectors: 1 });
  // Many batches: after the first one it works on the next.
  const texts = Array.from({ length: 100 }, (_, at) => `how long does refund ${at} take? 退款要多久？ `.repeat(20));
  const before = processes();
  crash = true;
  expect(await embed(texts)).toEqual({ by: "hash", vectors: 100 });
  expect(layer.status()).toMatchObject({
    state: "degraded",
    by: "hash",
    lastError: {
      errorClass: "server",
      text: expect.stringMatching(/the process of the model "tiny\/embedding" ended: signal SIGSEGV/),
    },
  });
  await isBack();
  expect(await embed(texts)).toEqual({ by: "transformers", vectors: 100 });
  expect(processes()).toBe(before + 1);
});
