import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ingestRig } from "./ingest-rig.ts";

const html = { mediaType: "text/html", bytes: "<h1>A</h1>" };
const urlset = (...urls: readonly string[]) =>
  `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join("")}</urlset>`;
const shop = (path: string) => `https://shop.example/${path}`;

describe("a page", () => {
  it("is fetched in the background, and known by its address without the fragment", async () => {
    const { start, context, ended, web, knowledge, fetched } = ingestRig();
    const { ingestion } = start();
    web[shop("help?a=1")] = html;
    const facts = { audience: ["user"], metadata: { lang: "en" } };
    const job = await ingestion.page({ url: "HTTPS://shop.example:443/help?a=1#top", ...facts }, context());
    expect(job).toMatchObject({ kind: "page", name: shop("help?a=1"), state: "received" });
    expect(fetched).toEqual([]);
    const page = { name: shop("help?a=1"), url: shop("help?a=1"), ...facts };
    expect(await ended(ingestion, job.jobId)).toMatchObject({ state: "live", document: page });
    expect(knowledge.asked[0]).toMatchObject({
      document: { ...page, mediaType: "text/html", content: Buffer.from("<h1>A</h1>") },
      options: { reservation: { name: page.name } },
    });
  });

  it("is text in the charset that its server names, if there is such a one", async () => {
    const { start, context, ended, web, knowledge } = ingestRig();
    const { ingestion } = start();
    const bytes = Buffer.from([0xc4, 0xe3, 0xba, 0xc3]);
    web[shop("a")] = { mediaType: "text/html", charset: "gb2312", bytes };
    web[shop("b")] = { mediaType: "text/html", charset: "klingon", bytes };
    web[shop("c")] = { mediaType: "application/pdf", charset: "utf-8", bytes };
    web[shop("d")] = { mediaType: "application/epub+zip", bytes };
    for (const path of ["a", "b", "c", "d"]) {
      await ended(ingestion, (await ingestion.page({ url: shop(path) }, context())).jobId);
    }
    expect(knowledge.asked.map(({ document }) => document.content)).toEqual(["你好", bytes, bytes, bytes]);
  });

  it("that is refused fails with that reason", async () => {
    const { start, context, ended } = ingestRig();
    const { ingestion } = start();
    const { jobId } = await ingestion.page({ url: shop("gone") }, context());
    expect(await ended(ingestion, jobId)).toMatchObject({
      state: "failed",
      failure: { code: "url_refused", detail: "https://shop.example/gone answers with 404." },
    });
  });

  it.each([
    ["no address", "shop.example/help", "is not an address"],
    ["another protocol", "file:///etc/passwd", '"file:" is not read'],
    ["a password", "https://me:secret-word@shop.example/", "a name or a password"],
    ["too many characters", `https://shop.example/${"x".repeat(2_000)}`, "at most 2000 characters"],
  ])("with %s is not received", async (_what, url, detail) => {
    const { start, context } = ingestRig();
    const refused = await start()
      .ingestion.page({ url }, context())
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "invalid_request", field: "url", message: expect.stringContaining(detail) });
    expect(String(refused)).not.toContain("secret-word");
  });

  it.each([0, 1.5, 1_001])("of a sitemap is not one of %s", async (limit) => {
    const { start, context } = ingestRig();
    const asked = start().ingestion.page({ url: shop("sitemap.xml"), kind: "sitemap", limit }, context());
    await expect(asked).rejects.toMatchObject({ code: "invalid_request", field: "limit" });
  });
});

