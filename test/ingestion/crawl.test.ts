import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { NewPage } from "../../src/ingestion/ingestion.ts";
import { createSites, fetcherFor, names } from "../retrieval/fetching/fetching.ts";
import { ingestRig } from "./ingest-rig.ts";

const sites = createSites();
const linksTo = (...hrefs: readonly string[]) => hrefs.map((href) => `<a href="${href}">x</a>`).join("");

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A real site on this machine: a text is the body of a page; what it does not have is 404. */
async function site(pages: Readonly<Record<string, string | Answer>>) {
  const answer = (response: ServerResponse, page: string | Answer | undefined) => {
    const {
      status = page === undefined ? 404 : 200,
      headers,
      body = "",
    } = typeof page === "string" ? { body: page } : (page ?? {});
    const inPort = (text: string) => text.replace("PORT", String(response.socket?.localPort));
    const all = Object.entries(headers ?? {}).map(([name, value]) => [name, inPort(value)]);
    response.writeHead(status, { "content-type": "text/html", ...Object.fromEntries(all) }).end(inPort(body));
  };
  const { port, asked } = await sites.http((request, response) => {
    const { host = "" } = request.headers;
    answer(response, pages[`${host.split(":")[0] ?? ""}${request.url ?? ""}`] ?? pages[request.url ?? ""]);
  });
  const at = (path: string) => `http://shop.example:${port}${path}`;
  const fetcher = fetcherFor(port, {
    allowPrivate: ["shop.example", "other.example"],
    lookup: names({ "shop.example": ["127.0.0.1"], "other.example": ["127.0.0.1"] }),
  });
  const rig = ingestRig({}, fetcher);
  const { ingestion } = rig.start();

  /** Crawls to the end; the paths of what was asked for and of what became a document, and all jobs. */
  async function crawl(order: Partial<NewPage> = {}, path = "/help/") {
    const { jobId } = await ingestion.page({ url: at(path), kind: "crawl", ...order }, rig.context());
    const job = await rig.ended(ingestion, jobId);
    const children = [];
    for (const child of job.children) children.push(await rig.ended(ingestion, child));
    const pathOf = (url: string) => url.slice(at("").length);
    return {
      job,
      children,
      asked: asked.map(({ url = "" }) => url),
      added: children.map(({ name }) => pathOf(name)),
      skipped: Object.fromEntries(job.skipped.map(({ url, detail }) => [pathOf(url), detail])),
    };
  }
  return { ...rig, at, crawl, asked, ingestion };
}

