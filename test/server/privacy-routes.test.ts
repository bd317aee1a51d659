import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import type { ChatRequest } from "../../src/graph/chat-types.ts";
import type { Job } from "../../src/jobs/jobs.ts";
import type { DataItem, DataScope, Privacy } from "../../src/privacy/privacy.ts";
import { privacyRoutes } from "../../src/server/privacy-routes.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { serveRoutes } from "./privacy-server.ts";
import { chatReply, gate, keyOf } from "./test-server.ts";

const at = "2026-01-15T10:00:00.000Z";
const job: Job = {
  jobId: "erase_1_2",
  kind: "erase",
  payload: { user: "ann" },
  state: "done",
  progress: null,
  attempts: 1,
  result: { sessions: 1, turns: 2, tickets: 3, handoffs: 4 },
  error: null,
  ending: false,
  createdAt: at,
  updatedAt: at,
};
const reply = JSON.parse(JSON.stringify(chatReply({ message: "Hi!" } as ChatRequest))) as Json;
const items: readonly DataItem[] = [
  {
    type: "session",
    keyId: "k",
    session: { sessionId: "ses_1", title: "Hello", turns: 1, forked: false, createdAt: at, updatedAt: at },
  },
  {
    type: "turn",
    sessionId: "ses_1",
    turn: {
      turnId: "t1",
      seq: 1,
      message: "退货 \ud800",
      status: "done",
      runner: "secret-instance",
      fork: false,
      at,
      reply,
      unanswered: ["Hi there?"],
      alternatives: [{ message: "Hi!", reply }],
    },
  },
  {
    type: "handoff",
    keyId: "k",
    handoff: { handoffId: "ho_1", createdAt: at, status: "waiting", card: { sessionId: "ses_1", lastReplies: ["a"] } },
  },
];

async function* some(): AsyncGenerator<DataItem> {
  yield* items;
}

function fakePrivacy(change: Partial<Privacy> = {}): Privacy {
  return { export: some, erase: async () => job, erasure: async () => job, ...change };
}

const as = (role: string) => ({ authorization: `Bearer ${keyOf(role)}` });
const serve = (privacy: Privacy, clock = systemClock) => serveRoutes(privacyRoutes({ privacy, clock }));

