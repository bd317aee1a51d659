import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Conversations, OpenTurn } from "../../src/conversations/conversations.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { toStoredReply } from "../../src/graph/stored-reply.ts";
import { Problem } from "../../src/problems.ts";
import { createHttpServer } from "../../src/server/create-server.ts";
import { announceTurns, createSessionEvents } from "../../src/server/session-stream-events.ts";
import { createFakeClusters } from "../cluster/fake-cluster.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { openDeps } from "./open-deps.ts";
import { chatReply, fakeConversations } from "./test-server.ts";

const owner = { keyId: "anonymous", user: "guest" };
const open: OpenTurn = {
  sessionId: "ses_1",
  memory: null,
  history: [],
  turn: {
    turnId: "t1",
    seq: 3,
    message: "hi",
    status: "running",
    runner: "instance",
    fork: false,
    at: "2026-01-15T10:00:00.000Z",
    reply: null,
  },
};

/** Two servers; what the first one's conversations do is announced. */
async function rig() {
  const clock = createManualClock();
  const { members } = createFakeClusters(2, clock);
  const mine = new Set(["ses_1", "ses_2"]);
  const conversations = fakeConversations({
    begin: async () => ({ open }),
    finish: async (_open, { status, reply }) => ({ status, reply }),
    turns: async ({ user }, sessionId) => {
      if (user !== "guest" || !mine.has(sessionId)) throw new Problem("session_not_found", "there is none");
      return {} as Awaited<ReturnType<Conversations["turns"]>>;
    },
  });
  const sides = await Promise.all(
    members.map(async (member) => {
      const sessionEvents = createSessionEvents(member);
      const server = createHttpServer({ ...openDeps({ conversations, clock }), cluster: member, sessionEvents });
      const { url } = await server.listen(0);
      onTestFinished(async () => void (await server.close(0)));
      return { url, member, server, sessionEvents };
    }),
  );
  const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const context = createContext({ clock, requestId: "r", deadlineMs: 1_000 });
  return { clock, first, second, context, turns: announceTurns(conversations, first.sessionEvents) };
}

/** A client of the stream. */
async function watch(url: string, path = "ses_1/stream") {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${url}/api/v1/sessions/${path}`, { signal: controller.signal });
  let text = "";
  const over = (async () => {
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    } catch {
      // Broken off by the test: an end too.
    }
  })();
  return {
    status: response.status,
    response,
    over,
    leave: () => controller.abort(),
    get text() {
      return text;
    },
    shows: (part: string) => vi.waitFor(() => expect(text).toContain(part), { timeout: 20_000, interval: 5 }),
  };
}

const reply = toStoredReply(
  chatReply({ requestId: "r", owner, message: "hi", turnId: "t1", signal: new AbortController().signal }),
);

describe("GET /api/v1/sessions/{session_id}/stream", () => {
  it("tells of turns that begin and end in any process, with the reply", async () => {
    const { first, second, turns, context } = await rig();
    const here = await watch(first.url);
    const there = await watch(second.url);
    await turns.begin({ owner, turnId: "t1", message: "hi", recent: 0 }, context);
    await turns.finish(open, { status: "done", reply, memory: null }, context);
    for (const reader of [here, there]) {
      await reader.shows('"status":"done"');
      expect(reader.text).toBe(
        `: from now on\n\nevent: turn\ndata: {"turn_id":"t1","seq":3,"message":"hi","status":"running","at":"2026-01-15T10:00:00.000Z","reply":null}\n\n${
          reader.text.split("\n\n").at(-2) ?? ""
        }\n\n`,
      );
      const done = JSON.parse(/data: (.*)\n\n$/.exec(reader.text)?.[1] ?? "") as object;
      expect(done).toMatchObject({ turn_id: "t1", status: "done", reply: { reply: "hi", served_by: "mock" } });
    }
  });

  it("tells how a turn has ended, not how somebody who came too late took it to have ended", async () => {
    const { first, context } = await rig();
    const reader = await watch(first.url);
    const outcomes = [{ status: "done" as const, reply }, { status: "running" as const, reply: null }, undefined];
    for (const stored of outcomes) {
      const turns = announceTurns(fakeConversations({ finish: async () => stored }), first.sessionEvents);
      await turns.finish(open, { status: "failed", reply: null, memory: null }, context);
    }
    first.sessionEvents.announce("ses_1", { event: "message", data: { text: "a person" } });
    await reader.shows("a person");
    expect(Array.from(reader.text.matchAll(/"status":"(\w+)"/g), ([, status]) => status)).toEqual(["done"]);
  });

  it("tells nothing of other sessions, nor of turns that could not be begun or saved", async () => {
    const { first, context, turns } = await rig();
    const other = await watch(first.url, "ses_2/stream");
    const failing = announceTurns(
      fakeConversations({
        begin: async () => ({ again: open.turn, sessionId: "ses_2", elsewhere: false }),
        finish: () => Promise.reject(new Error("not saved")),
      }),
      first.sessionEvents,
    );
    await failing.begin({ owner, turnId: "t1", message: "hi", recent: 0 }, context);
    const inOther = { ...open, sessionId: "ses_2" };
    await expect(failing.finish(inOther, { status: "done", reply, memory: null }, context)).rejects.toThrow(
      "not saved",
    );
    await turns.begin({ owner, turnId: "t1", message: "hi", recent: 0 }, context);
    first.sessionEvents.announce("ses_2", { event: "message", data: { text: "a person" } });
    await other.shows("a person");
    expect(other.text).toBe(': from now on\n\nevent: message\ndata: {"text":"a person"}\n\n');
  });

  it("does not exist for somebody else", async () => {
    const { first } = await rig();
    const answers = await Promise.all(["ses_1/stream?user=eve", "ses_9/stream"].map((path) => watch(first.url, path)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  });

  it("leaves out a reply that is too long to send, and says so by null", async () => {
    const { first, second, turns, context } = await rig();
    const there = await watch(second.url);
    const long = { ...(reply as object), reply: "好".repeat(70_000) };
    await turns.finish(open, { status: "done", reply: long, memory: null }, context);
    await there.shows('"status":"done"');
    expect(there.text).toContain('"reply":null');
    expect(Buffer.byteLength(JSON.stringify(first.member.said.at(-1)))).toBeLessThan(256 * 1024);
  });

  it("beats, and says when something may have been missed", async () => {
    const { clock, second } = await rig();
    const there = await watch(second.url);
    await clock.advance(10_000);
    await there.shows(": heartbeat");
    second.member.setLink("cut");
    second.member.setLink("up");
    await there.shows("event: missed\ndata: {}\n\n");
  });

  it("is open eight times for a caller, and leaves nothing behind", async () => {
    const { clock, first } = await rig();
    const readers = [];
    for (let count = 0; count < 8; count += 1) readers.push(await watch(first.url));
    const ninth = await watch(first.url);
    expect([ninth.status, ninth.response.headers.get("retry-after")]).toEqual([429, "1"]);
    for (const { leave } of readers) leave();
    await vi.waitFor(() => expect(clock.pending).toBe(0), { timeout: 20_000 });
    expect((await watch(first.url)).status).toBe(200);
  });

  it("ends with a notice when its server goes away, and holds nothing up", async () => {
    const { first } = await rig();
    const reader = await watch(first.url);
    expect(await first.server.close(25_000)).toBe(true);
    await reader.over;
    expect(reader.text).toBe(': from now on\n\nevent: shutdown\ndata: {"retry_after_s":1}\n\n');
  });
});