describe("a crawl", () => {
  it("reads the pages that links lead to below its start, breadth first, each once and each a document", async () => {
    const { crawl, at, knowledge, uploads } = await site({
      "/help/": linksTo("b", "a#top", "a", "/elsewhere", "/help/b?x=1", "http://other.example/help/", "picture.PNG"),
      "/help/a": linksTo("c", "b", "."),
      "/help/b": linksTo("d"),
      "/help/b?x=1": "<p>x",
      "/help/c": "<p>c",
      "/help/d": { headers: { "content-type": "application/pdf" }, body: "%PDF" },
      "/elsewhere": "<p>e",
    });
    const metadata = { Site: "shop" };
    const { job, added, asked, children } = await crawl({ metadata });
    const pages = ["/help/", "/help/b", "/help/a", "/help/b?x=1", "/help/d", "/help/c"];
    expect(added).toEqual(pages);
    // Nobody is asked twice: what was fetched for its links is what is read.
    expect(asked).toEqual(["/robots.txt", ...pages]);
    expect(job).toMatchObject({ kind: "crawl", name: at("/help/"), state: "live", total: 6, done: 6, document: null });
    expect(children.every(({ state, kind }) => state === "live" && kind === "page")).toBe(true);
    expect(knowledge.asked.map(({ document }) => document)).toEqual(
      expect.arrayContaining([
        { name: at("/help/c"), url: at("/help/c"), mediaType: "text/html", content: Buffer.from("<p>c"), metadata },
        {
          name: at("/help/d"),
          url: at("/help/d"),
          mediaType: "application/pdf",
          content: Buffer.from("%PDF"),
          metadata,
        },
      ]),
    );
    expect(knowledge.asked).toHaveLength(6);
    expect(await uploads()).toEqual([]);
  });

  it("asks for one page at a time, a second apart, or as far apart as the site wants", async () => {
    const robots = (delay: number) => `User-agent: *\nCrawl-delay: ${delay}`;
    for (const [delay, pauseMs] of [
      [0, 1_000],
      [7, 7_000],
      [86_400, 30_000],
    ] as const) {
      const { clock, start, context, ended, web, beforeFetch } = ingestRig();
      const { ingestion } = start();
      const shop = "https://shop.example/";
      web[`${shop}robots.txt`] = { mediaType: "text/plain", bytes: robots(delay) };
      web[shop] = { mediaType: "text/html", bytes: linksTo("a", "b") };
      for (const path of ["a", "b"]) web[shop + path] = { mediaType: "text/html", bytes: path };
      const times: number[] = [];
      let running = 0;
      beforeFetch.hear = async () => {
        times.push(clock.now());
        running += 1;
        expect(running).toBe(1);
        await new Promise<void>((resolve) => void clock.after(100, resolve));
        running -= 1;
      };
      await ended(ingestion, (await ingestion.page({ url: shop, kind: "crawl" }, context())).jobId);
      const apart = times.slice(1).map((time, at) => time - (times[at] ?? 0));
      expect(apart).toEqual([100, 100 + pauseMs, 100 + pauseMs]);
    }
  });

  it("goes no further than so many pages and so many links", async () => {
    const chain = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`/help/${n}`, linksTo(`${n + 1}`)]));
    const pages = { "/help/": linksTo("1", "x", "y"), "/help/x": "x", "/help/y": "y", ...chain };
    expect((await (await site(pages)).crawl({ limit: 2 })).asked).toEqual(["/robots.txt", "/help/", "/help/1"]);
    expect((await (await site(pages)).crawl({ depth: 0 })).added).toEqual(["/help/"]);
    expect((await (await site(pages)).crawl({ depth: 2 })).added).toEqual([
      "/help/",
      "/help/1",
      "/help/x",
      "/help/y",
      "/help/2",
    ]);
    const usual = await (await site(pages)).crawl();
    expect(usual.added.at(-1)).toBe("/help/3");
  });

  it("may go anywhere on the site", async () => {
    const pages = { "/help/": linksTo("/", "//other.example/x"), "/": linksTo("/shop/a"), "/shop/a": "a" };
    expect((await (await site(pages)).crawl({ within: "site" })).added).toEqual(["/help/", "/", "/shop/a"]);
    expect((await (await site(pages)).crawl()).added).toEqual(["/help/"]);
  });

  it("obeys robots.txt, also where redirects lead", async () => {
    const { crawl } = await site({
      "/robots.txt":
        "User-agent: otherbot\nDisallow: /\nUser-agent: understudy\nDisallow: /help/secret\nAllow: /help/secret/open",
      "/help/": linksTo("secret/a", "secret/open", "moved", "b"),
      "/help/moved": { status: 302, headers: { location: "/help/secret/a" } },
      "/help/secret/a": "secret",
      "/help/secret/open": "open",
      "/help/b": "b",
    });
    const { added, asked, skipped } = await crawl();
    expect(added).toEqual(["/help/", "/help/secret/open", "/help/b"]);
    expect(asked).not.toContain("/help/secret/a");
    const detail = "The address is not to be read by programs, as the robots.txt of its site says.";
    expect(skipped).toEqual({ "/help/secret/a": detail, "/help/moved": detail });
  });

  it("takes up no link that robots.txt forbids, and writes nothing down for one", async () => {
    const { access, start, context, ended, web, fetched, clock } = ingestRig();
    const shop = "https://shop.example/";
    const secret = Array.from({ length: 400 }, (_, n) => `secret/${"x".repeat(1_500)}${n}`);
    const pages = ["a", "b", "c", "d", "e", "f"];
    const robots = (...paths: readonly string[]) => ({
      mediaType: "text/plain",
      bytes: `User-agent: *\n${paths.map((path) => `Disallow: ${path}\n`).join("")}`,
    });
    web[`${shop}robots.txt`] = robots("/secret");
    web[shop] = { mediaType: "text/html", bytes: linksTo(...secret, ...pages) };
    const canonical = `<link rel="canonical" href="/secret/b">${linksTo(...secret)}`;
    for (const path of pages) web[shop + path] = { mediaType: "text/html", bytes: canonical };
    const first = start();
    const { jobId } = await first.ingestion.page({ url: shop, kind: "crawl" }, context());
    while ((await first.ingestion.job(jobId, context())).done < 3) await clock.advance(100);
    first.worker.kill();
    web[`${shop}robots.txt`] = robots("/secret", "/c", "/d", "/e");
    let saved = 0;
    const second = start({
      ...access,
      async commit(operation, given) {
        const [write] = operation.writes;
        if (write?.kind === "put" && write.key === `${jobId}/00000`) saved += 1;
        return access.commit(operation, given);
      },
    });
    const { skipped, children } = await ended(second.ingestion, jobId);
    expect(children).toHaveLength(4);
    // The process that was killed may have asked for one more.
    expect(fetched).not.toContain(`${shop}d`);
    expect(fetched.at(-1)).toBe(`${shop}f`);
    expect(saved).toBe(1);
    expect(skipped).toHaveLength(50);
    expect(new Set(skipped.map(({ url }) => url)).size).toBe(50);
    expect(skipped[0]?.detail).toContain("robots.txt");
  });

  it.each([
    ["is not there", { status: 404 }, true],
    ["may not be seen", { status: 403 }, true],
    ["is of any type", { headers: { "content-type": "image/png" }, body: "User-agent: *\nDisallow: /x" }, true],
    ["leads to itself", { status: 301, headers: { location: "/robots.txt" } }, false],
    ["is a failure", { status: 503 }, false],
  ])("where robots.txt %s reads the site: %s", async (_what, robots, reads) => {
    const { crawl } = await site({ "/robots.txt": robots, "/help/": "x" });
    const { job, asked } = await crawl();
    expect(asked.includes("/help/")).toBe(reads);
    if (reads) expect(job.state).toBe("live");
    else
      expect(job).toMatchObject({
        state: "failed",
        failure: { code: "url_refused", detail: expect.stringContaining("nothing is crawled") },
      });
  });

  it("does as pages say: not kept, not followed, known by another address", async () => {
    const { crawl } = await site({
      "/help/": linksTo("noindex", "nofollow", "header", "print", "foreign", "twin"),
      "/help/noindex": `<meta name="robots" content="noindex">${linksTo("behind")}`,
      "/help/nofollow": `<meta name="robots" content="nofollow">${linksTo("hidden")}`,
      "/help/header": { headers: { "x-robots-tag": "none" }, body: linksTo("hidden") },
      "/help/print": `<link rel="canonical" href="/help/real#x">${linksTo("behind")}`,
      "/help/twin": '<link rel="canonical" href="/help/real">',
      "/help/real": '<link rel="canonical" href="/help/real">real',
      "/help/foreign": '<link rel="canonical" href="http://other.example/help/foreign">foreign',
      "/help/behind": "behind",
      "/help/hidden": "hidden",
    });
    const { added, asked, skipped } = await crawl();
    expect(added).toEqual(["/help/", "/help/nofollow", "/help/foreign", "/help/behind", "/help/real"]);
    expect(asked).not.toContain("/help/hidden");
    expect(new Set(asked).size).toBe(asked.length);
    const detail = "The page asks not to be kept (noindex).";
    expect(skipped).toEqual({ "/help/noindex": detail, "/help/header": detail });
  });

  it("keeps a page whose other address leads back to it", async () => {
    const moved = (location: string) => ({ status: 301, headers: { location } });
    const canonical = (href: string) => `<link rel="canonical" href="${href}">`;
    const { crawl } = await site({
      "/help/": linksTo("a", "c", "e", "gone"),
      // Its redirect leads to a page that names the address it came from.
      "/help/a": moved("b"),
      "/help/b": canonical("a"),
      // Two name each other.
      "/help/c": canonical("d"),
      "/help/d": canonical("c"),
      // The address that it names leads back to it.
      "/help/e": canonical("f"),
      "/help/f": moved("e"),
    });
    const { added, skipped } = await crawl();
    expect(added).toEqual(["/help/", "/help/b", "/help/d", "/help/e"]);
    expect(Object.keys(skipped)).toEqual(["/help/gone"]);
  });

  it("begins where the start page leads, and takes a page that several addresses lead to once", async () => {
    const moved = (location: string) => ({ status: 301, headers: { location } });
    const { crawl, asked } = await site({
      "/start": moved("/help/index.html"),
      "/help/index.html": linksTo("old", "new", "older", "/start", "out"),
      "/help/old": moved("new"),
      "/help/older": moved("new"),
      "/help/out": moved("/elsewhere"),
      "/help/new": "new",
      "/elsewhere": "x",
    });
    const { added, skipped } = await crawl({}, "/start");
    expect(added).toEqual(["/help/index.html", "/help/new"]);
    expect(asked.map(({ url }) => url)).not.toContain("/elsewhere");
    expect(skipped).toEqual({
      "/help/out": expect.stringMatching(/^The address leads out of http:\/\/shop\.example:\d+\/help\/\.$/),
    });
  });

  it("goes to no address by a redirect that is too long for a link", async () => {
    const to = (length: number) => `/help/${"x".repeat(length)}`;
    const { crawl } = await site({
      "/help/": linksTo("a", "b"),
      "/help/a": { status: 302, headers: { location: to(1_900) } },
      "/help/b": { status: 302, headers: { location: to(2_000) } },
      [to(1_900)]: "a",
      [to(2_000)]: "b",
    });
    const { added, skipped } = await crawl();
    expect(added).toEqual(["/help/", to(1_900)]);
    expect(skipped).toEqual({ "/help/b": "The address leads to one of more than 2000 characters." });
  });

  it.each([
    ["User-agent: *\nDisallow: /b", ["/help/", "/help/a"]],
    ["User-agent: *\nDisallow: /", []],
  ])("goes by the robots.txt of the site that the start page leads to: %j", async (robots, paths) => {
    const { crawl, asked } = await site({
      "/help/": { status: 301, headers: { location: "http://other.example:PORT/help/" } },
      "other.example/robots.txt": robots,
      "other.example/help/": linksTo("a", "/b", "http://shop.example:PORT/help/c"),
      "other.example/help/a": "a",
    });
    const { job } = await crawl({ within: "site" });
    expect(job.skipped.map(({ url }) => new URL(url).pathname)).toEqual(paths.length > 0 ? ["/b"] : []);
    const seen = asked.map(({ headers, url = "" }) => `${headers.host?.split(".")[0] ?? ""}${url}`);
    const begin = ["shop/robots.txt", "shop/help/", "other/help/", "other/robots.txt"];
    expect(seen).toEqual([...begin, ...paths.slice(1).map((path) => `other${path}`)]);
    if (paths.length > 0) expect(job).toMatchObject({ state: "live", done: 2 });
    else expect(job).toMatchObject({ state: "failed", failure: { code: "url_refused" } });
  });

  it("goes on without the pages that cannot be read", async () => {
    const { crawl, knowledge } = await site({
      "/help/": linksTo("gone", "broken", "picture", "bad", "good"),
      "/help/broken": { status: 500 },
      "/help/picture": { headers: { "content-type": "image/png" } },
      "/help/bad": "bad",
      "/help/good": "good",
    });
    knowledge.beforeLive = async (name) => {
      if (name.endsWith("/bad")) throw new TypeError("a defect");
    };
    const { job, children, skipped } = await crawl();
    expect(job).toMatchObject({ state: "live", done: 3 });
    expect(children.map(({ state }) => state)).toEqual(["live", "failed", "live"]);
    expect(Object.keys(skipped)).toEqual(["/help/gone", "/help/broken", "/help/picture"]);
    expect(skipped["/help/broken"]).toBe("The address answers with the status 500.");
  });

  it("leaves a site alone that is unwell five times in a row", async () => {
    const paths = Array.from({ length: 12 }, (_, n) => `p${n}`);
    const pages = Object.fromEntries(
      paths.map((path, n) => [`/help/${path}`, n === 3 ? "well" : { status: n % 2 === 0 ? 503 : 429 }]),
    );
    const { asked, added } = await (await site({ "/help/": linksTo(...paths), ...pages })).crawl();
    expect(added).toEqual(["/help/", "/help/p3"]);
    expect(asked.at(-1)).toBe("/help/p8");
  });

  it("asks three times as often as there may be pages, at most", async () => {
    const paths = Array.from({ length: 20 }, (_, n) => `p${n}`);
    const { asked, job } = await (await site({ "/help/": linksTo(...paths) })).crawl({ limit: 3 });
    expect(asked).toHaveLength(1 + 9);
    expect(job).toMatchObject({ state: "live", total: 1, done: 1 });
  });

  it.each([
    ["is not there", {}, "url_refused", "status 404"],
    [
      "is not to be read",
      { "/robots.txt": "User-agent: *\nDisallow: /help", "/help/": "x" },
      "url_refused",
      "robots.txt",
    ],
    [
      "is not to be kept, and leads nowhere",
      { "/help/": '<meta name="robots" content="noindex">' },
      "document_unreadable",
      "noindex",
    ],
  ])("whose start %s fails with that reason", async (_what, pages, code, detail) => {
    const { job } = await (await site(pages)).crawl();
    expect(job).toMatchObject({
      state: "failed",
      failure: { code, detail: expect.stringContaining(detail) },
      children: [],
    });
  });

  it("tells how far it is, page by page", async () => {
    const { ingestion, context, at, ended } = await site({
      "/help/": linksTo("a", "b"),
      "/help/a": linksTo("c"),
      "/help/b": "b",
      "/help/c": "c",
    });
    const { jobId } = await ingestion.page({ url: at("/help/"), kind: "crawl" }, context());
    const heard: (readonly [string, number | null, number, number])[] = [];
    ingestion.watch(
      jobId,
      ({ state, total, done, children }) => void heard.push([state, total, done, children.length]),
    );
    await ended(ingestion, jobId);
    expect(heard).toEqual([
      ["received", null, 0, 0],
      ["parsed", 3, 1, 1],
      ["parsed", 4, 2, 2],
      ["parsed", 4, 3, 3],
      ["parsed", 4, 4, 4],
      ["live", 4, 4, 4],
    ]);
  });
});

