import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { describeFailure } from "../../src/models/describe-failure.ts";
import { createModelHost, type ModelHostOptions } from "../../src/models/model-host.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { createScriptedProcess, type ScriptedProcess } from "./scripted-process.ts";

const cacheDirectory = mkdtempSync(join(tmpdir(), "understudy-host-"));
afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));

function start(options: Partial<ModelHostOptions> = {}) {
  const clock = createManualClock();
  const workers: ScriptedProcess[] = [];
  const host = createModelHost({
    kind: "feature-extraction",
    model: "tiny/embedding",
    localDirectory: "/models",
    cacheDirectory,
    clock,
    startProcess() {
      const worker = createScriptedProcess();
      workers.push(worker);
      return worker;
    },
    ...options,
  });
  const run = (text = "kettle", signal?: AbortSignal) =>
    host.run({ texts: [text], urgent: true }, testContext({ clock, ...(signal && { signal }) }));
  const probe = () => host.probe(testContext({ clock }));
  const latest = () => workers.at(-1) as ScriptedProcess;
  async function ready() {
    await expect(run()).rejects.toMatchObject({ errorClass: "loading" });
    await settle();
    latest().say({ type: "loaded", width: 1 });
    await settle();
  }
  return { clock, host, workers, run, probe, latest, ready };
}

const loading = { errorClass: "loading" };

it("opens nothing until its first use", async () => {
  const { host, workers, clock } = start();
  await settle();
  expect([workers.length, clock.pending]).toEqual([0, 0]);
  await host.close();
});

it("loads at the first use, once, and says meanwhile how far it is", async () => {
  const { run, probe, latest, workers, clock, host } = start();
  await expect(run()).rejects.toMatchObject({ ...loading, message: expect.stringContaining("(0 MB so far)") });
  latest().say({ type: "download", id: 1, state: "started" });
  latest().say({ type: "bytes", id: 1, count: 12_400_000 });
  await expect(run()).rejects.toMatchObject({ ...loading, message: expect.stringContaining("(12 MB so far)") });
  await expect(probe()).rejects.toMatchObject(loading);
  expect(workers).toHaveLength(1);
  latest().say({ type: "loaded", width: 1 });
  await settle();
  expect(clock.pending).toBe(0);
  const answer = run("kettle");
  latest().answer();
  expect(await answer).toEqual({ width: 1, rows: [new Float32Array([6])] });
  await host.close();
  expect(latest().ended).toBe(true);
});

it("probes with a real inference once it is ready", async () => {
  const { ready, probe, latest, host } = start();
  await ready();
  const probed = probe();
  expect(latest().batches).toHaveLength(1);
  latest().refuse("broken");
  await expect(probed).rejects.toMatchObject({ errorClass: "server" });
  await host.close();
});

it("tells the error of a failed load; a probe starts the next one at once, a call after a while", async () => {
  const { run, probe, latest, workers, clock, host } = start({ retryMs: 30_000 });
  await expect(run()).rejects.toMatchObject(loading);
  latest().say({ type: "bytes", id: 1, count: 5_000_000 });
  latest().say({ type: "failed", errorClass: "network", message: "refused", final: false });
  await settle();
  const failed = {
    errorClass: "network",
    message: 'the model "tiny/embedding" was not loaded; local directory: refused',
  };
  await expect(run()).rejects.toMatchObject(failed);
  expect(workers).toHaveLength(1);
  await expect(probe()).rejects.toMatchObject({ ...loading, message: expect.stringContaining("(0 MB so far)") });
  expect(workers).toHaveLength(2);
  latest().say({ type: "failed", errorClass: "network", message: "refused", final: false });
  await settle();
  await clock.advance(29_999);
  await expect(run()).rejects.toMatchObject(failed);
  expect(workers).toHaveLength(2);
  await clock.advance(1);
  // This call still tells what is known; the next one finds the new load.
  await expect(run()).rejects.toMatchObject(failed);
  expect(workers).toHaveLength(3);
  await expect(run()).rejects.toMatchObject(loading);
  await host.close();
  expect(workers.every(({ ended }) => ended)).toBe(true);
});

