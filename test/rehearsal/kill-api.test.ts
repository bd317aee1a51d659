import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { createApi } from "../../src/rehearsal/kill/api.ts";
import { listenOn } from "../../src/rehearsal/listen.ts";

it.each([
  ["store;by=embedded;mode=equal", "lost"],
  ["llm;by=mock;mode=lower, store;by=embedded;mode=equal", "lost"],
  ["llm;by=mock;mode=lower", "ok"],
  [undefined, "ok"],
])("takes no answer for one that was read without the shared store: %s", async (degraded, kind) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { ...(degraded !== undefined && { "x-degraded": degraded }) });
    response.end('{"items":[],"next":null}');
  });
  const { url, close } = await listenOn(server, 0);
  onTestFinished(() => close());
  expect((await createApi(() => url, { shared: true }).turns("ann", "s1")).kind).toBe(kind);
  expect((await createApi(() => url).turns("ann", "s1")).kind).toBe("ok");
});

it.each([
  ["live", "ok"],
  ["failed", "ok"],
  ["cancelled", "ok"],
  ["indexed", "lost"],
])("lists the documents once no job goes on: one that is %s", async (state, kind) => {
  const server = createServer((request, response) => {
    const items = request.url?.startsWith("/api/v1/knowledge/jobs") ? [{ state }] : [];
    response.end(JSON.stringify({ items, next: null }));
  });
  const { url, close } = await listenOn(server, 0);
  onTestFinished(() => close());
  expect((await createApi(() => url).settledDocuments()).kind).toBe(kind);
});
