import { describe, expect, it, onTestFinished } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { IngestJob } from "../../src/ingestion/ingestion.ts";
import { Problem } from "../../src/problems.ts";
import { holdSlices } from "../../src/retrieval/slices.ts";
import { settle } from "../support/manual-clock.ts";
import { documentNamed, ingestRig } from "./ingest-rig.ts";

describe("a file", () => {
  it("is kept when it is acknowledged, and read in the background, state by state", async () => {
    const { start, context, uploads, knowledge, ended } = ingestRig();
    const { ingestion } = start();
    const facts = { audience: ["agent"], metadata: { Team: "north" } };
    const job = await ingestion.file({ name: "a.md", content: Buffer.from("# A"), ...facts }, context());
    expect(job).toMatchObject({ kind: "file", name: "a.md", state: "received", total: null, done: 0, document: null });
    expect(await uploads()).toEqual([`${job.jobId}/00000`]);
    const heard: IngestJob[] = [];
    ingestion.watch(job.jobId, (each) => void heard.push(each));
    const last = await ended(ingestion, job.jobId);
    expect(heard.map(({ state, total, done }) => [state, total, done])).toEqual([
      ["received", null, 0],
      ["parsed", 3, 0],
      ["embedded", 3, 0],
      ["indexed", 3, 0],
      ["live", 3, 3],
    ]);
    expect(heard.at(-1)).toEqual(last);
    expect(last).toMatchObject({ document: documentNamed("a.md", facts), failure: null, children: [] });
    expect(knowledge.asked).toEqual([
      {
        document: { name: "a.md", content: Buffer.from("# A"), ...facts },
        options: { reservation: { name: "a.md", order: 1, deletions: 0 }, onState: expect.any(Function) },
      },
    ]);
    expect(await uploads()).toEqual([]);
  });

  it("is neither kept nor taken up while work on documents is held", async () => {
    const { start, context, uploads, knowledge, ended, clock } = ingestRig();
    const { ingestion } = start();
    const release = holdSlices();
    onTestFinished(release);
    const sent = ingestion.file({ name: "a.md", content: "# A" }, context());
    await settle();
    expect(await uploads()).toEqual([]);
    release();
    const { jobId } = await sent;
    const releaseAgain = holdSlices();
    onTestFinished(releaseAgain);
    await clock.advance(5_000);
    expect([knowledge.asked, (await ingestion.job(jobId, context())).state]).toEqual([[], "received"]);
    releaseAgain();
    expect(await ended(ingestion, jobId)).toMatchObject({ state: "live" });
  });

  it("sent while work on documents is held goes before one of its name that is sent after it", async () => {
    const { start, context, uploads, knowledge, ended } = ingestRig();
    const { ingestion } = start();
    const release = holdSlices();
    onTestFinished(release);
    const older = ingestion.file({ name: "a.md", content: "older" }, context());
    await settle();
    expect([knowledge.reserved, await uploads()]).toEqual([["a.md"], []]);
    release();
    const newer = ingestion.file({ name: "a.md", content: "newer" }, context());
    for (const { jobId } of [await older, await newer]) await ended(ingestion, jobId);
    const orders = knowledge.asked.map(({ document, options }) => [document.content, options?.reservation?.order]);
    expect(new Map(orders as [string, number][])).toEqual(
      new Map([
        ["older", 1],
        ["newer", 2],
      ]),
    );
  });

  it("whose sender leaves while work on documents is held leaves nothing behind", async () => {
    const { start, context, uploads } = ingestRig();
    const { ingestion, reported } = start();
    const release = holdSlices();
    onTestFinished(release);
    const controller = new AbortController();
    const sent = ingestion.file({ name: "a.md", content: "# A" }, { ...context(), signal: controller.signal });
    await settle();
    controller.abort();
    release();
    await expect(sent).rejects.toMatchObject({ errorClass: "aborted" });
    expect(await uploads()).toEqual([]);
    expect(await ingestion.jobs({ limit: 1 }, context())).toEqual({ items: [], next: null });
    expect(reported).toEqual([]);
  });

  it("of many parts comes out as it went in, and so does text", async () => {
    const { start, context, ended, knowledge, uploads } = ingestRig();
    const { ingestion } = start();
    const bytes = Buffer.alloc(1_000_001, "0123456789abcdef\u00ff");
    const job = await ingestion.file({ name: "a.pdf", content: bytes }, context());
    expect(await uploads()).toHaveLength(3);
    const text = "\uFEFF退货 \u0000 🎧\r\n";
    const other = await ingestion.file({ name: "b.md", content: text }, context());
    const empty = await ingestion.file({ name: "c.md", content: "" }, context());
    for (const { jobId } of [job, other, empty]) await ended(ingestion, jobId);
    const read = new Map(knowledge.asked.map(({ document }) => [document.name, document.content]));
    expect(Buffer.compare(read.get("a.pdf") as Buffer, bytes)).toBe(0);
    expect(read.get("b.md")).toBe(text);
    expect(read.get("c.md")).toBe("");
  });

  it("waits for another of its name without keeping those of other names waiting", async () => {
    const { start, context, ended, knowledge } = ingestRig();
    const { ingestion } = start();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    knowledge.beforeLive = (name) => (name === "slow.md" ? opened : Promise.resolve());
    const one = await ingestion.file({ name: "slow.md", content: "1" }, context());
    const two = await ingestion.file({ name: "slow.md", content: "2" }, context());
    const other = await ingestion.file({ name: "other.md", content: "3" }, context());
    expect(await ended(ingestion, other.jobId)).toMatchObject({ state: "live" });
    expect(await ingestion.job(two.jobId, context())).toMatchObject({ state: "received" });
    open();
    for (const { jobId } of [one, two]) expect(await ended(ingestion, jobId)).toMatchObject({ state: "live" });
    expect(knowledge.asked.map(({ document }) => document.content)).toEqual(["1", "3", "2"]);
  });

  it("is read while three others are, and a fifth one waits", async () => {
    const { start, context, ended, knowledge, clock } = ingestRig();
    const { ingestion } = start();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    knowledge.beforeLive = () => opened;
    const jobs = [];
    for (const name of ["a", "b", "c", "d", "e"]) {
      jobs.push(await ingestion.file({ name: `${name}.md`, content: name }, context()));
    }
    await clock.advance(5_000);
    expect(knowledge.asked.map(({ document }) => document.content)).toEqual(["a", "b", "c", "d"]);
    open();
    for (const { jobId } of jobs) expect(await ended(ingestion, jobId)).toMatchObject({ state: "live" });
  });

  it("of which a part cannot be saved leaves nothing behind, whoever has gone meanwhile", async () => {
    const { start, access, context, uploads } = ingestRig();
    const controller = new AbortController();
    let saved = 0;
    const { ingestion, reported } = start({
      ...access,
      async commit(operation, given) {
        given.signal.throwIfAborted();
        const [first] = operation.writes;
        if (first?.kind === "put" && first.collection === "uploads") saved += 1;
        if (saved < 5) return access.commit(operation, given);
        saved = 0;
        controller.abort();
        throw new LayerError("server", "no room");
      },
    });
    const content = Buffer.alloc(2_000_000, "a");
    const sent = ingestion.file({ name: "a.md", content }, { ...context(), signal: controller.signal });
    await expect(sent).rejects.toThrow("no room");
    expect(await uploads()).toEqual([]);
    expect(await ingestion.jobs({ limit: 1 }, context())).toEqual({ items: [], next: null });
    expect(reported).toEqual([]);
  });

  it("whose name cannot be reserved leaves nothing behind", async () => {
    const { start, context, knowledge, uploads } = ingestRig();
    knowledge.reserve = () => Promise.reject(new Problem("store_unavailable", "the store is away"));
    const { ingestion, reported } = start();
    const sent = ingestion.file({ name: "a.md", content: "# A" }, context());
    await expect(sent).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await uploads()).toEqual([]);
    expect(await ingestion.jobs({ limit: 1 }, context())).toEqual({ items: [], next: null });
    expect(reported).toEqual([]);
  });

  it("fault 36: is read once when the store was away while its progress was to be saved", async () => {
    const { access, start, context, ended, knowledge, uploads } = ingestRig();
    let failures = 0;
    const { ingestion, reported } = start({
      ...access,
      async commit(operation, given) {
        const saves = JSON.stringify(operation.writes);
        if (failures < 2 && /"state":"running"/.test(saves) && /"state":"(indexed|live)"/.test(saves)) {
          failures += 1;
          throw new LayerError("server", "the store had a hiccup");
        }
        return access.commit(operation, given);
      },
    });
    knowledge.beforeLive = () => new Promise((resolve) => void setImmediate(resolve));
    const job = await ingestion.file({ name: "a.md", content: "# A" }, context());
    expect(await ended(ingestion, job.jobId)).toMatchObject({ state: "live", document: documentNamed("a.md") });
    expect(failures).toBe(2);
    expect(knowledge.asked).toHaveLength(1);
    expect(await uploads()).toEqual([]);
    expect(reported).toEqual([]);
  });

  it("that cannot be read fails at once, with its reason, and is not tried again", async () => {
    const { start, context, ended, knowledge, uploads, clock } = ingestRig();
    const { ingestion, worker, reported } = start();
    const { jobId } = await ingestion.file({ name: "bad.md", content: "" }, context());
    const failed = await ended(ingestion, jobId);
    expect(failed).toMatchObject({
      state: "failed",
      document: null,
      failure: { code: "document_unreadable", detail: "bad.md is empty." },
    });
    expect(await uploads()).toEqual([]);
    await clock.advance(3_600_000);
    expect(knowledge.asked).toHaveLength(1);
    expect(await worker.jobs.get(jobId, context())).toMatchObject({ state: "done", attempts: 1 });
    expect(reported).toEqual([]);
  });

  it("is tried again for as long as something is away, and nobody is blamed", async () => {
    const { start, context, ended, knowledge, clock } = ingestRig();
    const { ingestion, worker } = start();
    let away = true;
    knowledge.beforeLive = async () => {
      if (away) throw new LayerError("network", "refused");
    };
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    await clock.advance(30 * 60_000);
    expect(knowledge.asked.length).toBeGreaterThan(20);
    expect(await ingestion.job(jobId, context())).toMatchObject({ state: "indexed", failure: null });
    away = false;
    expect(await ended(ingestion, jobId)).toMatchObject({ state: "live" });
    expect(await worker.jobs.get(jobId, context())).toMatchObject({ state: "done", error: null });
  });

  it("that meets a defect fails after five attempts, and tells nothing of what was inside", async () => {
    const { start, context, ended, knowledge } = ingestRig();
    const { ingestion, reported } = start();
    knowledge.beforeLive = () => Promise.reject(new TypeError("db.internal is undefined"));
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    const failed = await ended(ingestion, jobId);
    expect(failed).toMatchObject({ state: "failed", failure: { code: "internal" } });
    expect(JSON.stringify(failed)).not.toContain("db.internal");
    expect(knowledge.asked).toHaveLength(5);
    expect(reported).toHaveLength(5);
  });

  it("whose bytes are lost says so", async () => {
    const { start, access, context, ended, clock } = ingestRig();
    const { ingestion } = start();
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    await access.commit(
      { id: "gone", writes: [{ kind: "delete", collection: "uploads", key: `${jobId}/00000` }] },
      context(),
    );
    expect(await ended(ingestion, jobId)).toMatchObject({ failure: { code: "document_unreadable" } });
    expect(clock.now()).toBeLessThan(60_000);
  });

  it.each([
    ["of another kind", { name: "a.exe", content: "x" }, "unsupported_media_type"],
    ["with a name that cannot be one", { name: "a\n.md", content: "x" }, "invalid_request"],
    ["that is too large", { name: "a.md", content: Buffer.alloc(20_000_001) }, "payload_too_large"],
  ])("%s is not received", async (_what, file, code) => {
    const { start, context, uploads } = ingestRig();
    const { ingestion } = start();
    await expect(ingestion.file(file, context())).rejects.toMatchObject({ code });
    expect(await uploads()).toEqual([]);
    expect(await ingestion.jobs({ limit: 1 }, context())).toEqual({ items: [], next: null });
  });
});

