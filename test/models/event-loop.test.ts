import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createTransformersEmbeddings } from "../../src/fallbacks/embeddings/transformers.ts";
import { testContext } from "../support/context.ts";
import { startFakeHub } from "../support/fake-hub.ts";
import { tinyModel, writeHub } from "../support/tiny-model.ts";

const MODEL = "tiny/embedding";
/** Nothing may hold up the event loop for longer, in ms. */
const MOST_MS = 50;

/**
 * Counts turns of a chain of timers, and those that came too late. Written out, as an idle thread runs the same text: what is late there
 * is late because of the machine.
 */
const CHAIN = `(counts) => {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    counts[0] += 1;
    if (now - last > ${MOST_MS}) counts[1] += 1;
    last = now;
  }, 5);
  return () => clearInterval(timer);
}`;

function watchHere(): { readonly counts: Int32Array; readonly stop: () => void } {
  const counts = new Int32Array(2);
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the very text that the other thread runs.
  const start = new Function(`return ${CHAIN}`)() as (counts: Int32Array) => () => void;
  return { counts, stop: start(counts) };
}

function watchIdleThread(): { readonly counts: Int32Array; readonly stop: () => Promise<number> } {
  const counts = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(`(${CHAIN})(require("node:worker_threads").workerData)`, {
    eval: true,
    workerData: counts,
  });
  return { counts, stop: () => worker.terminate() };
}

it("neither loading a model nor running it holds up the event loop, for as long as an idle thread of this machine is not held up", async () => {
  const directory = await mkdtemp(join(tmpdir(), "understudy-loop-"));
  await writeHub(join(directory, "hub"), MODEL, tinyModel("embedding"));
  const hub = await startFakeHub(join(directory, "hub"));
  const port = createTransformersEmbeddings({
    model: MODEL,
    hubUrl: hub.url,
    cacheDirectory: join(directory, "cache"),
    clock: systemClock,
  });
  onTestFinished(async () => {
    await port.close?.();
    await hub.close();
    await rm(directory, { recursive: true, force: true });
  });
  const idle = watchIdleThread();
  await vi.waitFor(() => expect(idle.counts[0]).toBeGreaterThan(0));
  idle.counts.fill(0);
  const here = watchHere();
  await vi.waitFor(() => port.probe?.(testContext()), { timeout: 20_000, interval: 20 });
  const passage = "how long does a refund to my card take? 退款到银行卡要多久？ ".repeat(20);
  const texts = Array.from({ length: 192 }, (_, at) => `${at} ${passage}`);
  let answered = 0;
  const documents = port.embed(texts, "document", testContext()).then(({ vectors }) => vectors.length);
  const questions = Array.from({ length: 8 }, (_, at) =>
    port.embed([`question ${at}`], "query", testContext()).then(() => (answered += 1)),
  );
  await Promise.all(questions);
  expect(await documents).toBe(texts.length);
  expect(answered).toBe(8);
  const [[turns = 0, late = 0], [idleTurns = 0, idleLate = 0]] = [[...here.counts], [...idle.counts]];
  here.stop();
  await idle.stop();
  expect(idleTurns).toBeGreaterThan(20);
  expect(turns).toBeGreaterThan(idleTurns / 2);
  // A busy machine takes the processor from either of them.
  expect(late).toBeLessThanOrEqual(idleLate + Math.ceil(idleTurns / 50));
});