describe("a crawl that is cut off", () => {
  const shop = (path: string) => `https://shop.example/help/${path}`;
  const paths = ["a", "b", "c", "d"];

  it("makes no page twice, wherever that is, and asks for one page again at most", async () => {
    let whole = 0;
    for (let writes = 1; writes < 60; writes += 1) {
      const { access, clock, start, context, ended, web, knowledge, fetched, uploads } = ingestRig();
      web[shop("")] = { mediaType: "text/html", bytes: linksTo(...paths) };
      for (const path of paths) web[shop(path)] = { mediaType: "text/html", bytes: path };
      let left = writes;
      const first = start({
        ...access,
        async commit(operation, given) {
          left -= 1;
          if (left === 0) first.worker.kill();
          return access.commit(operation, given);
        },
      });
      let jobId: string | undefined;
      void first.ingestion.page({ url: shop(""), kind: "crawl" }, context()).then((job) => {
        if (!first.worker.killed.aborted) ({ jobId } = job);
      });
      await clock.advance(30_000);
      first.worker.kill();
      const second = start();
      if (jobId === undefined) continue;
      const { state, children, done } = await ended(second.ingestion, jobId);
      expect({ state, done, children: new Set(children).size }).toEqual({ state: "live", done: 5, children: 5 });
      for (const child of children) expect(await ended(second.ingestion, child)).toMatchObject({ state: "live" });
      const all = await second.ingestion.jobs({ limit: 100 }, context());
      expect(all.items).toHaveLength(6);
      expect(new Set(knowledge.asked.map(({ document }) => document.name)).size).toBe(5);
      const pages = fetched.filter((url) => !url.endsWith("/robots.txt"));
      expect(pages.length).toBeLessThanOrEqual(6);
      expect(await uploads()).toEqual([]);
      whole += 1;
    }
    expect(whole).toBeGreaterThan(30);
  });

  it("asks the page itself again when what was fetched of it is lost", async () => {
    const { access, start, context, ended, web, fetched, clock } = ingestRig();
    const { ingestion } = start({
      ...access,
      async commit(operation, given) {
        const [write] = operation.writes;
        const isPage = write?.kind === "put" && write.collection === "uploads" && write.key.includes(".");
        return isPage ? { value: { status: "applied" }, by: "embedded" } : access.commit(operation, given);
      },
    });
    web[shop("")] = { mediaType: "text/html", bytes: "x" };
    const { jobId } = await ingestion.page({ url: shop(""), kind: "crawl" }, context());
    const { children } = await ended(ingestion, jobId);
    expect(await ended(ingestion, children[0] ?? "")).toMatchObject({ state: "live" });
    expect(fetched.filter((url) => url === shop(""))).toHaveLength(2);
    expect(clock.now()).toBeLessThan(60_000);
  });
});