describe("jobs", () => {
  it("are listed newest first, page by page, and nobody else's are among them", async () => {
    const { start, context, ended, clock } = ingestRig();
    const { ingestion, worker } = start();
    worker.jobs.handle("other", async () => null);
    const other = await worker.jobs.add({ kind: "other", payload: null }, context());
    const ids: string[] = [];
    for (const name of ["a.md", "b.md", "c.md"]) {
      ids.unshift((await ingestion.file({ name, content: "x" }, context())).jobId);
      await clock.advance(10);
    }
    for (const jobId of ids) await ended(ingestion, jobId);
    const first = await ingestion.jobs({ limit: 2 }, context());
    const second = await ingestion.jobs({ limit: 2, after: first.next ?? "" }, context());
    expect([...first.items, ...second.items].map(({ jobId }) => jobId)).toEqual(ids);
    expect(second.next).toBeNull();
    for (const jobId of [other.jobId, "ingest_none"]) {
      await expect(ingestion.job(jobId, context())).rejects.toMatchObject({ code: "not_found" });
      await expect(ingestion.wait(jobId, 1_000, context())).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(ingestion.jobs({ limit: 201 }, context())).rejects.toMatchObject({ field: "limit" });
  });

  it("are waited for until they are over, or for so long, or until nobody waits", async () => {
    const { start, context, knowledge, clock } = ingestRig();
    const { ingestion } = start();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    knowledge.beforeLive = () => opened;
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, context());
    expect(await ingestion.wait(jobId, 0, context())).toMatchObject({ jobId });
    const short = ingestion.wait(jobId, 2_000, context());
    const long = ingestion.wait(jobId, 60_000, context());
    const controller = new AbortController();
    const left = ingestion.wait(jobId, 60_000, { ...context(), signal: controller.signal });
    await clock.advance(2_000);
    expect(await short).toMatchObject({ state: "indexed" });
    controller.abort();
    await expect(left).rejects.toMatchObject({ errorClass: "aborted" });
    open();
    await clock.advance(0);
    expect(await long).toMatchObject({ state: "live" });
    expect(await ingestion.wait(jobId, 60_000, context())).toMatchObject({ state: "live" });
  });
});
