import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { type BatchRunner, createBatchRunner } from "../../src/models/batch-runner.ts";
import { createManualClock, type ManualClock, settle } from "../support/manual-clock.ts";
import { createScriptedProcess, type ScriptedProcess } from "./scripted-process.ts";

let clock: ManualClock;
let worker: ScriptedProcess;
let runner: BatchRunner;
let hung: number;

beforeEach(() => {
  clock = createManualClock();
  worker = createScriptedProcess();
  hung = 0;
  runner = createBatchRunner({
    worker,
    clock,
    batchMs: 1_000,
    batchSize: 2,
    onHung: () => {
      hung += 1;
    },
  });
  worker.listen(runner.handle, () => {});
});

const never = new AbortController().signal;
const run = (texts: readonly string[], urgent = false, signal = never) => runner.run({ texts, urgent }, signal);
const lengths = (rows: readonly (Float32Array | undefined)[]) => rows.map((row) => row?.[0]);
const asked = () => worker.batches.map(({ texts }) => texts.join());

it("sends small batches, one at a time, and puts the rows together in order", async () => {
  const result = run(["a", "bb", "ccc", "dddd", "eeeee"]);
  expect(asked()).toEqual(["a,bb"]);
  worker.answer();
  worker.answer();
  expect(asked()).toEqual(["a,bb", "ccc,dddd", "eeeee"]);
  worker.answer();
  expect(lengths(await result)).toEqual([1, 2, 3, 4, 5]);
});

it("lets a question go before the documents that wait, between two batches", async () => {
  const documents = run(["a", "b", "c", "d"]);
  const more = run(["e"]);
  const question = run(["q"], true);
  for (let batch = 0; batch < 4; batch += 1) worker.answer();
  expect(asked()).toEqual(["a,b", "q", "c,d", "e"]);
  expect([await question, await documents, await more].map((rows) => rows.length)).toEqual([1, 4, 1]);
});

it("cuts both texts of a pair alike", async () => {
  const result = runner.run({ texts: ["q", "q", "q"], pairs: ["a", "b", "c"], urgent: true }, never);
  worker.answer();
  expect(worker.batches[1]).toEqual({ texts: ["q"], pairs: ["c"] });
  worker.answer();
  expect(await result).toHaveLength(3);
});

it("rejects at once when the caller goes away, and does not send the rest", async () => {
  const controller = new AbortController();
  const documents = run(["a", "b", "c", "d"], false, controller.signal);
  const other = run(["e"]);
  controller.abort();
  await expect(documents).rejects.toMatchObject({ errorClass: "aborted" });
  // The batch that was running ends unheard.
  worker.answer();
  worker.answer();
  expect(asked()).toEqual(["a,b", "e"]);
  expect(lengths(await other)).toEqual([1]);
  await expect(run(["f"], false, controller.signal)).rejects.toMatchObject({ errorClass: "aborted" });
});

it("rejects only the job whose batch the model refused", async () => {
  const bad = run(["a", "b", "c"]);
  const good = run(["d"]);
  worker.refuse("no such token");
  await expect(bad).rejects.toMatchObject({ errorClass: "server", message: expect.stringContaining("no such token") });
  worker.answer();
  expect(lengths(await good)).toEqual([1]);
  expect(asked()).toEqual(["a,b", "d"]);
});

it("keeps the process only while somebody waits", async () => {
  expect(worker.held).toBe(false);
  const first = run(["a"]);
  const controller = new AbortController();
  const second = run(["b"], false, controller.signal);
  expect(worker.held).toBe(true);
  worker.answer();
  await first;
  expect(worker.held).toBe(true);
  controller.abort();
  await expect(second).rejects.toThrow();
  expect(worker.held).toBe(false);
});

it("says that a batch hangs when its own time is over, however long the job is", async () => {
  const result = run(["a", "b", "c", "d"]);
  await clock.advance(999);
  worker.answer();
  await clock.advance(999);
  expect(hung).toBe(0);
  await clock.advance(1);
  expect(hung).toBe(1);
  runner.stop(new LayerError("timeout", "it hangs"));
  await expect(result).rejects.toMatchObject({ errorClass: "timeout" });
  await expect(run(["e"])).rejects.toMatchObject({ errorClass: "timeout" });
  expect(clock.pending).toBe(0);
});

it("answers no texts with no rows, without the model", async () => {
  expect(await run([])).toEqual([]);
  expect(asked()).toEqual([]);
});

it("gives each row memory of its own, and none for an unusable text", async () => {
  const result = run(["a", "b"]);
  const data = new Float32Array([1, 2, 3, 4]);
  runner.handle({ type: "rows", id: 1, width: 2, data, usable: [true, false] });
  const [row, none] = await result;
  expect(row).toEqual(new Float32Array([1, 2]));
  expect(row?.buffer.byteLength).toBe(8);
  expect(none).toBeUndefined();
});

it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "2", null])(
  "counts no rows where the width of one cannot be: %s",
  async (width) => {
    const result = run(["a", "b"]);
    const data = new Float32Array(4);
    runner.handle({ type: "rows", id: 1, width: width as number, data, usable: [true, true] });
    expect(await result).toEqual([]);
  },
);

it("serves every job that is not aborted, whole and in order, whatever comes between", async () => {
  const step = fc.oneof(
    fc.record({ run: fc.array(fc.string({ maxLength: 3 }), { maxLength: 5 }), urgent: fc.boolean() }),
    fc.record({ abort: fc.nat(9) }),
    fc.constant("answer" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const own = createScriptedProcess();
      const jobs = createBatchRunner({ worker: own, clock, batchMs: 1_000, batchSize: 2, onHung: () => {} });
      own.listen(jobs.handle, () => {});
      const outcomes: Promise<unknown>[] = [];
      const expected: unknown[] = [];
      const controllers: AbortController[] = [];
      for (const next of steps) {
        if (next === "answer") own.answer();
        else if ("abort" in next) controllers[next.abort]?.abort();
        else {
          const controller = new AbortController();
          controllers.push(controller);
          const index = expected.push(next.run.map((text) => text.length)) - 1;
          outcomes[index] = jobs.run({ texts: next.run, urgent: next.urgent }, controller.signal).then(
            (rows) => lengths(rows),
            () => "aborted",
          );
        }
      }
      for (let batch = 0; own.held && batch < 200; batch += 1) own.answer();
      await settle();
      const results = await Promise.all(outcomes);
      for (const [index, result] of results.entries()) {
        if (result !== "aborted" || !controllers[index]?.signal.aborted) expect(result).toEqual(expected[index]);
      }
      expect(own.held).toBe(false);
    }),
    { numRuns: 50 },
  );
});