describe("several crawls", () => {
  const start = (host: string) => `https://${host}.example/`;

  it("ask a host one after the other, and leave room for documents", async () => {
    const rig = ingestRig();
    const { ingestion } = rig.start();
    for (const host of ["one", "two", "three"]) {
      rig.web[start(host)] = { mediaType: "text/html", bytes: linksTo("a", "b") };
      for (const path of ["a", "b"]) rig.web[start(host) + path] = { mediaType: "text/html", bytes: path };
    }
    const begin = async (host: string) =>
      (await ingestion.page({ url: start(host), kind: "crawl" }, rig.context())).jobId;
    const jobs = [await begin("one"), await begin("one"), await begin("two"), await begin("three")];
    const { jobId } = await ingestion.file({ name: "a.md", content: "x" }, rig.context());
    expect(await rig.ended(ingestion, jobId)).toMatchObject({ state: "live" });
    const hosts = new Set(rig.fetched.map((url) => new URL(url).host));
    expect(hosts).toEqual(new Set(["one.example", "two.example"]));
    for (const job of jobs) expect(await rig.ended(ingestion, job)).toMatchObject({ state: "live", done: 3 });
    const ones = rig.fetched.filter((url) => url.startsWith(start("one"))).map((url) => new URL(url).pathname);
    expect(ones).toEqual(["/robots.txt", "/", "/a", "/b", "/robots.txt", "/", "/a", "/b"]);
  });
});

