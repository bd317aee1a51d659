import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Degradation } from "../../src/fallbacks/core/status.ts";
import type { EndedJob, IngestJob, NewPage } from "../../src/ingestion/ingestion.ts";
import { gate } from "../server/test-server.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { type IngestRig, ingestRig, type Process } from "./ingest-rig.ts";
import { openStack } from "./ingest-stack.ts";

const html = (bytes: string) => ({ mediaType: "text/html", bytes });
const shop = (path: string) => `https://shop.example/${path}`;
const urlset = (...urls: readonly string[]) =>
  `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join("")}</urlset>`;

/** Ends a job while time passes. */
const ending = ({ clock, context }: IngestRig, { ingestion }: Process, jobId: string): Promise<EndedJob> =>
  whileTimePasses(clock, ingestion.cancel(jobId, context()), 250);

/** The same; the job alone. */
const cancel = async (...given: Parameters<typeof ending>): Promise<IngestJob> => (await ending(...given)).job;

const over = { code: "job_over", field: "job_id" };

describe("ending the job of a document", () => {
  it("that waits: it is never read, and nothing of it is kept; once more does no harm", async () => {
    const rig = ingestRig();
    const { context, knowledge, uploads, clock } = rig;
    const way = gate();
    knowledge.beforeLive = () => way.opened;
    const process = rig.start();
    const jobs: IngestJob[] = [];
    for (const name of ["a", "b", "c", "d", "e"]) {
      jobs.push(await process.ingestion.file({ name: `${name}.md`, content: name }, context()));
    }
    await clock.advance(0);
    const { jobId } = jobs[4] as IngestJob;
    const heard: string[] = [];
    process.ingestion.watch(jobId, ({ state }) => void heard.push(state));
    await clock.advance(0);
    expect(await cancel(rig, process, jobId)).toMatchObject({ state: "cancelled", failure: null, document: null });
    expect((await uploads()).some((key) => key.startsWith(jobId))).toBe(false);
    way.open();
    for (const job of jobs.slice(0, 4))
      expect(await rig.ended(process.ingestion, job.jobId)).toMatchObject({ state: "live" });
    await clock.advance(60_000);
    expect(knowledge.asked.map(({ document }) => document.name)).toEqual(["a.md", "b.md", "c.md", "d.md"]);
    expect(heard).toEqual(["received", "cancelled"]);
    expect(await cancel(rig, process, jobId)).toMatchObject({ state: "cancelled" });
    expect(process.reported).toEqual([]);
  });

  it.each(["parsed", "embedded"] as const)(
    "that is being read, in another process too, stops behind `%s`",
    async (stopAt) => {
      const rig = ingestRig();
      const { context, knowledge, uploads, clock } = rig;
      const way = gate();
      const { add } = knowledge;
      knowledge.add = (document, given, options) =>
        add(document, given, {
          ...options,
          async onState(state, chunks) {
            await options?.onState?.(state, chunks);
            if (state === stopAt) await way.opened;
          },
        });
      const [first, second] = [rig.start(), rig.start()];
      const { jobId } = await first.ingestion.file({ name: "a.md", content: "a" }, context());
      await clock.advance(0);
      const ended = second.ingestion.cancel(jobId, context());
      await clock.advance(500);
      expect(await first.ingestion.job(jobId, context())).toMatchObject({ state: stopAt });
      way.open();
      expect(await whileTimePasses(clock, ended, 250)).toMatchObject({
        job: { state: "cancelled", document: null },
        stopped: true,
      });
      expect(await uploads()).toEqual([]);
      expect(await first.worker.jobs.get(jobId, context())).toMatchObject({ state: "cancelled", attempts: 1 });
      await clock.advance(120_000);
      expect(knowledge.asked).toHaveLength(1);
      expect([...first.reported, ...second.reported]).toEqual([]);
    },
  );

  it("that is about to be live goes on, and says so", async () => {
    const rig = ingestRig();
    const { context, knowledge, clock } = rig;
    const way = gate();
    knowledge.beforeLive = () => way.opened;
    const process = rig.start();
    const { jobId } = await process.ingestion.file({ name: "a.md", content: "a" }, context());
    await clock.advance(0);
    const ended = process.ingestion.cancel(jobId, context()).catch((error: unknown) => error);
    await clock.advance(9_999);
    way.open();
    expect(await whileTimePasses(clock, ended, 250)).toMatchObject({
      ...over,
      message: expect.stringContaining("live already"),
    });
    expect(await process.ingestion.job(jobId, context())).toMatchObject({ state: "live" });
    expect(await process.worker.jobs.get(jobId, context())).toMatchObject({ state: "done" });
  });

  it("that does not stop within ten seconds is told as it is", async () => {
    const rig = ingestRig();
    const { context, knowledge, clock } = rig;
    knowledge.beforeLive = () => new Promise(() => {});
    const process = rig.start();
    const { jobId } = await process.ingestion.file({ name: "a.md", content: "a" }, context());
    await clock.advance(0);
    expect(await ending(rig, process, jobId)).toMatchObject({ job: { state: "indexed" }, stopped: false });
  });

  it("that has ended otherwise, or is none", async () => {
    const rig = ingestRig();
    const process = rig.start();
    const ended = async (name: string) => {
      const { jobId } = await process.ingestion.file({ name, content: "x" }, rig.context());
      return (await rig.ended(process.ingestion, jobId)).jobId;
    };
    for (const [name, state] of [
      ["a.md", "live"],
      ["bad.md", "failed"],
    ] as const) {
      const jobId = await ended(name);
      await expect(cancel(rig, process, jobId)).rejects.toMatchObject({
        ...over,
        message: expect.stringContaining(`${state} already`),
      });
    }
    await expect(cancel(rig, process, "ingest_none")).rejects.toMatchObject({ code: "not_found" });
  });

  it.each([0, 60_000])(
    "of another kind is none, and goes on as if nobody had asked (delayed by %i ms)",
    async (delayMs) => {
      const rig = ingestRig();
      const process = rig.start();
      const way = gate();
      process.worker.jobs.handle("other", async ({ ending }) => {
        await way.opened;
        return ending.aborted;
      });
      const { jobId } = await process.worker.jobs.add({ kind: "other", payload: null, delayMs }, rig.context());
      await rig.clock.advance(0);
      await expect(cancel(rig, process, jobId)).rejects.toMatchObject({ code: "not_found" });
      expect(await process.worker.jobs.get(jobId, rig.context())).toMatchObject({ ending: false });
      way.open();
      await rig.clock.advance(120_000);
      expect(await process.worker.jobs.get(jobId, rig.context())).toMatchObject({ state: "done", result: false });
    },
  );

  it.each(["a copy of it", "nothing of it"])(
    "is refused while the store that all share is away, with %s here",
    async (here) => {
      const rig = ingestRig();
      const { jobId } = await rig.start().ingestion.file({ name: "a.md", content: "a" }, rig.context());
      const degraded: Degradation = {
        layer: "store",
        mode: "equal",
        by: "embedded",
        reason: "open",
        since: new Date(0),
      };
      const blind = rig.start({
        ...rig.access,
        async get(...args) {
          const served = await rig.access.get(...args);
          return { ...served, ...(here === "nothing of it" && { value: undefined }), degraded };
        },
      });
      await expect(cancel(rig, blind, jobId)).rejects.toMatchObject({ code: "store_unavailable" });
    },
  );
});

