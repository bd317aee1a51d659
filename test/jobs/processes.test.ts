import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createAlone } from "../../src/cluster/cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import { createJobs } from "../../src/jobs/create-jobs.ts";
import type { Jobs } from "../../src/jobs/jobs.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createRig, soon } from "../fallbacks/store/redis-rig.ts";
import { endsWithProcess } from "../support/ends-with-process.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";
import { startNode } from "../support/run-cli.ts";
import { createTown, createWorker, found, type Town, type Worker } from "./jobs-rig.ts";

/** Long enough for any machine; a lease ends only where a test says so, by killing its holder. */
const WAIT = { timeout: 25_000, interval: 20 };
const settings = { pollMs: 20, leaseMs: 600_000, retryMs: 20 };

/** Starts the child, waits until it has begun a job, and kills it in the middle. Returns the id of the job. */
async function beginAndDie(args: readonly string[]): Promise<string> {
  const child = startNode("test/jobs/jobs-child.ts", args);
  endsWithProcess(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const gone = once(child, "close");
  const begun = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([line]) => String(line)),
    gone.then(() => Promise.reject(new Error(`the child ended: ${errors}`))),
  ]);
  child.kill("SIGKILL");
  await gone;
  return begun;
}

const finishing = async (jobs: Jobs, jobIds: readonly string[]) =>
  vi.waitFor(async () => {
    for (const jobId of jobIds) expect(await found(jobs, jobId, soon())).toMatchObject({ state: "done" });
  }, WAIT);

it("a process on disk that was killed in the middle of a job is followed by the next one, from where it was", async () => {
  const directory = mkdtempSync(join(tmpdir(), "understudy-jobs-"));
  const open = () => createTestAccess({ local: createEmbeddedStore({ directory }) }).access;
  const alone = (store: StoreAccess, instance: string) =>
    createJobs({
      store,
      cluster: createAlone(instance),
      clock: systemClock,
      random: () => 0.5,
      newId: createIds(),
      ...settings,
      report: () => {},
    });
  const first = open();
  const { jobId } = await alone(first, "adder").add({ kind: "work", payload: null }, soon());
  await first.close();
  expect(await beginAndDie(["victim", directory])).toBe(jobId);
  const second = open();
  const jobs = alone(second, "next");
  jobs.handle("work", async ({ job }) => ["went on from", job.progress]);
  await finishing(jobs, [jobId]);
  expect(await found(jobs, jobId, soon())).toMatchObject({ attempts: 2, result: ["went on from", "half of it"] });
  await jobs.close();
  await second.close();
  rmSync(directory, { recursive: true });
});

