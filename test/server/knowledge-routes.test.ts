import { describe, expect, it } from "vitest";
import { Problem } from "../../src/problems.ts";
import type { KnowledgeSettings, SearchOptions } from "../../src/retrieval/knowledge.ts";
import { documentNamed } from "../ingestion/ingest-rig.ts";
import { documentsPath, knowledgePath, knowledgeServer } from "./knowledge-rig.ts";

const metadata = { Team: "north", camelCase: "stays" };
const document = documentNamed("returns.md", {
  documentId: "doc_2",
  version: 2,
  url: "https://shop.example/returns",
  audience: ["agent"],
  metadata,
  repeated: 1,
  similar: [
    { chunkId: "doc_2.0", other: { documentId: "doc_9", title: "Other", chunkId: "doc_9.1" }, similarity: 0.95 },
  ],
});
const onTheWire = {
  document_id: "doc_2",
  name: "returns.md",
  title: "A title",
  url: "https://shop.example/returns",
  version: 2,
  chunks: 3,
  characters: 300,
  added_at: "2026-01-15T10:00:00.000Z",
  audience: ["agent"],
  metadata,
  repeated: 1,
  similar: [
    { chunk_id: "doc_2.0", other: { document_id: "doc_9", title: "Other", chunk_id: "doc_9.1" }, similarity: 0.95 },
  ],
};

describe("documents", () => {
  it("are listed page by page with all that is said of them, keys of metadata as they were given", async () => {
    const pages: object[] = [];
    const { call } = await knowledgeServer({
      knowledge: {
        async list(page) {
          pages.push(page);
          return { items: [document], next: "doc_2" };
        },
      },
    });
    const { json } = await call("GET", `${documentsPath}?limit=1&after=doc_0`);
    expect(json).toEqual({ items: [onTheWire], next: "doc_2" });
    await call("GET", documentsPath);
    expect(pages).toEqual([{ limit: 1, after: "doc_0" }, { limit: 20 }]);
  });

  it("are shown with their text, and deleted", async () => {
    const removed: string[] = [];
    const { call } = await knowledgeServer({
      knowledge: {
        get: async () => ({ ...document, text: "# Returns" }),
        remove: async (documentId) => void removed.push(documentId),
      },
    });
    expect((await call("GET", `${documentsPath}/doc_2`)).json).toEqual({ ...onTheWire, text: "# Returns" });
    expect(await call("DELETE", `${documentsPath}/doc_2`)).toMatchObject({ status: 204, json: {} });
    expect(removed).toEqual(["doc_2"]);
  });

  it("have versions, which are compared and made live again", async () => {
    const asked: unknown[] = [];
    const parts = [
      { kind: "removed" as const, text: "30 days" },
      { kind: "added" as const, text: "14 天" },
    ];
    const { call } = await knowledgeServer({
      knowledge: {
        versions: async () => [{ ...document, live: true, liveAt: "2026-01-16T10:00:00.000Z" }],
        async diff(from, to) {
          asked.push([from, to]);
          return parts;
        },
        async rollback(documentId, to) {
          asked.push([documentId, to]);
          return document;
        },
      },
    });
    const at = `${documentsPath}/doc_2`;
    const versions = await call("GET", `${at}/versions`);
    expect(versions.json).toEqual({ items: [{ ...onTheWire, live: true, live_at: "2026-01-16T10:00:00.000Z" }] });
    expect((await call("GET", `${at}/diff?from=doc_1`)).json).toEqual({ from: "doc_1", to: "doc_2", parts });
    expect((await call("POST", `${at}/rollback`, {})).json).toEqual(onTheWire);
    await call("POST", `${at}/rollback`, { to: "doc_1" });
    expect(asked).toEqual([
      ["doc_1", "doc_2"],
      ["doc_2", undefined],
      ["doc_2", "doc_1"],
    ]);
  });

  it("that are not there are 404, whatever is wanted of them", async () => {
    const missing = () => Promise.reject(new Problem("document_not_found", "There is no document doc_9."));
    const { call } = await knowledgeServer({
      knowledge: { get: missing, remove: missing, versions: missing, diff: missing, rollback: missing },
    });
    const at = `${documentsPath}/doc_9`;
    const answers = await Promise.all([
      call("GET", at),
      call("DELETE", at),
      call("GET", `${at}/versions`),
      call("GET", `${at}/diff?from=doc_1`),
      call("POST", `${at}/rollback`, {}),
    ]);
    for (const { status, json } of answers)
      expect({ status, ...json }).toMatchObject({ status: 404, code: "document_not_found" });
  });

  it.each([
    ["GET", "/doc_2/diff", undefined, "from"],
    ["GET", "/doc_2/diff?from=a/b", undefined, "from"],
    ["GET", "/doc_2/diff?from=doc_1&to=doc_2", undefined, "to"],
    ["POST", "/doc_2/rollback", { to: "" }, "to"],
    ["POST", "/doc_2/rollback", { version: 1 }, "version"],
    ["GET", "?limit=101", undefined, "limit"],
    ["GET", `/${"x".repeat(129)}`, undefined, "document_id"],
  ])("%s %s with %j is refused", async (method, path, body, field) => {
    const { call } = await knowledgeServer();
    expect(await call(method, documentsPath + path, body)).toMatchObject({
      status: 400,
      json: { code: "invalid_request", field },
    });
  });
});