describe("a sitemap", () => {
  it("makes a job of each page, at most so many, with what was said of all", async () => {
    const { start, context, ended, web, knowledge } = ingestRig();
    const { ingestion } = start();
    const paths = Array.from({ length: 60 }, (_, n) => `p${n}`);
    const listed = paths.map(shop);
    web[shop("sitemap.xml")] = { mediaType: "application/xml", bytes: urlset(...listed, ...listed) };
    for (const path of paths.slice(1)) web[shop(path)] = html;
    const metadata = { Site: "shop" };
    const { jobId } = await ingestion.page(
      { url: shop("sitemap.xml"), kind: "sitemap", limit: 55, metadata },
      context(),
    );
    const sitemap = await ended(ingestion, jobId);
    expect(sitemap).toMatchObject({ kind: "sitemap", state: "live", total: 55, done: 55, document: null });
    expect(new Set(sitemap.children).size).toBe(55);
    const pages = [];
    for (const child of sitemap.children) pages.push(await ended(ingestion, child));
    expect(pages.map(({ name }) => name)).toEqual(listed.slice(0, 55));
    expect(pages[0]).toMatchObject({ state: "failed", failure: { code: "url_refused" } });
    expect(pages.slice(1).every(({ state }) => state === "live")).toBe(true);
    expect(knowledge.asked.every(({ document }) => document.metadata?.["Site"] === "shop")).toBe(true);
  });

  it("may list sitemaps, packed or not", async () => {
    const { start, context, ended, web } = ingestRig();
    const { ingestion } = start();
    web[shop("index.xml")] = {
      mediaType: "text/xml",
      bytes: `<sitemapindex>${["one.xml", "two.xml.gz"].map((path) => `<sitemap><loc>${shop(path)}</loc></sitemap>`).join("")}</sitemapindex>`,
    };
    web[shop("one.xml")] = { mediaType: "application/xml", bytes: urlset(shop("a"), shop("b")) };
    web[shop("two.xml.gz")] = { mediaType: "application/gzip", bytes: gzipSync(urlset(shop("b"), shop("c"))) };
    const { jobId } = await ingestion.page({ url: shop("index.xml"), kind: "sitemap" }, context());
    const { children, state } = await ended(ingestion, jobId);
    expect({ state, pages: children.length }).toEqual({ state: "live", pages: 3 });
  });

  it("of an index that cannot be read is skipped, and named with its reason", async () => {
    const { start, context, ended, web } = ingestRig();
    const { ingestion } = start();
    const list = (...paths: readonly string[]) => ({
      mediaType: "text/xml",
      bytes: `<sitemapindex>${paths.map((path) => `<sitemap><loc>${shop(path)}</loc></sitemap>`).join("")}</sitemapindex>`,
    });
    web[shop("index.xml")] = list("gone.xml", "one.xml", "page.xml");
    web[shop("lost.xml")] = list("gone.xml", "page.xml");
    web[shop("one.xml")] = { mediaType: "text/xml", bytes: urlset(shop("a")) };
    web[shop("page.xml")] = html;
    const some = await ingestion.page({ url: shop("index.xml"), kind: "sitemap" }, context());
    expect(await ended(ingestion, some.jobId)).toMatchObject({
      state: "live",
      total: 1,
      children: [expect.any(String)],
      skipped: [
        { url: shop("gone.xml"), detail: `${shop("gone.xml")} answers with 404.` },
        { url: shop("page.xml"), detail: `${shop("page.xml")} is text/html.` },
      ],
    });
    const none = await ingestion.page({ url: shop("lost.xml"), kind: "sitemap" }, context());
    expect(await ended(ingestion, none.jobId)).toMatchObject({
      state: "failed",
      failure: {
        code: "document_unreadable",
        detail: expect.stringContaining(`${shop("gone.xml")} answers with 404.`),
      },
    });
  });

  it.each([
    ["is not there", undefined, "url_refused"],
    ["is a page", { mediaType: "text/html", bytes: "<p>" }, "url_refused"],
    ["lists nothing", { mediaType: "text/xml", bytes: "<urlset></urlset>" }, "document_unreadable"],
    ["is no sitemap", { mediaType: "text/plain", bytes: "hello" }, "url_refused"],
  ])("that %s fails with a reason", async (_what, page, code) => {
    const { start, context, ended, web } = ingestRig();
    const { ingestion } = start();
    if (page) web[shop("sitemap.xml")] = page;
    const { jobId } = await ingestion.page({ url: shop("sitemap.xml"), kind: "sitemap" }, context());
    expect(await ended(ingestion, jobId)).toMatchObject({ state: "failed", failure: { code }, children: [] });
  });

  it("makes no page twice, wherever it is cut off", async () => {
    const paths = Array.from({ length: 5 }, (_, n) => `p${n}`);
    for (let writes = 1; writes < 40; writes += 1) {
      const { access, clock, start, context, ended, web, knowledge } = ingestRig();
      web[shop("sitemap.xml")] = { mediaType: "text/xml", bytes: urlset(...paths.map(shop)) };
      for (const path of paths) web[shop(path)] = html;
      let left = writes;
      const first = start({
        ...access,
        async commit(operation, given) {
          left -= 1;
          if (left === 0) first.worker.kill();
          return access.commit(operation, given);
        },
      });
      const asked = first.ingestion.page({ url: shop("sitemap.xml"), kind: "sitemap" }, context());
      const { jobId } = await Promise.race([
        asked,
        new Promise<{ jobId?: never }>((resolve) => setImmediate(resolve, {})),
      ]);
      await clock.advance(5_000);
      const second = start();
      if (jobId === undefined) continue;
      const { state, children } = await ended(second.ingestion, jobId);
      expect({ state, children: new Set(children).size }).toEqual({ state: "live", children: 5 });
      for (const child of children) expect(await ended(second.ingestion, child)).toMatchObject({ state: "live" });
      const all = await second.ingestion.jobs({ limit: 100 }, context());
      expect(all.items).toHaveLength(6);
      expect(new Set(knowledge.asked.map(({ document }) => document.name)).size).toBe(5);
    }
  });
});