describeWithRedis("jobs of three processes on one Redis", () => {
  let server: RedisServer;
  let towns = 0;
  const singles: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await startRedis({ args: ["--appendonly", "yes"] });
  });
  afterAll(async () => {
    for (const rig of singles) await rig.close();
    await server.close();
  });

  /** One more instance, for which nobody else is alive. */
  function one(prefix: string): Worker {
    const rig = createRig(server.url, { prefix });
    singles.push(rig);
    return createWorker({ store: rig.access, clock: systemClock, town: createTown(), settings });
  }

  interface Three {
    readonly prefix: string;
    readonly town: Town;
    readonly workers: readonly [Worker, Worker, Worker];
    readonly runs: Map<string, number>;
    readonly close: () => Promise<void>;
  }

  /** Three instances, each with a journal of its own; their handlers count how often each job was begun. */
  function three(work: (jobId: string, worker: Worker, ending: AbortSignal) => Promise<void> = async () => {}): Three {
    towns += 1;
    const prefix = `jobs-${towns}`;
    const town = createTown();
    const runs = new Map<string, number>();
    const rigs = [1, 2, 3].map(() => createRig(server.url, { prefix }));
    const [first, second, third] = rigs.map(({ access }) => {
      const worker = createWorker({ store: access, clock: systemClock, town, settings });
      worker.jobs.handle(
        "work",
        async ({ job: { jobId }, ending }) => {
          runs.set(jobId, (runs.get(jobId) ?? 0) + 1);
          await work(jobId, worker, ending);
          return worker.instance;
        },
        { concurrency: 2 },
      );
      return worker;
    });
    if (!first || !second || !third) throw new Error("three rigs");
    const workers = [first, second, third] as const;
    return {
      prefix,
      town,
      workers,
      runs,
      async close() {
        await Promise.all(workers.filter(({ killed }) => !killed.aborted).map(({ jobs }) => jobs.close()));
        for (const rig of rigs) await rig.close();
      },
    };
  }

  it("are each done once, although all look for them at the same time", async () => {
    const { workers, runs, close } = three();
    const added = await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        (number % 2 ? workers[0] : workers[1]).jobs.add(
          { kind: "work", payload: number, jobId: `job-${number % 25}` },
          soon(),
        ),
      ),
    );
    const jobIds = [...new Set(added.map((job) => job.jobId))];
    await finishing(workers[2].jobs, jobIds);
    expect(jobIds).toHaveLength(25);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(runs.size).toBe(25);
    await close();
  });

  it("are ended by any of them, running elsewhere or waiting, and never begun again", async () => {
    const { workers, runs, close } = three(
      (_, __, ending) =>
        new Promise((_resolve, reject) => ending.addEventListener("abort", () => reject(ending.reason))),
    );
    const names = Array.from({ length: 8 }, (_, number) => `job-${number}`);
    for (const jobId of names) await workers[0].jobs.add({ kind: "work", payload: null, jobId }, soon());
    await vi.waitFor(() => expect(runs.size).toBe(6), WAIT);
    await Promise.all(names.map((jobId, at) => workers[(at % 3) as 0 | 1 | 2].jobs.cancel(jobId, soon())));
    await vi.waitFor(async () => {
      for (const jobId of names)
        expect(await found(workers[2].jobs, jobId, soon())).toMatchObject({ state: "cancelled" });
    }, WAIT);
    const begun = runs.size;
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    await workers[1].jobs.add({ kind: "work", payload: null, jobId: "last" }, soon());
    await vi.waitFor(() => expect(runs.get("last")).toBe(1), WAIT);
    expect(runs.size).toBe(begun + 1);
    await close();
  });

  it("are begun again by another one when their process dies in the middle, and only those", async () => {
    const { prefix, runs, close } = three(async (jobId, worker) => {
      if (!jobId.startsWith("deadly") || runs.get(jobId) !== 1) return;
      worker.kill();
      await new Promise<never>(() => {});
    });
    const names = ["a", "b", "c", "deadly-1", "d", "e", "deadly-2", "f"];
    const adder = one(prefix);
    for (const jobId of names) await adder.jobs.add({ kind: "work", payload: null, jobId }, soon());
    await finishing(adder.jobs, names);
    for (const jobId of names) {
      const begun = runs.get(jobId) ?? 0;
      // One that stood beside a deadly one in the same process may have died with it.
      if (jobId.startsWith("deadly")) expect(begun).toBe(2);
      else expect(begun).toBeLessThanOrEqual(2);
      expect(await found(adder.jobs, jobId, soon())).toMatchObject({ attempts: begun });
    }
    await adder.jobs.close();
    await close();
  });

  it("go on after a process that was killed by SIGKILL", async () => {
    const { workers, prefix, runs, close } = three();
    await workers[0].jobs.close();
    await workers[1].jobs.close();
    const adder = workers[0].jobs;
    workers[2].kill();
    const { jobId } = await adder.add({ kind: "work", payload: null }, soon());
    expect(await beginAndDie(["victim", server.url, prefix])).toBe(jobId);
    const next = one(prefix);
    next.jobs.handle("work", async ({ job }) => ["went on from", job.progress]);
    await finishing(next.jobs, [jobId]);
    expect(await found(next.jobs, jobId, soon())).toMatchObject({
      attempts: 2,
      result: ["went on from", "half of it"],
    });
    expect(runs.size).toBe(0);
    await next.jobs.close();
    await close();
  });

  it("are kept and done once when Redis dies and comes back; those that are added meanwhile are done meanwhile", async () => {
    const { workers, runs, close } = three();
    const before = await workers[0].jobs.add({ kind: "work", payload: null, jobId: "before" }, soon());
    await finishing(workers[1].jobs, [before.jobId]);
    await server.kill();
    await workers[0].jobs.add({ kind: "work", payload: null, jobId: "meanwhile" }, soon());
    await finishing(workers[0].jobs, ["meanwhile"]);
    expect(runs.get("meanwhile")).toBe(1);
    await server.restart();
    await workers[1].jobs.add({ kind: "work", payload: null, jobId: "after" }, soon());
    await finishing(workers[2].jobs, ["before", "meanwhile", "after"]);
    expect(Object.fromEntries(runs)).toEqual({ before: 1, meanwhile: 1, after: 1 });
    await close();
  });
});