describe("ending a sitemap or a crawl", () => {
  const pages = Array.from({ length: 12 }, (_, n) => `p${n}`);

  /** A list of pages that is being read: of its pages four are held before they are live. */
  async function begun(order: Pick<NewPage, "kind" | "limit">) {
    const rig = ingestRig();
    const way = gate();
    rig.web[shop("")] = html(pages.map((path) => `<a href="${path}">x</a>`).join(""));
    rig.web[shop("sitemap.xml")] = { mediaType: "text/xml", bytes: urlset(...pages.map(shop)) };
    for (const path of pages) rig.web[shop(path)] = html(path);
    const process = rig.start();
    const url = order.kind === "crawl" ? shop("") : shop("sitemap.xml");
    const { jobId } = await process.ingestion.page({ url, ...order }, rig.context());
    const all = async () =>
      (await process.ingestion.jobs({ limit: 100 }, rig.context())).items.filter((job) => job.kind === "page");
    return { rig, process, jobId, way, all };
  }

  it("of which pages are live already: those stay, the others are never read", async () => {
    const { rig, process, jobId, all } = await begun({ kind: "crawl" });
    await rig.clock.advance(3_500);
    expect(await cancel(rig, process, jobId)).toMatchObject({ state: "cancelled", kind: "crawl", document: null });
    const asked = rig.fetched.length;
    const live = (await all()).length;
    expect(live).toBeGreaterThanOrEqual(3);
    await rig.clock.advance(120_000);
    expect(rig.fetched).toHaveLength(asked);
    expect((await all()).map(({ state }) => state)).toEqual(Array.from({ length: live }, () => "live"));
    expect(await rig.uploads()).toEqual([]);
    expect(await cancel(rig, process, jobId)).toMatchObject({ state: "cancelled" });
    expect(process.reported).toEqual([]);
  });

  it("whose pages wait: they end with it, or alone when it is live", async () => {
    for (const early of [true, false]) {
      const { rig, process, jobId, way, all } = await begun({ kind: "sitemap" });
      rig.knowledge.beforeLive = () => way.opened;
      if (!early) await rig.clock.advance(2_000);
      const ended = process.ingestion.cancel(jobId, rig.context());
      if (!early) {
        await rig.clock.advance(2_000);
        way.open();
      }
      const { job, stopped } = await whileTimePasses(rig.clock, ended, 250);
      expect(stopped).toBe(true);
      expect(job.state).toBe(early ? "cancelled" : "live");
      await rig.clock.advance(60_000);
      const states = (await all()).map(({ state }) => state);
      const live = states.filter((state) => state === "live").length;
      expect(states.filter((state) => state === "cancelled")).toHaveLength(states.length - live);
      if (early) expect(live).toBe(0);
      else expect([states.length, live]).toEqual([12, 4]);
      expect(await cancel(rig, process, jobId)).toMatchObject({ state: job.state });
    }
  });

  it("that is live itself while all of its pages are yet to stop: they have not", async () => {
    const { rig, process, jobId, way, all } = await begun({ kind: "sitemap", limit: 3 });
    rig.knowledge.beforeLive = () => way.opened;
    await rig.clock.advance(2_000);
    expect(await ending(rig, process, jobId)).toMatchObject({ job: { state: "live" }, stopped: false });
    way.open();
    await rig.clock.advance(10_000);
    expect((await all()).map(({ state }) => state)).toEqual(["live", "live", "live"]);
    await expect(cancel(rig, process, jobId)).rejects.toMatchObject(over);
  });

  it("takes ten seconds for all pages together, and lets none begin meanwhile", async () => {
    const { rig, process, jobId, all } = await begun({ kind: "sitemap" });
    rig.knowledge.beforeLive = () => new Promise(() => {});
    rig.start();
    await rig.clock.advance(2_000);
    const from = rig.clock.now();
    expect(await ending(rig, process, jobId)).toMatchObject({ job: { state: "live" }, stopped: false });
    expect(rig.clock.now() - from).toBeLessThan(11_000);
    expect((await all()).filter(({ state }) => state === "indexed")).toHaveLength(8);
    expect((await all()).filter(({ state }) => state === "cancelled")).toHaveLength(4);
  });

  it("by a process that dies then: a page looks at what it came from before it is read", async () => {
    const { rig, process, jobId, all } = await begun({ kind: "sitemap" });
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.knowledge.beforeLive = () => opened;
    await rig.clock.advance(2_000);
    // As far as it came: the list is ended, and its pages are not.
    const record = (await rig.access.get("jobs", `job/${jobId}`, rig.context())).value;
    const value = { ...(record?.value as object), state: "cancelled", ending: true };
    await rig.access.commit(
      { id: "ended", writes: [{ kind: "put", collection: "jobs", key: `job/${jobId}`, value }] },
      rig.context(),
    );
    open();
    await rig.clock.advance(120_000);
    const states = (await all()).map(({ state }) => state);
    expect(states.filter((state) => state === "live")).toHaveLength(4);
    expect(states.filter((state) => state === "cancelled")).toHaveLength(8);
    expect(process.reported).toEqual([]);
  });

  it("a crawl that waits for its next request does not make it", async () => {
    const rig = ingestRig();
    rig.web[shop("robots.txt")] = { mediaType: "text/plain", bytes: "User-agent: *\nCrawl-delay: 30" };
    rig.web[shop("")] = html('<a href="a">x</a>');
    const process = rig.start();
    const { jobId } = await process.ingestion.page({ url: shop(""), kind: "crawl" }, rig.context());
    await rig.clock.advance(5_000);
    const from = rig.clock.now();
    expect(await cancel(rig, process, jobId)).toMatchObject({ state: "cancelled", done: 1 });
    expect(rig.clock.now() - from).toBeLessThan(2_000);
    expect(rig.fetched).toEqual([shop("robots.txt"), shop("")]);
  });
});

