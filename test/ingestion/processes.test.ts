import { describe, expect, it } from "vitest";
import type { Degradation } from "../../src/fallbacks/core/status.ts";
import type { IngestJob } from "../../src/ingestion/ingestion.ts";
import { type IngestRig, ingestRig } from "./ingest-rig.ts";

const DAY_MS = 86_400_000;

/** Kills a process at its n-th write, and gives what a second one makes of the file that it had acknowledged, if it had. */
async function killedAt(writes: number, rig: IngestRig) {
  const { access, clock, start, context, ended } = rig;
  let left = writes;
  const first = start({
    ...access,
    async commit(operation, given) {
      left -= 1;
      if (left === 0) first.worker.kill();
      return access.commit(operation, given);
    },
  });
  let acknowledged: IngestJob | undefined;
  void first.ingestion.file({ name: "a.md", content: Buffer.alloc(500_000, "x") }, context()).then((job) => {
    if (!first.worker.killed.aborted) acknowledged = job;
  });
  await clock.advance(5_000);
  first.worker.kill();
  const second = start();
  await clock.advance(60_000);
  return { acknowledged, last: acknowledged && (await ended(second.ingestion, acknowledged.jobId)), second };
}

describe("fault 55: killed in mid-ingest", () => {
  it("resumes, wherever it was cut off: what was acknowledged is live once, and nothing is left over", async () => {
    let whole = 0;
    for (let writes = 1; writes <= 16; writes += 1) {
      const rig = ingestRig({ pollMs: 5_000 });
      const { acknowledged, last, second } = await killedAt(writes, rig);
      const { items } = await second.ingestion.jobs({ limit: 10 }, rig.context());
      expect(items.length).toBeLessThanOrEqual(1);
      if (acknowledged) {
        whole += 1;
        expect(last).toMatchObject({ state: "live", jobId: acknowledged.jobId, document: { name: "a.md" } });
        expect(items).toHaveLength(1);
      }
      // Each attempt has the place of the first one: what came in between has the last word.
      for (const { options } of rig.knowledge.asked) expect(options?.reservation?.order).toBe(1);
      // What nobody was told of is removed another day.
      if (acknowledged) expect(await rig.uploads()).toEqual([]);
    }
    expect(whole).toBeGreaterThan(5);
  });

  it("is not begun again by another process while the first one lives", async () => {
    const { start, context, clock, knowledge, ended } = ingestRig();
    const first = start();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    knowledge.beforeLive = () => opened;
    const { jobId } = await first.ingestion.file({ name: "a.md", content: "x" }, context());
    const second = start();
    await clock.advance(300_000);
    expect(knowledge.asked).toHaveLength(1);
    open();
    expect(await ended(second.ingestion, jobId)).toMatchObject({ state: "live" });
  });
});

describe("several processes", () => {
  it("hear every state of a job, whoever does it", async () => {
    const { start, context, ended } = ingestRig();
    const [first, second] = [start(), start()];
    const { jobId } = await first.ingestion.file({ name: "a.md", content: "x" }, context());
    const heard = [first, second].map(({ ingestion }) => {
      const jobs: IngestJob[] = [];
      ingestion.watch(jobId, (job) => void jobs.push(job));
      return jobs;
    });
    const last = await ended(second.ingestion, jobId);
    for (const jobs of heard) {
      expect(jobs.map(({ state }) => state)).toEqual(["received", "parsed", "embedded", "indexed", "live"]);
      expect(jobs.at(-1)).toEqual(last);
    }
  });

  it("see within a second how it went on while they could not hear", async () => {
    const { start, context, clock, knowledge } = ingestRig();
    const first = start();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    knowledge.beforeLive = () => opened;
    const { jobId } = await first.ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(0);
    const second = start();
    await clock.advance(0);
    second.member.setLink("cut");
    const heard: string[] = [];
    second.ingestion.watch(jobId, ({ state }) => void heard.push(state));
    await clock.advance(100);
    expect(heard).toEqual(["indexed"]);
    open();
    await clock.advance(800);
    expect(heard).toEqual(["indexed"]);
    await clock.advance(200);
    expect(heard).toEqual(["indexed", "live"]);
  });

  it("do not listen any more than they have to", async () => {
    const { start, context, clock, knowledge, ended } = ingestRig();
    const { ingestion } = start();
    knowledge.beforeLive = () => new Promise((resolve) => void clock.after(10_000, resolve));
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(10);
    const quiet = clock.pending;
    const heard: string[] = [];
    const stop = ingestion.watch(jobId, ({ state }) => void heard.push(state));
    ingestion.watch("ingest_none", () => heard.push("none"));
    await clock.advance(10);
    expect(clock.pending).toBe(quiet + 1);
    stop();
    expect(clock.pending).toBe(quiet);
    await ended(ingestion, jobId);
    expect(heard).toEqual(["indexed"]);
  });
});

