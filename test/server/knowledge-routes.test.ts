import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { Problem } from "../../src/problems.ts";
import type { NewDocument } from "../../src/retrieval/knowledge.ts";
import { document, fakeKnowledge, postJson, sendRaw, startServer } from "./test-server.ts";

const path = "/api/v1/knowledge/documents";

function form(files: readonly (readonly [name: string, content: string | Uint8Array<ArrayBuffer>])[]): FormData {
  const data = new FormData();
  for (const [name, content] of files) data.append("file", new Blob([content]), name);
  return data;
}

async function upload(
  body: FormData,
  knowledge = fakeKnowledge(),
): Promise<{ readonly status: number; readonly json: unknown }> {
  const { url } = await startServer({ knowledge, settings: { maxBodyBytes: { chat: 1_000, documents: 10_000 } } });
  const response = await fetch(url + path, { method: "POST", body });
  return { status: response.status, json: await response.json() };
}

describe("adding documents", () => {
  it("takes several files, and hands on their names and text", async () => {
    const given: NewDocument[] = [];
    const knowledge = fakeKnowledge({
      async add(each) {
        given.push(each);
        return { ...document, name: each.name };
      },
    });
    const { status, json } = await upload(
      form([
        ["退货政策.md", "# 退货\n30 天"],
        ["../../etc/passwd.txt", "x"],
      ]),
      knowledge,
    );
    expect(status).toBe(201);
    expect(given).toEqual([
      { name: "退货政策.md", content: "# 退货\n30 天" },
      { name: "passwd.txt", content: "x" },
    ]);
    expect(json).toMatchObject({ documents: [{ name: "退货政策.md", added_at: document.addedAt }, {}], failed: [] });
  });

  it("gives a broken one its own reason and takes the rest", async () => {
    const { status, json } = await upload(
      form([
        ["bad.md", ""],
        ["good.md", "# Good"],
      ]),
    );
    expect(status).toBe(201);
    expect(json).toMatchObject({
      documents: [{ name: "good.md" }],
      failed: [{ name: "bad.md", code: "document_unreadable", detail: "bad.md is empty." }],
    });
  });

  it("fails as the first one did when all fail, and gives every reason", async () => {
    const knowledge = fakeKnowledge({
      add: ({ name }) => Promise.reject(new Problem(name === "a.md" ? "document_unreadable" : "invalid_request", name)),
    });
    const { status, json } = await upload(
      form([
        ["a.md", ""],
        ["b.md", ""],
      ]),
      knowledge,
    );
    expect(status).toBe(422);
    expect(json).toMatchObject({
      code: "document_unreadable",
      errors: [
        { field: "a.md", detail: "a.md" },
        { field: "b.md", detail: "b.md" },
      ],
    });
  });

  it("does not show what an outage said", async () => {
    const knowledge = fakeKnowledge({ add: () => Promise.reject(new LayerError("network", "db.internal refused")) });
    const { status, json } = await upload(form([["a.md", "x"]]), knowledge);
    expect(status).toBe(503);
    expect(JSON.stringify(json)).not.toContain("db.internal");
  });

  it("takes one document as JSON", async () => {
    const { url } = await startServer();
    const response = await postJson(url + path, { name: "a.md", content: "# A" });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ documents: [{ name: "a.md" }], failed: [] });
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
  ])("refuses %s", async (_name, body, status, code, field) => {
    expect(await upload(body)).toMatchObject({ status, json: { code, field } });
  });

  it("takes files of exactly the limit together", async () => {
    const files = form([
      ["a.md", "x".repeat(5_000)],
      ["b.md", "x".repeat(5_000)],
    ]);
    expect((await upload(files)).status).toBe(201);
  });

  it("refuses other fields", async () => {
    const text = form([["a.md", "x"]]);
    text.append("owner", "me");
    expect(await upload(text)).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const other = new FormData();
    other.append("attachment", new Blob(["x"]), "a.md");
    expect(await upload(other)).toMatchObject({ status: 400, json: { code: "invalid_request", field: "file" } });
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
    const { port, url } = await startServer();
    const answer = await sendRaw(
      port,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"invalid_request"');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it("refuses other types, and no body", async () => {
    const { url } = await startServer();
    const text = await postJson(url + path, "# A", { "content-type": "text/markdown" });
    expect(text.status).toBe(415);
    expect((await fetch(url + path, { method: "POST" })).status).toBe(400);
  });
});

describe("reading and deleting", () => {
  it("lists, shows, deletes", async () => {
    const pages: object[] = [];
    const knowledge = fakeKnowledge({
      async list(page) {
        pages.push(page);
        return { items: [document], next: "doc_1" };
      },
    });
    const { url } = await startServer({ knowledge });
    expect(await (await fetch(`${url}${path}?limit=1&after=doc_0`)).json()).toMatchObject({
      items: [{ document_id: "doc_1" }],
      next: "doc_1",
    });
    await fetch(url + path);
    expect(pages).toEqual([{ limit: 1, after: "doc_0" }, { limit: 20 }]);
    expect(await (await fetch(`${url}${path}/doc_1`)).json()).toMatchObject({
      document_id: "doc_1",
      text: "# Returns",
    });
    const gone = await fetch(`${url}${path}/doc_1`, { method: "DELETE" });
    expect([gone.status, await gone.text()]).toEqual([204, ""]);
  });

  it("answers 404 for what is not there", async () => {
    const missing = () => Promise.reject(new Problem("document_not_found", "There is no document doc_9."));
    const passage = () => {
      throw new Problem("passage_not_found", "There is no passage doc_9.0.");
    };
    const { url } = await startServer({ knowledge: fakeKnowledge({ get: missing, remove: missing, passage }) });
    expect((await fetch(`${url}${path}/doc_9`)).status).toBe(404);
    expect((await fetch(`${url}${path}/doc_9`, { method: "DELETE" })).status).toBe(404);
    expect(await (await fetch(`${url}/api/v1/sources/doc_9.0`)).json()).toMatchObject({ code: "passage_not_found" });
  });

  it("shows the passage behind a source", async () => {
    const { url } = await startServer();
    expect(await (await fetch(`${url}/api/v1/sources/doc_1.0`)).json()).toEqual({
      document_id: "doc_1",
      title: "Returns",
      heading: "Window",
      chunk_id: "doc_1.0",
      start: 0,
      end: 7,
      quote: "30 days",
    });
  });
});

describe("search", () => {
  it("hands on k only when it is given, and says in a header what stood in", async () => {
    const asked: unknown[] = [];
    const knowledge = fakeKnowledge({
      async search(question, options, { trail }) {
        asked.push([question, options]);
        trail.note({ layer: "vectors", mode: "lower", by: "memory", reason: "open", since: new Date(0) });
        return { passages: [], answerable: false, confidence: 0.25, sentences: [] };
      },
    });
    const { url } = await startServer({ knowledge });
    const response = await postJson(`${url}/api/v1/knowledge/search`, { query: "退货", k: 3 });
    expect(response.headers.get("x-degraded")).toBe("vectors;by=memory;mode=lower");
    expect(await response.json()).toEqual({ passages: [], answerable: false, confidence: 0.25, sentences: [] });
    await postJson(`${url}/api/v1/knowledge/search`, { query: "x" });
    expect(asked).toEqual([
      ["退货", { k: 3 }],
      ["x", {}],
    ]);
    expect((await postJson(`${url}/api/v1/knowledge/search`, { query: "x", k: 21 })).status).toBe(400);
  });
});