describe("with a real knowledge base", () => {
  it.each(["parsed", "embedded", "indexed"] as const)(
    "a document that is ended at `%s` leaves nothing, and the version before it answers",
    async (stopAt) => {
      const directory = mkdtempSync(join(tmpdir(), "understudy-cancel-"));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const reached = gate();
      const way = gate();
      let second = false;
      const stack = await openStack({
        directory,
        async onState(state) {
          if (!second || state !== stopAt) return;
          reached.open();
          await way.opened;
        },
      });
      const { ingestion, knowledge, context } = stack;
      const add = (hour: string) =>
        ingestion.file({ name: "hours.md", content: `# Hours\n\nThe shop opens at ${hour}.\n` }, context());
      const quotes = async () =>
        (await knowledge.search("When does the shop open?", { roles: "all" }, context())).passages.map(
          ({ quote }) => quote,
        );
      try {
        await ingestion.wait((await add("nine")).jobId, 20_000, context());
        second = true;
        const { jobId } = await add("ten");
        await reached.opened;
        const ended = ingestion.cancel(jobId, context()).catch((error: unknown) => error);
        const asked = async () => (await stack.access.get("jobs", `job/${jobId}`, context())).value?.value;
        await expect.poll(asked, { interval: 5, timeout: 20_000 }).toMatchObject({ ending: true });
        // What is committed after it is acknowledged after it: by then the end is known to whoever asked for it.
        await stack.access.commit(
          { id: "after", writes: [{ kind: "put", collection: "meta", key: "after", value: 1 }] },
          context(),
        );
        way.open();
        const isKept = stopAt === "indexed";
        expect(await ended).toMatchObject(isKept ? over : { job: { state: "cancelled" }, stopped: true });
        expect(await quotes()).toEqual([expect.stringContaining(isKept ? "ten" : "nine")]);
        expect(knowledge).toMatchObject({ documents: 1, chunks: 1 });
        // The next one comes as if that had never been.
        second = false;
        expect(await ingestion.wait((await add("noon")).jobId, 20_000, context())).toMatchObject({
          state: "live",
          document: { version: isKept ? 3 : 2 },
        });
        expect(await quotes()).toEqual([expect.stringContaining("noon")]);
        const uploads = async () => (await stack.access.list({ collection: "uploads", limit: 5 }, context())).value;
        await expect.poll(uploads, { interval: 5, timeout: 20_000 }).toEqual([]);
        expect(stack.reported).toEqual([]);
      } finally {
        await stack.close();
      }
    },
  );
});
