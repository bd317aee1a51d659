import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { chatReplySchema } from "../../src/server/chat-schemas.ts";
import { chatReply, echoChat, gate, keyOf, postJson, recordingLog, startServer } from "./test-server.ts";

const since = new Date("2026-01-15T09:00:00.000Z");

const fullChat: Chat = {
  run: async (request) =>
    chatReply(request, {
      intents: ["ticket", "human_request"],
      sources: [
        { documentId: "d", title: "t", heading: "h", chunkId: "d.0", start: 1, end: 2, quote: "q", score: 0.5 },
      ],
      related: [{ documentId: "d", title: "t", heading: "", chunkId: "d.1", start: 2, end: 5, score: 0.25 }],
      degradation: [
        { layer: "llm", mode: "lower", by: "mock", reason: "open", since },
        { layer: "store", mode: "equal", by: "Büro\r\nx-evil: 1", reason: "timeout", since },
      ],
      servedBy: "模型 1",
      escalation: {
        handoffId: "ho_1",
        sessionId: "ses_1",
        user: "guest",
        reason: "user_request",
        priority: "high",
        summary: "wants a person",
        turns: 3,
        lastReplies: ["a"],
        tickets: ["TK-1"],
        degradation: [{ layer: "llm", mode: "lower" }],
      },
      usage: { inputTokens: 3, outputTokens: 4 },
      durability: "memory",
    }),
};

function failing(thrown: Error): Chat {
  return { run: () => Promise.reject(thrown) };
}