describe("the data of a user", () => {
  it("comes as a JSON text a line, in the names of the contract, and says at the end that it is all", async () => {
    const { url } = await serve(fakePrivacy());
    const response = await fetch(`${url}/api/v1/users/ann/data`, { headers: as("user") });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    const lines = (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { type: "session", key_id: "k", session_id: "ses_1", created_at: at },
      {
        type: "turn",
        session_id: "ses_1",
        turn_id: "t1",
        message: "退货 \ud800",
        reply: { served_by: "mock" },
        unanswered: ["Hi there?"],
        alternatives: [{ message: "Hi!", reply: { served_by: "mock" } }],
      },
      { type: "handoff", handoff_id: "ho_1", card: { session_id: "ses_1", last_replies: ["a"] } },
      { type: "end", sessions: 1, turns: 1, tickets: 0, handoffs: 1, degradation: [] },
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret-instance");
  });

  it("is that of the calling key and the user, or of every key for an admin", async () => {
    const scopes: DataScope[] = [];
    const privacy = fakePrivacy({
      export(scope) {
        scopes.push(scope);
        return some();
      },
      async erase(scope) {
        scopes.push(scope);
        return job;
      },
      async erasure(scope) {
        scopes.push(scope);
        return job;
      },
    });
    const { url } = await serve(privacy);
    const path = `/api/v1/users/${encodeURIComponent("zoë/😀")}/data`;
    await (await fetch(url + path, { headers: as("user") })).text();
    const begun = await fetch(url + path, { headers: as("user"), method: "DELETE" });
    expect([begun.status, await begun.json()]).toEqual([202, { job_id: "erase_1_2" }]);
    const state = await fetch(`${url}${path}/jobs/erase_1_2`, { headers: as("user") });
    expect(await state.json()).toEqual({
      job_id: "erase_1_2",
      state: "done",
      removed: { sessions: 1, turns: 2, tickets: 3, handoffs: 4 },
      created_at: at,
      updated_at: at,
    });
    expect(scopes).toHaveLength(3);
    for (const scope of scopes)
      expect(scope).toEqual({ keyId: expect.stringMatching(/^[0-9a-f]{12}$/), user: "zoë/😀" });
    for (const method of ["GET", "DELETE"]) {
      const refused = await fetch(`${url}${path}?all_keys=true`, { headers: as("user"), method });
      expect([refused.status, await refused.json()]).toMatchObject([403, { code: "forbidden" }]);
    }
    expect(scopes).toHaveLength(3);
    const all = await fetch(`${url}${path}?all_keys=true`, { headers: as("user+admin"), method: "DELETE" });
    expect(all.status).toBe(202);
    expect(scopes[3]).toEqual({ keyId: null, user: "zoë/😀" });
  });

  it("is not there for a deletion of somebody else, and every field is checked", async () => {
    const { url } = await serve(fakePrivacy({ erasure: async () => undefined }));
    const missing = await fetch(`${url}/api/v1/users/ann/data/jobs/erase_1_2`, { headers: as("user") });
    expect([missing.status, await missing.json()]).toMatchObject([404, { code: "not_found", field: "job_id" }]);
    for (const path of [
      `${"x".repeat(129)}/data`,
      "ann/data?all_keys=yes",
      "ann/data?user=bob",
      "ann/data/jobs/a%2Fb",
    ]) {
      const response = await fetch(`${url}/api/v1/users/${path}`, { headers: as("user") });
      expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_request" }]);
    }
  });

  it("is refused as a whole when it fails before the first line, and visibly cut when later", async () => {
    const away = new LayerError("network", "db.internal refused");
    const fails = (after: number) =>
      fakePrivacy({
        async *export() {
          yield* items.slice(0, after);
          throw away;
        },
      });
    const first = await fetch(`${(await serve(fails(0))).url}/api/v1/users/ann/data`, { headers: as("user") });
    expect(first.status).toBe(503);
    expect(await first.text()).not.toContain("db.internal");
    const { url } = await serve(fails(2));
    const later = fetch(`${url}/api/v1/users/ann/data`, { headers: as("user") }).then((response) => response.text());
    await expect(later).rejects.toThrow();
  });

  it("fault 59: is made no faster than it is read, and cut when nobody reads", async () => {
    const clock = createManualClock();
    let made = 0;
    const ended = gate();
    const { port } = await serve(
      fakePrivacy({
        async *export() {
          try {
            for (;;) {
              made += 1;
              const handoff = { handoffId: "h", createdAt: at, status: "waiting", card: "x".repeat(10_000) } as const;
              yield { type: "handoff", keyId: "k", handoff };
              // As a store would.
              await new Promise((resolve) => setImmediate(resolve));
            }
          } finally {
            ended.open();
          }
        },
      }),
      clock,
    );
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    const authorization = `authorization: Bearer ${keyOf("user")}`;
    socket.write(`GET /api/v1/users/ann/data HTTP/1.1\r\nhost: x\r\n${authorization}\r\n\r\n`);
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0));
    const held = made;
    await clock.advance(29_999);
    expect(made).toBe(held);
    await clock.advance(1);
    await ended.opened;
    const closed = once(socket, "close");
    socket.resume();
    await closed;
  });

  it("is no longer read when the client has gone", async () => {
    const ended = gate();
    const { url } = await serve(
      fakePrivacy({
        async *export(_scope, { signal }) {
          try {
            yield* items;
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            signal.throwIfAborted();
          } finally {
            ended.open();
          }
        },
      }),
    );
    const controller = new AbortController();
    const response = await fetch(`${url}/api/v1/users/ann/data`, { headers: as("user"), signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await ended.opened;
  });
});
