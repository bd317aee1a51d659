import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { asLayerError } from "../../src/fallbacks/core/errors.ts";
import { startWorkerProcess } from "../../src/fallbacks/core/worker-process.ts";
import type { ModelHost } from "../../src/models/model-host.ts";
import { testContext } from "../support/context.ts";
import { freeze } from "../support/freeze.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { call, GRAPH, type HubHarness, outcome, startHarness, WIDTH } from "./hub-harness.ts";

let harness: HubHarness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const latestPid = () => harness.processes.at(-1)?.pid ?? 0;
const gone = (pid: number) => vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
const startsLoading = (host: ModelHost) => expect(call(host)).rejects.toMatchObject({ errorClass: "loading" });
const seconds = { timeout: 20_000, interval: 10 };

it("is gone, and this process is not, at whatever moment of a load it is closed", async () => {
  const { host, local, processes } = harness;
  const first = host({ localDirectory: local });
  const started = performance.now();
  expect(await outcome(first)).toBe(WIDTH);
  // On a machine that is very busy, only the beginning of it.
  const oneLoad = Math.min(performance.now() - started, 2_000);
  // Several at once take longer, so that all of these are in the middle.
  const moments = Array.from({ length: 20 }, (_, at) => (oneLoad * at) / 20);
  async function closeSome(): Promise<void> {
    for (let moment = moments.pop(); moment !== undefined; moment = moments.pop()) {
      const one = host({ localDirectory: local });
      await startsLoading(one);
      // What a library does inside of a load tells nobody, so that a moment of it can only be waited for.
      await new Promise((resolve) => setTimeout(resolve, moment));
      await one.close();
    }
  }
  await Promise.all(Array.from({ length: 4 }, closeSome));
  expect(processes).toHaveLength(21);
  for (const { pid } of processes.slice(1)) await gone(pid ?? 0);
  expect((await call(first)).width).toBe(WIDTH);
});

it("may be killed while it loads: the load fails and says so, and the next one succeeds", async () => {
  const { host, hub, processes, cachedFiles } = harness;
  hub.behave((path) => (path.endsWith(".onnx") ? "stall" : "serve"));
  const one = host({ hubUrl: hub.url });
  await startsLoading(one);
  await vi.waitFor(() => expect(hub.requests.some((path) => path.endsWith(GRAPH))).toBe(true), seconds);
  process.kill(latestPid(), "SIGKILL");
  expect(await outcome(one)).toMatchObject({
    errorClass: "server",
    message: expect.stringMatching(/hub: the process of the model ended: signal SIGKILL/),
  });
  hub.behave("serve");
  await expect(one.probe(testContext())).rejects.toMatchObject({ errorClass: "loading" });
  expect(await outcome(one)).toBe(WIDTH);
  expect(processes.length).toBeGreaterThan(1);
  expect((await cachedFiles()).filter((name) => name.includes(".tmp."))).toEqual([]);
});

it("is replaced when it is frozen, while it loads and while it works", async () => {
  const { host, local } = harness;
  const clock = createManualClock();
  const one = host({ localDirectory: local, clock, quietMs: 5_000, batchMs: 1_000 });
  await startsLoading(one);
  await vi.waitFor(() => expect(latestPid()).toBeGreaterThan(0), seconds);
  const loading = latestPid();
  freeze(loading);
  await clock.advance(5_000);
  await vi.waitFor(() => expect(call(one)).rejects.toMatchObject({ errorClass: "timeout" }), seconds);
  await gone(loading);

  await expect(one.probe(testContext())).rejects.toMatchObject({ errorClass: "loading" });
  expect(await outcome(one)).toBe(WIDTH);
  const working = latestPid();
  freeze(working);
  const waiting = call(one).catch(asLayerError);
  await clock.advance(1_000);
  expect(await waiting).toMatchObject({ errorClass: "timeout", message: expect.stringContaining("it is replaced") });
  await gone(working);
  expect(await outcome(one)).toBe(WIDTH);
  expect(latestPid()).not.toBe(working);
});

const secret = "do-not-pass-this-on";
it.skipIf(!existsSync("/proc/self/environ"))(
  "has none of the server's secrets in its environment, and is the one that goes first when memory ends",
  async () => {
    const { LLM_API_KEY, REDIS_URL } = process.env;
    Object.assign(process.env, { LLM_API_KEY: secret, REDIS_URL: `redis://:${secret}@host` });
    onTestFinished(() => {
      for (const [name, value] of Object.entries({ LLM_API_KEY, REDIS_URL })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    const { host, local } = harness;
    expect(await outcome(host({ localDirectory: local }))).toBe(WIDTH);
    const environment = readFileSync(`/proc/${latestPid()}/environ`, "utf8");
    expect(environment).toContain("PATH=");
    expect(environment).not.toContain(secret);
    const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    expect(Number(readFileSync(`/proc/${latestPid()}/oom_score_adj`, "utf8"))).toBe(Math.max(own, 500));
  },
);

it.skipIf(!existsSync("/proc/self/oom_score_adj"))(
  "stays the first that goes where a system has made it so",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "understudy-first-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const command = join(directory, "node");
    const script = `#!/bin/sh\necho 1000 > /proc/self/oom_score_adj\nexec "${process.execPath}" "$@"\n`;
    await writeFile(command, script, { mode: 0o755 });
    const worker = startWorkerProcess(new URL("../../src/models/worker.ts", import.meta.url), {
      environment: {},
      command,
    });
    onTestFinished(() => worker.end());
    const answer = new Promise((resolve) => worker.listen(resolve, resolve));
    worker.post({ type: "run", id: 1, batch: { texts: [] } });
    expect(await answer).toMatchObject({ type: "refused" });
    expect(readFileSync(`/proc/${worker.pid}/oom_score_adj`, "utf8")).toBe("1000\n");
  },
);