describe("two crawls of one host", () => {
  it.each(["https://old.example/", "https://one.example:8443/"])("are never at once: of %s", async (other) => {
    const asked: string[] = [];
    const page = (url: string, bytes: string) => ({ url, mediaType: "text/html", bytes: Buffer.from(bytes) });
    const rig = ingestRig(
      {},
      {
        async fetch(url) {
          const { pathname, hostname } = new URL(url);
          asked.push(url);
          if (pathname === "/robots.txt") return { ...page(url, ""), mediaType: "text/plain" };
          if (hostname === "old.example") return page("https://one.example/", linksTo("a", "b"));
          return page(url, pathname === "/" ? linksTo("a", "b") : pathname);
        },
      },
    );
    const { ingestion } = rig.start();
    const begin = async (url: string) => (await ingestion.page({ url, kind: "crawl" }, rig.context())).jobId;
    const jobs = [await begin("https://one.example/"), await begin(other)];
    for (const job of jobs) expect(await rig.ended(ingestion, job)).toMatchObject({ state: "live", done: 3 });
    const paths = asked.map((url) => new URL(url).pathname).filter((path) => path.length === 2);
    expect(paths).toEqual(["/a", "/b", "/a", "/b"]);
    expect(asked.filter((url) => url === "https://old.example/").length).toBeLessThan(2);
  });
});

