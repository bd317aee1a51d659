import { describe, expect, it, vi } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { Problem } from "../../src/problems.ts";
import { documentNamed } from "../ingestion/ingest-rig.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { documentsPath, form, type Json, knowledgePath, knowledgeServer } from "./knowledge-rig.ts";
import { gate, postJson, sendRaw } from "./test-server.ts";

const urlsPath = `${knowledgePath}/urls`;
const states = ({ jobs }: Json) => jobs?.map(({ name, state }) => [name, state]);

describe("adding documents", () => {
  it("takes several files, bytes as they are, without paths, and answers when all are live", async () => {
    const { call, knowledge } = await knowledgeServer();
    const bytes = new Uint8Array([0x25, 0x50, 0xff, 0x00, 0xfe]);
    const files = [
      ["退货政策.md", "# 退货\n30 天"],
      ["../../etc/passwd.txt", "x"],
      ["a.pdf", bytes],
    ] as const;
    const { status, json } = await call("POST", documentsPath, form(files));
    expect(status).toBe(201);
    expect(states(json)).toEqual([
      ["退货政策.md", "live"],
      ["passwd.txt", "live"],
      ["a.pdf", "live"],
    ]);
    const added = new Map(knowledge.asked.map(({ document }) => [document.name, document.content]));
    expect(added).toEqual(
      new Map([
        ["退货政策.md", Buffer.from("# 退货\n30 天")],
        ["passwd.txt", Buffer.from("x")],
        ["a.pdf", Buffer.from(bytes)],
      ]),
    );
    const { similar, documentId, addedAt, ...same } = documentNamed("passwd.txt");
    expect(json).toMatchObject({
      documents: [{}, { ...same, similar, document_id: documentId, added_at: addedAt }, {}],
      failed: [],
    });
  });

  it("takes roles and metadata of all files, as fields", async () => {
    const { call, knowledge } = await knowledgeServer();
    const fields = [
      ["audience", "agent, admin"],
      ["audience", "operator"],
      ["metadata", '{"Team":"north"}'],
    ] as const;
    expect(
      (
        await call(
          "POST",
          documentsPath,
          form(
            [
              ["a.md", "x"],
              ["b.md", "y"],
            ],
            fields,
          ),
        )
      ).status,
    ).toBe(201);
    const facts = { audience: ["agent", "admin", "operator"], metadata: { Team: "north" } };
    for (const { document } of knowledge.asked) expect(document).toMatchObject(facts);
    const open = await call("POST", documentsPath, form([["c.md", "x"]], [["audience", ""]]));
    expect(open.json).toMatchObject({ documents: [{ audience: [] }] });
  });

  it("takes one document as JSON", async () => {
    const { call, knowledge } = await knowledgeServer();
    const facts = { audience: ["user"], metadata: { lang: "中文" } };
    const { status, json } = await call("POST", documentsPath, { name: "a.md", content: "# 甲", ...facts });
    expect([status, states(json)]).toEqual([201, [["a.md", "live"]]]);
    expect(knowledge.asked[0]?.document).toEqual({ name: "a.md", content: "# 甲", ...facts });
  });

  it("gives a broken one its own reason and takes the rest", async () => {
    const { call } = await knowledgeServer();
    const { status, json } = await call(
      "POST",
      documentsPath,
      form([
        ["bad.md", ""],
        ["a.exe", "x"],
        ["good.md", "# Good"],
      ]),
    );
    expect(status).toBe(201);
    expect(json).toMatchObject({
      documents: [{ name: "good.md" }],
      failed: [
        { name: "a.exe", code: "unsupported_media_type" },
        { name: "bad.md", code: "document_unreadable", detail: "bad.md is empty." },
      ],
    });
    expect(states(json)).toEqual([
      ["bad.md", "failed"],
      ["good.md", "live"],
    ]);
  });

  it("shows of two with one name the one that is live, which is the later", async () => {
    const { call, clock, knowledge } = await knowledgeServer();
    const files = form([
      ["a.md", "one"],
      ["b.md", "x"],
      ["a.md", "two"],
    ]);
    const { status, json } = await whileTimePasses(clock, call("POST", documentsPath, files), 500);
    expect(status).toBe(201);
    expect(states(json)).toEqual([
      ["a.md", "live"],
      ["b.md", "live"],
      ["a.md", "live"],
    ]);
    expect(json).toMatchObject({ documents: [{ name: "a.md" }, { name: "b.md" }], failed: [] });
    expect(json["documents"]).toHaveLength(2);
    expect(knowledge.asked.map(({ document }) => document.name).sort()).toEqual(["a.md", "a.md", "b.md"]);
  });

  it("fails as the first one did when all fail, and gives every reason", async () => {
    const { call } = await knowledgeServer();
    expect(
      await call(
        "POST",
        documentsPath,
        form([
          ["bad1.md", ""],
          ["bad2.md", ""],
        ]),
      ),
    ).toMatchObject({
      status: 422,
      json: {
        code: "document_unreadable",
        errors: [
          { field: "bad1.md", detail: "bad1.md is empty." },
          { field: "bad2.md", detail: "bad2.md is empty." },
        ],
      },
    });
  });

  it("says 409 when something newer is in its place", async () => {
    const add = () => Promise.reject(new Problem("document_superseded", "a.md was deleted meanwhile."));
    const { call } = await knowledgeServer();
    const late = await knowledgeServer();
    late.knowledge.add = add;
    expect((await call("POST", documentsPath, { name: "a.md", content: "x" })).status).toBe(201);
    late.knowledge.beforeLive = add;
    expect(await late.call("POST", documentsPath, { name: "a.md", content: "x" })).toMatchObject({
      status: 409,
      json: { code: "document_superseded" },
    });
  });

  it("does not show what an outage said, and keeps nothing that it could not acknowledge", async () => {
    const reserve = () => Promise.reject(new LayerError("network", "db.internal refused"));
    const { call, uploads } = await knowledgeServer({ knowledge: {}, server: {} });
    expect((await call("POST", documentsPath, { name: "a.md", content: "x" })).status).toBe(201);
    const away = await knowledgeServer();
    away.knowledge.reserve = reserve;
    const { status, json } = await away.call("POST", documentsPath, form([["a.md", "x"]]));
    expect(status).toBe(503);
    expect(JSON.stringify(json)).not.toContain("db.internal");
    expect(away.log.lines.map(({ message }) => message)).toContain("not served");
    expect([...(await uploads()), ...(await away.uploads())]).toEqual([]);
  });

  it("answers 202 when they take longer than the wait, and they go on", async () => {
    const { call, knowledge, clock, process, context } = await knowledgeServer();
    const way = gate();
    knowledge.beforeLive = (name) => (name === "slow.md" ? way.opened : Promise.resolve());
    const files = form([
      ["slow.md", "x"],
      ["quick.md", "y"],
      ["bad.md", ""],
    ]);
    const now = await call("POST", `${documentsPath}?wait=0`, files);
    expect(now.status).toBe(202);
    const two = form([
      ["slow.md", "z"],
      ["quick.md", "y"],
    ]);
    const answer = await whileTimePasses(clock, call("POST", `${documentsPath}?wait=3`, two), 500);
    expect(answer.status).toBe(202);
    // Two of one name do not keep the others waiting.
    expect(answer.json).toMatchObject({ documents: [{ name: "quick.md" }], failed: [] });
    expect(states(answer.json)).toEqual([
      ["slow.md", "received"],
      ["quick.md", "live"],
    ]);
    way.open();
    for (const { job_id } of [...(now.json.jobs ?? []), ...(answer.json.jobs ?? [])]) {
      const job = await whileTimePasses(clock, process.ingestion.wait(job_id, 10_000, context()), 500);
      expect(job.state).toBe(job.name === "bad.md" ? "failed" : "live");
    }
  });

  it("tells whoever waits how far it is when the server goes away", async () => {
    const { call, knowledge, server } = await knowledgeServer();
    const way = gate();
    const reached = gate();
    knowledge.beforeLive = () => {
      reached.open();
      return way.opened;
    };
    const asked = call("POST", documentsPath, { name: "a.md", content: "x" });
    await reached.opened;
    // States are saved beside the work.
    await vi.waitFor(async () => {
      expect((await call("GET", "/api/v1/knowledge/jobs")).json).toMatchObject({ items: [{ state: "indexed" }] });
    });
    const closed = server.close(5_000);
    const { status, json } = await asked;
    expect([status, states(json)]).toEqual([202, [["a.md", "indexed"]]]);
    await closed;
    way.open();
  });

  it.each([
    ["nothing", form([]), 400, "invalid_request", "file"],
    ["21 files", form(Array.from({ length: 21 }, (_, n) => [`${n}.md`, "x"] as const)), 400, "invalid_request", "file"],
    ["one file that is too large", form([["a.md", "x".repeat(10_001)]]), 413, "payload_too_large", "file"],
    [
      "files that are too large together",
      form([
        ["a.md", "x".repeat(5_001)],
        ["b.md", "x".repeat(5_000)],
      ]),
      413,
      "payload_too_large",
      "file",
    ],
    ["a field that is not known", form([["a.md", "x"]], [["owner", "me"]]), 400, "invalid_request", "owner"],
    ["a role that is none", form([["a.md", "x"]], [["audience", "boss"]]), 400, "invalid_request", "audience.0"],
    ["metadata that is no JSON", form([["a.md", "x"]], [["metadata", "north"]]), 400, "invalid_request", "metadata"],
    ["metadata that is a list", form([["a.md", "x"]], [["metadata", "[]"]]), 400, "invalid_request", "metadata"],
    [
      "metadata with a key that would be lost",
      form([["a.md", "x"]], [["metadata", '{"a":"b","__proto__":"c"}']]),
      400,
      "invalid_request",
      "metadata",
    ],
    ["metadata of numbers", form([["a.md", "x"]], [["metadata", '{"a":1}']]), 400, "invalid_request", "metadata.a"],
    [
      "metadata twice",
      form(
        [["a.md", "x"]],
        [
          ["metadata", "{}"],
          ["metadata", "{}"],
        ],
      ),
      400,
      "invalid_request",
      "metadata",
    ],
    [
      "too many entries",
      form(
        [["a.md", "x"]],
        [["metadata", JSON.stringify(Object.fromEntries(Array.from({ length: 21 }, (_, n) => [n, "x"])))]],
      ),
      400,
      "invalid_request",
      "metadata",
    ],
    [
      "21 fields",
      form(
        [["a.md", "x"]],
        Array.from({ length: 21 }, () => ["audience", "user"] as const),
      ),
      400,
      "invalid_request",
      "body",
    ],
    [
      "a field that is too large",
      form([["a.md", "x"]], [["metadata", " ".repeat(64_001)]]),
      400,
      "invalid_request",
      "body",
    ],
    ["JSON without content", { name: "a.md" }, 400, "invalid_request", "content"],
    [
      "JSON with another role",
      { name: "a.md", content: "x", audience: ["boss"] },
      400,
      "invalid_request",
      "audience.0",
    ],
    ["JSON with a long name", { name: `${"x".repeat(200)}.md`, content: "x" }, 400, "invalid_request", "name"],
  ])("refuses %s", async (_name, body, status, code, field) => {
    const { call, uploads } = await knowledgeServer({ documentBytes: 10_000 });
    expect(await call("POST", documentsPath, body)).toMatchObject({ status, json: { code, field } });
    expect(await uploads()).toEqual([]);
  });

  it("takes files of exactly the limit together, and none above 20 MB", async () => {
    const { call } = await knowledgeServer({ documentBytes: 10_000 });
    const files = form([
      ["a.md", "x".repeat(5_000)],
      ["b.md", "x".repeat(5_000)],
    ]);
    expect((await call("POST", documentsPath, files)).status).toBe(201);
    const large = await knowledgeServer({ documentBytes: 40_000_000 });
    const refused = await large.call("POST", documentsPath, form([["a.md", new Uint8Array(20_000_001)]]));
    expect(refused).toMatchObject({ status: 413, json: { detail: expect.stringContaining('"a.md" is too large') } });
  });

  it("refuses a part with another name", async () => {
    const { call } = await knowledgeServer();
    const other = new FormData();
    other.append("attachment", new Blob(["x"]), "a.md");
    expect(await call("POST", documentsPath, other)).toMatchObject({ status: 400, json: { field: "file" } });
  });

  it.each([
    ["no boundary", "multipart/form-data", "x"],
    [
      "a cut form",
      "multipart/form-data; boundary=b",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nx',
    ],
    ["a part without a header", "multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n"],
    ["no form at all", "multipart/form-data; boundary=b", "hello"],
  ])("refuses %s and lives", async (_name, type, body) => {
    const { port, url } = await knowledgeServer();
    const answer = await sendRaw(
      port,
      `POST ${documentsPath} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"invalid_request"');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it("refuses other types, and no body", async () => {
    const { url, call } = await knowledgeServer();
    const text = await postJson(url + documentsPath, "# A", { "content-type": "text/markdown" });
    expect(text.status).toBe(415);
    expect((await call("POST", documentsPath)).status).toBe(400);
  });

  it.each(["61", "-1", "1.5", "soon"])("does not wait for %s seconds", async (wait) => {
    const { call } = await knowledgeServer();
    const answer = await call("POST", `${documentsPath}?wait=${wait}`, { name: "a.md", content: "x" });
    expect(answer).toMatchObject({ status: 400, json: { field: "wait" } });
  });
});

describe("adding pages", () => {
  const page = (path: string) => `https://shop.example/${path}`;
  const html = { mediaType: "text/html", bytes: "<h1>A</h1>" };

  it("takes one or several addresses, each once", async () => {
    const { call, web, knowledge } = await knowledgeServer();
    web[page("a")] = html;
    const one = await call("POST", urlsPath, { url: page("a#top") });
    expect(one).toMatchObject({ status: 201, json: { documents: [{ name: page("a"), url: page("a") }] } });
    const urls = [page("a"), page("a"), page("gone")];
    const two = await call("POST", urlsPath, { urls, audience: ["agent"], metadata: { Site: "shop" } });
    expect(two.status).toBe(201);
    expect(two.json).toMatchObject({ failed: [{ name: page("gone"), code: "url_refused" }] });
    expect(states(two.json)).toEqual([
      [page("a"), "live"],
      [page("gone"), "failed"],
    ]);
    expect(knowledge.asked.at(-1)?.document).toMatchObject({ audience: ["agent"], metadata: { Site: "shop" } });
  });

  it("takes a sitemap, and waits for its pages too", async () => {
    const { call, web } = await knowledgeServer();
    const listed = ["a", "b", "c"].map((path) => `<url><loc>${page(path)}</loc></url>`).join("");
    web[page("sitemap.xml")] = { mediaType: "application/xml", bytes: `<urlset>${listed}</urlset>` };
    web[page("a")] = html;
    const answer = await call("POST", urlsPath, { url: page("sitemap.xml"), kind: "sitemap", limit: 2 });
    expect(answer.status).toBe(201);
    expect(states(answer.json)).toEqual([
      [page("sitemap.xml"), "live"],
      [page("a"), "live"],
      [page("b"), "failed"],
    ]);
    expect(answer.json).toMatchObject({ documents: [{ name: page("a") }], failed: [{ name: page("b") }] });
  });

  it("takes a page to crawl from, with bounds, and waits for its pages too", async () => {
    const { call, web, clock, process, context } = await knowledgeServer();
    const link = (path: string) => `<a href="${path}">x</a>`;
    web[page("help/")] = { mediaType: "text/html", bytes: link("a") + link("/b") + link("gone") };
    web[page("help/a")] = { mediaType: "text/html", bytes: link("c") };
    web[page("b")] = html;
    const order = { url: page("help/"), kind: "crawl", limit: 10, depth: 1, within: "site" };
    const answer = await whileTimePasses(clock, call("POST", `${urlsPath}?wait=30`, order), 500);
    expect(answer.status).toBe(201);
    expect(states(answer.json)).toEqual([
      [page("help/"), "live"],
      [page("help/"), "live"],
      [page("help/a"), "live"],
      [page("b"), "live"],
    ]);
    expect(answer.json.jobs?.[0]).toMatchObject({
      kind: "crawl",
      total: 3,
      done: 3,
      document: null,
      children: [{}, {}, {}].map(() => expect.any(String)),
      skipped: [{ url: page("help/gone"), detail: `${page("help/gone")} answers with 404.` }],
    });
    const usual = await call("POST", `${urlsPath}?wait=0`, { url: page("help/"), kind: "crawl" });
    expect([usual.status, usual.json.jobs?.length]).toEqual([202, 1]);
    const { job_id } = usual.json.jobs?.[0] ?? {};
    const job = await whileTimePasses(clock, process.ingestion.wait(job_id ?? "", 60_000, context()), 500);
    expect(job).toMatchObject({ state: "live", done: 2 });
  });

  it("says what is wrong with metadata in words", async () => {
    const { call } = await knowledgeServer();
    expect(await call("POST", urlsPath, { url: page("a"), metadata: ["x"] })).toMatchObject({
      status: 400,
      json: { detail: expect.stringContaining("metadata must be a JSON object of texts, but is a list") },
    });
  });

  it("takes no key of metadata that would be lost, neither to keep nor to search by", async () => {
    const { url } = await knowledgeServer();
    const bodies = [
      [urlsPath, `{"url":"${page("a")}","metadata":{"__proto__":"x"}}`, "metadata"],
      [`${knowledgePath}/search`, '{"query":"x","where":{"__proto__":"x"}}', "where"],
    ] as const;
    for (const [path, body, field] of bodies) {
      const answer = await postJson(url + path, body);
      const detail = `${field} must not have the key __proto__, but is an object.`;
      expect([answer.status, await answer.json()]).toMatchObject([400, { field, detail }]);
    }
  });

  it("shows which sitemaps of an index are not read", async () => {
    const { call, web } = await knowledgeServer();
    const listed = ["one.xml", "gone.xml"].map((path) => `<sitemap><loc>${page(path)}</loc></sitemap>`).join("");
    web[page("index.xml")] = { mediaType: "text/xml", bytes: `<sitemapindex>${listed}</sitemapindex>` };
    web[page("one.xml")] = { mediaType: "text/xml", bytes: `<urlset><url><loc>${page("a")}</loc></url></urlset>` };
    web[page("a")] = html;
    const answer = await call("POST", urlsPath, { url: page("index.xml"), kind: "sitemap" });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      documents: [{ name: page("a") }],
      jobs: [
        { skipped: [{ url: page("gone.xml"), detail: `${page("gone.xml")} answers with 404.` }] },
        { skipped: [] },
      ],
    });
  });

  it("fails as the first one did when not one could be read", async () => {
    const { call } = await knowledgeServer();
    expect(await call("POST", urlsPath, { url: page("gone") })).toMatchObject({
      status: 422,
      json: { code: "url_refused", errors: [{ field: page("gone") }] },
    });
  });

  it.each([
    [{}, "url"],
    [{ url: page("a"), urls: [page("b")] }, "url"],
    [{ urls: [] }, "urls"],
    [{ urls: Array.from({ length: 51 }, (_, n) => page(String(n))) }, "urls"],
    [{ url: 5 }, "url"],
    [{ url: page("x".repeat(2_000)) }, "url"],
    [{ url: page("a"), kind: "spider" }, "kind"],
    [{ url: page("a"), limit: 3 }, "limit"],
    [{ url: page("a"), kind: "sitemap", limit: 1_001 }, "limit"],
    [{ url: page("a"), audience: "agent" }, "audience"],
    [{ url: page("a"), depth: 3 }, "depth"],
    [{ url: page("a"), kind: "sitemap", depth: 3 }, "depth"],
    [{ url: page("a"), kind: "crawl", depth: 11 }, "depth"],
    [{ url: page("a"), kind: "crawl", depth: -1 }, "depth"],
    [{ url: page("a"), kind: "crawl", depth: "deep" }, "depth"],
    [{ url: page("a"), kind: "crawl", limit: 0 }, "limit"],
    [{ url: page("a"), kind: "crawl", within: "internet" }, "within"],
    [{ url: page("a"), kind: "sitemap", within: "site" }, "within"],
  ])("refuses %j", async (body, field) => {
    const { call } = await knowledgeServer();
    expect(await call("POST", urlsPath, body)).toMatchObject({ status: 400, json: { code: "invalid_request", field } });
  });

  it("refuses what is no address of a page, each with its reason", async () => {
    const { call } = await knowledgeServer();
    expect(await call("POST", urlsPath, { urls: ["nonsense", "ftp://shop.example/"] })).toMatchObject({
      status: 400,
      json: { code: "invalid_request", errors: [{ field: "urls.0" }, { field: "urls.1" }] },
    });
  });
});
