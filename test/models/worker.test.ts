import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { testContext } from "../support/context.ts";
import { startNode } from "../support/run-cli.ts";
import { tinyModel, writeLocal } from "../support/tiny-model.ts";
import { call, GRAPH, type HubHarness, MODEL, outcome, startHarness, WIDTH } from "./hub-harness.ts";

let harness: HubHarness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

it("rejects what waits when the worker crashes, and loads anew at the next call", async () => {
  const host = harness.host({ localDirectory: harness.local });
  expect(await outcome(host)).toBe(WIDTH);
  const waiting = call(host);
  // A message that is none: the worker does not survive it.
  harness.processes[0]?.post(undefined as never);
  const after = call(host);
  const results = await Promise.allSettled([waiting, after]);
  expect(results[1]).toMatchObject({
    reason: { errorClass: "server", message: expect.stringMatching(/ended: exit code 1, TypeError: /) },
  });
  await expect(call(host)).rejects.toMatchObject({ errorClass: "loading" });
  expect(await outcome(host)).toBe(WIDTH);
});

it("lets a question pass many documents", async () => {
  const host = harness.host({ localDirectory: harness.local });
  expect(await outcome(host)).toBe(WIDTH);
  const passage = "how long does a refund to my card take? 退款到银行卡要多久？ ".repeat(20);
  const texts = Array.from({ length: 256 }, (_, at) => `${at} ${passage}`);
  let documentsDone = false;
  const documents = host.run({ texts, urgent: false }, testContext()).then((answer) => {
    documentsDone = true;
    return answer;
  });
  await call(host);
  expect(documentsDone).toBe(false);
  const { rows } = await documents;
  expect(rows).toHaveLength(256);
});

it("fails a load whose only sign is a promise that the library left behind", async () => {
  const { "config.json": config, ...files } = tinyModel("embedding");
  const settings = { ...JSON.parse(String(config)), "transformers.js_config": { use_external_data_format: true } };
  await writeLocal(harness.local, MODEL, { ...files, "config.json": JSON.stringify(settings) });
  expect(await outcome(harness.host({ localDirectory: harness.local }))).toMatchObject({ errorClass: "missing" });
});

it("fails a load from a directory without the graph", async () => {
  await rm(join(harness.local, MODEL, GRAPH));
  expect(await outcome(harness.host({ localDirectory: harness.local }))).toMatchObject({ errorClass: "missing" });
});

it("keeps the files of a model that does not fit its task: to fetch them again would not help", async () => {
  await harness.fillCache();
  const host = harness.host({ kind: "text-classification", hubUrl: harness.hub.url });
  expect(await outcome(host)).toMatchObject({
    errorClass: "server",
    message: expect.stringContaining("does not fit its task"),
  });
  expect(harness.processes).toHaveLength(1);
  expect(harness.hub.requests).toEqual([]);
});

it("lets the process end while a model is there and another one is loading", async () => {
  const child = startNode("test/models/model-host-child.ts", [harness.local, MODEL]);
  onTestFinished(() => void child.kill());
  let out = "";
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    out += data.toString();
  });
  const [code] = await once(child, "close");
  expect({ code, out }).toEqual({ code: 0, out: `width ${WIDTH}\nloading\n` });
});