describe("POST /api/v1/chat", () => {
  it("answers with the JSON of the contract and the receipt in headers", async () => {
    const { url } = await startServer({ chat: fullChat });
    const response = await postJson(`${url}/api/v1/chat`, { message: "hi" }, { "x-request-id": "my-id.1" });
    const json: unknown = await response.json();
    expect(response.status).toBe(200);
    expect(chatReplySchema.strict().parse(json)).toEqual(json);
    expect(json).toMatchObject({
      session_id: "ses_1",
      turn_id: "turn_1",
      reply: "hi",
      intent: "ticket",
      intents: ["ticket", "human_request"],
      sources: [{ document_id: "d", chunk_id: "d.0", quote: "q" }],
      related: [{ document_id: "d", title: "t", heading: "", chunk_id: "d.1", start: 2, end: 5, score: 0.25 }],
      degradation: [{ layer: "llm", by: "mock", since: since.toISOString() }, { layer: "store" }],
      served_by: "模型 1",
      escalation: { handoff_id: "ho_1", last_replies: ["a"] },
      usage: { input_tokens: 3, output_tokens: 4 },
      durability: "memory",
    });
    expect(response.headers.get("x-request-id")).toBe("my-id.1");
    expect(response.headers.get("x-served-by")).toBe("___1");
    expect(response.headers.get("x-degraded")).toBe("llm;by=mock;mode=lower, store;by=B_ro__x-evil:_1;mode=equal");
    expect(response.headers.get("x-evil")).toBeNull();
    expect(response.headers.get("etag")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("has no x-degraded when nothing stood in, and makes an id when the client's is not plain", async () => {
    const { url } = await startServer();
    const response = await postJson(`${url}/api/v1/chat`, { message: "hi" }, { "x-request-id": "a b" });
    expect(response.headers.get("x-degraded")).toBeNull();
    expect(response.headers.get("x-request-id")).toMatch(/^\d{32}$/);
  });

  it("hands everything on to the engine", async () => {
    const seen: object[] = [];
    const chat: Chat = {
      run: (request, emit) => {
        const { signal, ...rest } = request;
        seen.push({ ...rest, aborted: signal.aborted });
        return echoChat.run(request, emit);
      },
    };
    const { url } = await startServer({ chat, tiers: () => ["standard"], settings: { authMode: "required" } });
    const key = { "x-api-key": keyOf("user"), "x-request-id": "r1" };
    const all = { message: " hi ", session_id: "ses_9", turn_id: "t:1", user: "zoë", tier: "standard", channel: "web" };
    await postJson(`${url}/api/v1/chat`, { ...all, deadline_ms: 250 }, key);
    await postJson(`${url}/api/v1/chat`, { message: "hi" }, key);
    const keyId = expect.stringMatching(/^[0-9a-f]{12}$/) as string;
    expect(seen[0]).toEqual({
      requestId: "r1",
      owner: { keyId, user: "zoë" },
      message: " hi ",
      sessionId: "ses_9",
      turnId: "t:1",
      deadlineMs: 250,
      tier: "standard",
      roles: new Set(["user"]),
      aborted: false,
    });
    const roles = new Set(["user"]);
    expect(seen[1]).toEqual({ requestId: "r1", owner: { keyId, user: "guest" }, roles, message: "hi", aborted: false });
  });

  it.each([
    [new Problem("session_not_found", "no"), 404, "session_not_found", "debug"],
    [new Problem("model_unavailable", "no", { retryAfterS: 7.2 }), 503, "model_unavailable", "warn"],
    [new LayerError("timeout", "slow at host db.internal"), 504, "deadline_exceeded", "warn"],
    [new LayerError("network", "refused by host db.internal"), 503, "store_unavailable", "warn"],
    [new LayerError("schema_invalid", "odd"), 500, "internal", "error"],
    [new TypeError("x of undefined at /srv/db.internal"), 500, "internal", "error"],
  ])("%s becomes %i %s", async (error, status, code, level) => {
    const log = recordingLog();
    const { url } = await startServer({ chat: failing(error), log });
    const response = await postJson(`${url}/api/v1/chat`, { message: "hi" });
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(JSON.parse(text)).toMatchObject({ status, code, request_id: response.headers.get("x-request-id") });
    expect(text).not.toContain("db.internal");
    expect(text).not.toContain("    at ");
    const problems = log.lines.filter(({ message }) => message !== "request").map((line) => line.level as string);
    expect(problems).toEqual(level === "debug" ? [] : [level]);
    if (code === "internal") expect(log.lines.some(({ fields }) => "err" in fields && fields.err === error)).toBe(true);
  });

  it("says when to come back", async () => {
    const error = new Problem("model_unavailable", "no", { retryAfterS: 7.2 });
    const { url } = await startServer({ chat: failing(error) });
    const response = await postJson(`${url}/api/v1/chat`, { message: "hi" });
    expect(response.headers.get("retry-after")).toBe("8");
    expect(await response.json()).toMatchObject({ retry_after: 8 });
  });

  it("tells the engine when the client has gone", async () => {
    const started = gate();
    const heard = gate();
    const chat: Chat = {
      run: (request) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener("abort", () => reject(new LayerError("aborted", "gone")));
          started.open();
        }),
    };
    const log = recordingLog();
    const debug = (_fields: object, message: string) => {
      if (message === "the client has gone") heard.open();
    };
    const { url } = await startServer({ chat, log: { ...log, debug } });
    const controller = new AbortController();
    const response = fetch(`${url}/api/v1/chat`, {
      method: "POST",
      body: '{"message":"hi"}',
      headers: { "content-type": "application/json" },
      signal: controller.signal,
    });
    const failed = expect(response).rejects.toThrow("aborted");
    await started.opened;
    controller.abort();
    await failed;
    await heard.opened;
    expect(log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });
});

describe("turns at once", () => {
  it("are limited for each key, and a place is free again after each end, good or bad", async () => {
    const go = gate();
    const inside = gate();
    let running = 0;
    const chat: Chat = {
      async run(request) {
        running += 1;
        if (running === 2) inside.open();
        await go.opened;
        if (request.message === "fail") throw new Problem("deadline_exceeded", "late");
        return chatReply(request);
      },
    };
    const { url } = await startServer({ chat, settings: { authMode: "required", turnsAtOnce: 2 } });
    const ask = (message: string, path = "chat") =>
      postJson(`${url}/api/v1/${path}`, { message }, { "x-api-key": keyOf("user") });
    const two = [ask("fail"), ask("ok", "chat/stream")];
    await inside.opened;
    const third = await ask("too many");
    expect(third.status).toBe(429);
    expect(third.headers.get("retry-after")).toBe("1");
    expect(await third.json()).toMatchObject({ code: "too_many_turns", retry_after: 1 });
    go.open();
    expect((await Promise.all(two)).map((response) => response.status)).toEqual([504, 200]);
    expect((await Promise.all([ask("a"), ask("b")])).map((response) => response.status)).toEqual([200, 200]);
  });
});
