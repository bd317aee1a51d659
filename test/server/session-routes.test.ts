import { describe, expect, it } from "vitest";
import type { Owner, Turn } from "../../src/conversations/conversations.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import type { ChatRequest } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { chatReply, fakeConversations, keyOf, startServer } from "./test-server.ts";

const at = "2026-01-15T10:00:00.000Z";
const info = { sessionId: "ses_1", title: "Hello", turns: 3, forked: false, createdAt: at, updatedAt: at };
const reply = JSON.parse(JSON.stringify(chatReply({ message: "Hi!" } as ChatRequest))) as Json;

function turn(seq: number, status: Turn["status"], stored: Json): Turn {
  const message = "Hello \ud800";
  return { turnId: `t${seq}`, seq, message, status, runner: "0".repeat(32), fork: seq > 2, at, reply: stored };
}

describe("sessions", () => {
  it("shows the turns with their replies in the names of the contract", async () => {
    const turns = [
      turn(1, "done", reply),
      turn(2, "failed", { code: "deadline_exceeded" }),
      turn(3, "running", null),
      turn(3, "interrupted", null),
    ];
    const { url } = await startServer({
      conversations: fakeConversations({ turns: async () => ({ ...info, items: turns, next: "3" }) }),
    });
    expect(await (await fetch(`${url}/api/v1/sessions/ses_1`)).json()).toEqual({
      session_id: "ses_1",
      title: "Hello",
      turns: 3,
      forked: false,
      created_at: at,
      updated_at: at,
      next: "3",
      items: [
        {
          turn_id: "t1",
          seq: 1,
          fork: false,
          message: "Hello \ud800",
          status: "done",
          at,
          reply: {
            session_id: "ses_1",
            turn_id: "turn_1",
            reply: "Hi!",
            intent: "knowledge_qa",
            intents: ["knowledge_qa"],
            sources: [],
            related: [],
            degradation: [],
            served_by: "mock",
            escalation: null,
            usage: { input_tokens: 0, output_tokens: 0 },
            durability: "disk",
          },
        },
        { turn_id: "t2", seq: 2, fork: false, message: "Hello \ud800", status: "failed", at, reply: null },
        { turn_id: "t3", seq: 3, fork: true, message: "Hello \ud800", status: "running", at, reply: null },
        { turn_id: "t3", seq: 3, fork: true, message: "Hello \ud800", status: "interrupted", at, reply: null },
      ],
    });
  });

  it("belong to the key and the user whom it names", async () => {
    const seen: unknown[] = [];
    const conversations = fakeConversations({
      async list(owner, page) {
        seen.push([owner, page]);
        return { items: [info], next: null };
      },
      async turns(owner, sessionId, page) {
        seen.push([owner, sessionId, page]);
        return { ...info, items: [], next: null };
      },
      async remove(owner, sessionId) {
        seen.push([owner, sessionId]);
      },
    });
    const { url } = await startServer({ conversations, settings: { authMode: "required" } });
    const headers = { "x-api-key": keyOf("user") };
    await fetch(`${url}/api/v1/sessions?user=zo%C3%AB&limit=100&after=x`, { headers });
    await fetch(`${url}/api/v1/sessions/ses_1`, { headers });
    await fetch(`${url}/api/v1/sessions/ses_1?order=desc`, { headers });
    const removed = await fetch(`${url}/api/v1/sessions/ses_1?user=bob`, { headers, method: "DELETE" });
    const { keyId } = (seen[0] as [Owner])[0];
    expect(keyId).toMatch(/^[0-9a-f]{12}$/);
    expect(seen).toEqual([
      [
        { keyId, user: "zoë" },
        { limit: 100, after: "x" },
      ],
      [{ keyId, user: "guest" }, "ses_1", { limit: 20 }],
      [{ keyId, user: "guest" }, "ses_1", { limit: 20, reverse: true }],
      [{ keyId, user: "bob" }, "ses_1"],
    ]);
    expect(removed.status).toBe(204);
  });

  it("of somebody else do not exist", async () => {
    const missing = () => Promise.reject(new Problem("session_not_found", "There is no session ses_1 of yours."));
    const { url } = await startServer({ conversations: fakeConversations({ turns: missing, remove: missing }) });
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(`${url}/api/v1/sessions/ses_1`, { method });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "session_not_found" });
    }
  });
});
