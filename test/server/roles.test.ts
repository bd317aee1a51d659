import { describe, expect, it } from "vitest";
import { roles } from "../../src/accounts/roles.ts";
import { createRoutes } from "../../src/server/routes.ts";
import type { ServerDeps } from "../../src/server/server-deps.ts";
import { keyOf, pagesDirectory, startServer } from "./test-server.ts";

// Written out by hand, so that a route that slips to a weaker role fails here.
const expected: Readonly<Record<string, string>> = {
  "POST /api/v1/chat": "user",
  "POST /api/v1/chat/stream": "user",
  "POST /v1/chat/completions": "user",
  "GET /v1/models": "user",
  "POST /api/v1/turns/:turn_id/stop": "user",
  "GET /metrics": "operator",
  "POST /api/v1/admin/layers/:name": "operator",
  "GET /api/v1/admin/router/explain": "operator",
  "GET /api/v1/admin/faults": "operator",
  "POST /api/v1/admin/faults": "operator",
  "GET /api/v1/sessions": "user",
  "GET /api/v1/sessions/:session_id": "user",
  "DELETE /api/v1/sessions/:session_id": "user",
  "GET /api/v1/sessions/:session_id/stream": "user",
  "GET /api/v1/users/:user/data": "user",
  "DELETE /api/v1/users/:user/data": "user",
  "GET /api/v1/users/:user/data/jobs/:job_id": "user",
  "GET /api/v1/jobs": "operator",
  "GET /api/v1/jobs/:job_id": "operator",
  "GET /api/v1/admin/dead-letters": "operator",
  "POST /api/v1/admin/dead-letters/retry": "operator",
  "POST /api/v1/admin/dead-letters/drop": "operator",
  "GET /api/v1/sources/:chunk_id": "user",
  "GET /api/v1/knowledge/documents": "admin",
  "POST /api/v1/knowledge/documents": "admin",
  "GET /api/v1/knowledge/documents/:document_id": "admin",
  "DELETE /api/v1/knowledge/documents/:document_id": "admin",
  "GET /api/v1/knowledge/documents/:document_id/versions": "admin",
  "GET /api/v1/knowledge/documents/:document_id/diff": "admin",
  "POST /api/v1/knowledge/documents/:document_id/rollback": "admin",
  "POST /api/v1/knowledge/urls": "admin",
  "GET /api/v1/knowledge/jobs": "admin",
  "GET /api/v1/knowledge/jobs/:job_id": "admin",
  "GET /api/v1/knowledge/jobs/:job_id/events": "admin",
  "DELETE /api/v1/knowledge/jobs/:job_id": "admin",
  "GET /api/v1/knowledge/settings": "admin",
  "POST /api/v1/knowledge/settings": "admin",
  "POST /api/v1/knowledge/search": "admin",
  "GET /api/v1/knowledge/unanswered": "admin",
  "GET /api/v1/knowledge/documents/:document_id/answers": "admin",
  "POST /api/v1/knowledge/trial": "admin",
  "GET /api/v1/knowledge/conflicts": "admin",
  "GET /livez": "public",
  "GET /readyz": "public",
  "GET /health": "public",
  "GET /openapi.json": "public",
  "GET /": "public",
  "GET /status": "public",
  "GET /assets/:file": "public",
};

const bodies: Readonly<Record<string, object>> = {
  "POST /api/v1/turns/:turn_id/stop": {},
  "POST /api/v1/admin/layers/:name": { action: "close", reason: "x" },
  "POST /api/v1/admin/faults": { faults: "" },
  "POST /api/v1/admin/dead-letters/retry": { key: "dead/x" },
  "POST /api/v1/admin/dead-letters/drop": { key: "dead/x" },
  "POST /api/v1/chat": { message: "hello" },
  "POST /api/v1/chat/stream": { message: "hello" },
  "POST /v1/chat/completions": { model: "understudy", messages: [{ role: "user", content: "hello" }] },
  "POST /api/v1/knowledge/documents": { name: "a.md", content: "# A" },
  "POST /api/v1/knowledge/documents/:document_id/rollback": {},
  "POST /api/v1/knowledge/urls": { url: "https://shop.example/" },
  "POST /api/v1/knowledge/settings": { k: 5 },
  "POST /api/v1/knowledge/search": { query: "hello" },
  "POST /api/v1/knowledge/trial": { name: "a.md", content: "# A", questions: ["hello"] },
};

const queries: Readonly<Record<string, string>> = {
  "GET /api/v1/knowledge/documents/:document_id/diff": "?from=abc",
};

const senders = [
  ...roles.map((role) => ({ name: role as string, headers: { authorization: `Bearer ${keyOf(role)}` } })),
  { name: "nobody", headers: {} },
  { name: "a wrong key", headers: { authorization: "Bearer this-key-is-not-known-here" } },
];

function statusFor(role: string, sender: string): 200 | 401 | 403 {
  if (role === "public" || role === sender) return 200;
  return sender === "nobody" || sender === "a wrong key" ? 401 : 403;
}

describe("the table of routes", () => {
  it("has exactly the routes that are expected, each with its role", () => {
    // The other parts are only used once a route is called.
    const deps = {
      pages: pagesDirectory(),
      stopping: new AbortController().signal,
      settings: { maxDeadlineMs: 30_000, maxBodyBytes: { chat: 1, documents: 1 }, turnsAtOnce: 1, version: "0" },
    } as unknown as ServerDeps;
    const table = createRoutes(deps).map(({ method, path, role }) => [`${method.toUpperCase()} ${path}`, role]);
    expect(Object.fromEntries(table)).toEqual(expected);
    expect(table).toHaveLength(Object.keys(expected).length);
  });

  describe.each(Object.entries(expected))("%s wants %s", (route, role) => {
    it.each(senders)("from $name", async ({ name, headers }) => {
      const { url } = await startServer({ settings: { authMode: "required" } });
      const [method = "", path = ""] = route.split(" ");
      const body = bodies[route];
      const address =
        url + path.replace(":file", "chat.js").replace(":name", "llm").replace(/:\w+/, "abc") + (queries[route] ?? "");
      const response = await fetch(address, {
        method,
        headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const status = statusFor(role, name);
      if (status === 200) expect(response.status).toBeLessThan(300);
      else {
        const code = status === 401 ? "unauthorized" : "forbidden";
        expect(response.status).toBe(status);
        const openai = { error: { code: status === 401 ? "invalid_api_key" : code } };
        expect(await response.json()).toMatchObject(path.startsWith("/v1/") ? openai : { status, code });
        expect(response.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
      }
    });
  });

  it("refuses before it reads the body", async () => {
    const { url } = await startServer({ settings: { authMode: "required" } });
    const response = await fetch(`${url}/api/v1/knowledge/documents`, { method: "POST", body: "x".repeat(20_000_000) });
    expect(response.status).toBe(401);
  });
});