describe("the bounds of a crawl", () => {
  it.each([
    ["depth", -1],
    ["depth", 11],
    ["depth", 1.5],
    ["limit", 0],
    ["limit", 1_001],
  ])("%s is not %s", async (field, value) => {
    const { start, context } = ingestRig();
    const asked = start().ingestion.page({ url: "https://shop.example/", kind: "crawl", [field]: value }, context());
    await expect(asked).rejects.toMatchObject({
      code: "invalid_request",
      field,
      message: expect.stringContaining(String(value)),
    });
  });

  it("are kept small however many links a page has", async () => {
    const { start, context, ended, web, access, fetched } = ingestRig();
    const { ingestion } = start();
    // What cannot be packed well.
    const word = (n: number, m: number) => createHash("sha512").update(`${n}/${m}`).digest("hex");
    const long = (n: number) => `https://shop.example/${Array.from({ length: 12 }, (_, m) => word(n, m)).join("")}`;
    web["https://shop.example/"] = {
      mediaType: "text/html",
      bytes: linksTo(...Array.from({ length: 400 }, (_, n) => long(n))),
    };
    const { jobId } = await ingestion.page({ url: "https://shop.example/", kind: "crawl", limit: 1_000 }, context());
    const sizes: number[] = [];
    const look = async () => {
      const { value } = await access.get("uploads", `${jobId}/00000`, context());
      sizes.push(JSON.stringify(value?.value ?? "").length);
    };
    ingestion.watch(jobId, () => void look());
    expect(await ended(ingestion, jobId)).toMatchObject({ state: "live", done: 1 });
    expect(Math.max(...sizes)).toBeLessThan(512_000);
    // About 250,000 characters of addresses were looked at, and no more.
    expect(fetched).toHaveLength(2 + 160);
  });
});