describe("while the store that all share is away", () => {
  const degraded: Degradation = { layer: "store", mode: "equal", by: "embedded", reason: "open", since: new Date(0) };

  it("an upload that this machine does not have is waited for, and no document is given up for it", async () => {
    const { start, access, clock, context, ended, uploads } = ingestRig();
    let away = true;
    const { ingestion, worker } = start({
      ...access,
      async get(collection, key, given) {
        if (away && collection === "uploads") return { value: undefined, by: "embedded", degraded };
        return access.get(collection, key, given);
      },
    });
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(600_000);
    expect(await ingestion.job(jobId, context())).toMatchObject({ state: "received", failure: null });
    expect(await worker.jobs.get(jobId, context())).toMatchObject({ state: "waiting" });
    expect(await uploads()).toHaveLength(1);
    away = false;
    expect(await ended(ingestion, jobId)).toMatchObject({ state: "live" });
  });

  it("nothing is swept", async () => {
    const { start, access, clock, context, uploads } = ingestRig({ pollMs: 300_000, leaseMs: 300_000 });
    const value = { at: 0, parts: 1, data: "eA==" };
    await access.commit(
      { id: "orphan", writes: [{ kind: "put", collection: "uploads", key: "ingest_f/00000", value }] },
      context(),
    );
    let away = true;
    start({
      ...access,
      async list(request, given) {
        const found = await access.list(request, given);
        return away && request.collection === "uploads" ? { ...found, degraded } : found;
      },
    });
    await clock.advance(DAY_MS / 2);
    expect(await uploads()).toHaveLength(1);
    away = false;
    await clock.advance(DAY_MS / 2);
    expect(await uploads()).toEqual([]);
  });
});

describe("while the store that all share is away for a moment", () => {
  it("a job that the copy here lacks keeps what was uploaded for it", async () => {
    const { start, access, clock, context, uploads, knowledge } = ingestRig({ pollMs: 300_000, leaseMs: 300_000 });
    knowledge.beforeLive = () => new Promise(() => {});
    const first = start();
    const { jobId } = await first.ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(0);
    first.worker.kill();
    const degraded: Degradation = { layer: "store", mode: "equal", by: "embedded", reason: "open", since: new Date(0) };
    // Away exactly while it is asked for the job, and there again for the upload.
    start({
      ...access,
      async get(collection, key, given) {
        if (key !== `job/${jobId}`) return access.get(collection, key, given);
        return { value: undefined, by: "embedded", degraded };
      },
    });
    await clock.advance(2 * DAY_MS);
    expect(await uploads()).toEqual([`${jobId}/00000`]);
  });
});

describe("what was uploaded and never acknowledged", () => {
  it("is removed after a day, and not before; what waits for its job stays", async () => {
    const { start, access, clock, context, uploads, knowledge } = ingestRig({ pollMs: 300_000, leaseMs: 300_000 });
    const { ingestion } = start();
    await clock.advance(60_000);
    const value = { at: clock.wall().getTime(), parts: 2, data: "eA==" };
    const orphan = ["ingest_f/00000", "ingest_f/00001"];
    await access.commit(
      { id: "orphan", writes: orphan.map((key) => ({ kind: "put", collection: "uploads", key, value })) },
      context(),
    );
    knowledge.beforeLive = () => new Promise(() => {});
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(DAY_MS - 1_200_000);
    expect(await uploads()).toEqual([`${jobId}/00000`, ...orphan].sort());
    await clock.advance(6 * 3_600_000 + 1_800_000);
    expect(await uploads()).toEqual([`${jobId}/00000`]);
  });
});