it("limits the silence of each download, not its whole, and what happens without one by another limit", async () => {
  const { run, latest, clock, host } = start({ idleMs: 1_000, quietMs: 5_000 });
  await expect(run()).rejects.toMatchObject(loading);
  await clock.advance(4_999);
  latest().say({ type: "download", id: 1, state: "started" });
  latest().say({ type: "download", id: 2, state: "started" });
  for (let step = 0; step < 20; step += 1) {
    await clock.advance(999);
    latest().say({ type: "bytes", id: 1, count: 1 });
    if (step < 10) latest().say({ type: "bytes", id: 2, count: 1 });
    if (step === 10) latest().say({ type: "download", id: 2, state: "ended" });
  }
  await expect(run()).rejects.toMatchObject(loading);
  await clock.advance(1_000);
  await expect(run()).rejects.toMatchObject({
    errorClass: "timeout",
    message: expect.stringContaining("silent for 1000 ms"),
  });
  expect(latest().ended).toBe(true);
  await host.close();
});

it("gives up a download that is silent although another one is not", async () => {
  const { run, latest, clock, host } = start({ idleMs: 1_000 });
  await expect(run()).rejects.toMatchObject(loading);
  latest().say({ type: "download", id: 1, state: "started" });
  latest().say({ type: "download", id: 2, state: "started" });
  await clock.advance(600);
  latest().say({ type: "bytes", id: 1, count: 1 });
  await clock.advance(400);
  await expect(run()).rejects.toMatchObject({ errorClass: "timeout" });
  await host.close();
});

it("gives up a load in which nothing happens", async () => {
  const { run, latest, clock, host } = start({ quietMs: 5_000 });
  await expect(run()).rejects.toMatchObject(loading);
  await clock.advance(5_000);
  await expect(run()).rejects.toMatchObject({ errorClass: "timeout" });
  expect(latest().ended).toBe(true);
  await host.close();
});

it("rejects what waits when the worker ends by itself, and loads anew", async () => {
  const { ready, run, latest, workers, clock, host } = start();
  await ready();
  const waiting = run();
  latest().crash("out of memory");
  await expect(waiting).rejects.toMatchObject({
    errorClass: "server",
    message: expect.stringContaining("out of memory"),
  });
  expect(clock.pending).toBe(0);
  await ready();
  expect(workers).toHaveLength(2);
  const answer = run("tank");
  latest().answer();
  expect((await answer).rows).toHaveLength(1);
  await host.close();
});

it("replaces a worker in which something has gone wrong beside the batches", async () => {
  const { ready, run, latest, host } = start();
  await ready();
  const waiting = run();
  latest().say({ type: "failed", errorClass: "bad_response", message: "a promise was left behind", final: false });
  await expect(waiting).rejects.toMatchObject({
    errorClass: "server",
    message: expect.stringContaining("left behind"),
  });
  await expect(run()).rejects.toMatchObject(loading);
  await host.close();
});

it("does not serve from a worker in which something goes wrong right behind the load", async () => {
  const { run, latest, clock, host } = start();
  await expect(run()).rejects.toMatchObject(loading);
  await settle();
  const worker = latest();
  worker.say({ type: "loaded", width: 1 });
  worker.say({ type: "failed", errorClass: "missing", message: "a promise was left behind", final: true });
  worker.say({ type: "failed", errorClass: "server", message: "and another one", final: false });
  await settle();
  await expect(run()).rejects.toMatchObject({ errorClass: "missing", message: "a promise was left behind" });
  expect([worker.ended, clock.pending]).toEqual([true, 0]);
  await host.close();
});