describe("search", () => {
  it("hands on only what is given, looks everywhere by default, and says in a header what stood in", async () => {
    const asked: (readonly [string, SearchOptions])[] = [];
    const { call } = await knowledgeServer({
      knowledge: {
        async search(question, options, { trail }) {
          asked.push([question, options]);
          trail.note({ layer: "vectors", mode: "lower", by: "memory", reason: "open", since: new Date(0) });
          return { passages: [], answerable: false, confidence: 0.25, sentences: [], reading: [], related: [] };
        },
      },
    });
    const search = (body: object) => call("POST", `${knowledgePath}/search`, body);
    const full = await search({ query: "退货", k: 3, score_threshold: 0, roles: ["user"], where: { Team: "north" } });
    expect(full.headers.get("x-degraded")).toBe("vectors;by=memory;mode=lower");
    expect(full.json).toEqual({
      passages: [],
      answerable: false,
      confidence: 0.25,
      sentences: [],
      reading: [],
      related: [],
    });
    await search({ query: "x" });
    await search({ query: "x", roles: [] });
    expect(asked).toEqual([
      ["退货", { k: 3, scoreThreshold: 0, roles: new Set(["user"]), where: { Team: "north" } }],
      ["x", { roles: "all" }],
      ["x", { roles: new Set() }],
    ]);
  });

  it.each([
    [{ query: "" }, "query"],
    [{ query: "x", k: 21 }, "k"],
    [{ query: "x", score_threshold: 1.1 }, "score_threshold"],
    [{ query: "x", roles: ["boss"] }, "roles.0"],
    [{ query: "x", where: { a: 1 } }, "where.a"],
    [{ query: "x", limit: 3 }, "limit"],
  ])("refuses %j", async (body, field) => {
    const { call } = await knowledgeServer();
    expect(await call("POST", `${knowledgePath}/search`, body)).toMatchObject({ status: 400, json: { field } });
  });
});

describe("settings", () => {
  it("are shown, and changed one by one", async () => {
    let settings: KnowledgeSettings = { k: 5, scoreThreshold: 0.05 };
    const { call } = await knowledgeServer({
      knowledge: {
        settings: async () => settings,
        async configure(change) {
          settings = { ...settings, ...change };
          return settings;
        },
      },
    });
    const path = `${knowledgePath}/settings`;
    expect((await call("GET", path)).json).toEqual({ k: 5, score_threshold: 0.05 });
    expect((await call("POST", path, { k: 8 })).json).toEqual({ k: 8, score_threshold: 0.05 });
    expect((await call("POST", path, { score_threshold: 0 })).json).toEqual({ k: 8, score_threshold: 0 });
    expect((await call("GET", path)).json).toEqual({ k: 8, score_threshold: 0 });
  });

  it.each([
    [{}, "body"],
    [{ k: 0 }, "k"],
    [{ k: 2.5 }, "k"],
    [{ score_threshold: -0.1 }, "score_threshold"],
    [{ scoreThreshold: 0.1 }, "scoreThreshold"],
  ])("do not become %j", async (body, field) => {
    const { call } = await knowledgeServer();
    expect(await call("POST", `${knowledgePath}/settings`, body)).toMatchObject({ status: 400, json: { field } });
  });
});