it("replaces a worker that hangs in inference, also when its caller has gone", async () => {
  const { ready, run, latest, clock, workers, host } = start({ batchMs: 60_000 });
  await ready();
  const controller = new AbortController();
  const gone = run("kettle", controller.signal);
  const behind = expect(run("tank")).rejects.toMatchObject({ errorClass: "timeout" });
  controller.abort();
  await expect(gone).rejects.toMatchObject({ errorClass: "aborted" });
  await clock.advance(60_000);
  await behind;
  expect(latest().ended).toBe(true);
  await ready();
  expect(workers).toHaveLength(2);
  await host.close();
});

it("does not start for a caller who has gone away", async () => {
  const { run, workers, host } = start();
  await expect(run("kettle", AbortSignal.abort())).rejects.toMatchObject({ errorClass: "aborted" });
  expect(workers).toHaveLength(0);
  await host.close();
});

it("closes while loading and while working, twice, and stays closed", async () => {
  const first = start();
  await expect(first.run()).rejects.toMatchObject(loading);
  await Promise.all([first.host.close(), first.host.close()]);
  expect([first.latest().ended, first.clock.pending]).toEqual([true, 0]);
  await expect(first.run()).rejects.toMatchObject({ errorClass: "server" });
  expect(first.workers).toHaveLength(1);

  const second = start();
  await second.ready();
  const waiting = expect(second.run()).rejects.toMatchObject({ errorClass: "server" });
  await second.host.close();
  await waiting;
  expect(second.latest().ended).toBe(true);
});

it.each([
  ["first", { errorClass: "network", message: "refused" }, { errorClass: "missing", message: "not found" }, "network"],
  ["second", { errorClass: "missing", message: "not found" }, { errorClass: "timeout", message: "silent" }, "timeout"],
] as const)("tells of the %s source whose failure is more than absence", async (_, hub, local, expected) => {
  const { run, workers, host } = start({ hubUrl: "http://user:secret@hub.example" });
  await expect(run()).rejects.toMatchObject(loading);
  for (const [index, failure] of [hub, local].entries()) {
    await expect.poll(() => workers.length).toBe(index + 1);
    workers[index]?.say({ type: "failed", final: false, ...failure });
    await settle();
  }
  await expect
    .poll(() => run().catch((thrown: unknown) => thrown))
    .toMatchObject({
      errorClass: expected,
      message: expect.not.stringContaining("secret"),
    });
  expect(workers[0]?.plan?.source).toMatchObject({
    url: "http://hub.example/",
    authorization: "Basic dXNlcjpzZWNyZXQ=",
  });
  await host.close();
});

it("asks nobody else when it is the package that is not there", async () => {
  const { run, workers, host } = start({ mirrorUrl: "http://mirror.example" });
  await expect(run()).rejects.toMatchObject(loading);
  await expect.poll(() => workers.length).toBe(1);
  workers[0]?.say({ type: "failed", errorClass: "missing", message: "not installed: npm install it", final: true });
  await expect
    .poll(() => run().catch((thrown: unknown) => thrown))
    .toMatchObject({
      errorClass: "missing",
      message: "not installed: npm install it",
    });
  expect(workers).toHaveLength(1);
  await host.close();
});

it.each([
  ["for want of memory", describeFailure(new Error("std::bad_alloc")), "server"],
  ["as its files cannot be read", describeFailure(new SyntaxError("Unexpected token")), "bad_response"],
])("fault 32: offline, a load that fails %s leaves the only copy of the model", async (_, failure, errorClass) => {
  const folder = join(cacheDirectory, "main", "tiny", "embedding");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), "the only copy");
  const { run, workers, latest, host } = start({
    hubUrl: "http://hub.example",
    offline: true,
    localDirectory: undefined,
  });
  await expect(run()).rejects.toMatchObject(loading);
  await expect.poll(() => workers.length).toBe(1);
  latest().say({ type: "failed", ...failure });
  await expect.poll(() => run().catch((thrown: unknown) => thrown)).toMatchObject({ errorClass });
  expect(existsSync(join(folder, "model.onnx"))).toBe(true);
  await host.close();
});
