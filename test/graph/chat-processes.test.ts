import { describe, expect, it } from "vitest";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import { createSerialiser } from "../../src/conversations/serialise.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../src/fallbacks/core/layer.ts";
import { createNoopTracing } from "../../src/fallbacks/tracing/noop.ts";
import { createChat } from "../../src/graph/chat.ts";
import type { ChatRequest } from "../../src/graph/chat-types.ts";
import type { Nodes } from "../../src/graph/executor.ts";
import { createSequentialExecutor } from "../../src/graph/sequential.ts";
import { TurnElsewhere } from "../../src/graph/turn-elsewhere.ts";
import { Problem } from "../../src/problems.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { contextOf, createPeers } from "../conversations/rig.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";

const owner = { keyId: "key-1", user: "ann" };
const newId = createIds();

/** Several processes on one store, whose answers come when the test lets them. */
function createProcesses() {
  const { access, clock } = createTestAccess();
  const peers = createPeers();
  const words = { impact: {}, down: "-", action: "-" };
  const common = {
    configured: false,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words,
  };

  function start(instance: string) {
    const answers: { readonly message: string; answer(text: string): void }[] = [];
    const nodes: Nodes = {
      recognise: async () => ({
        recognition: { intents: ["chitchat"], emotion: "neutral", emotionScore: 1, topicSwitch: false, language: "en" },
      }),
      plan: async () => ({}),
      act: async () => ({}),
      escalate: async () => ({}),
      compose: ({ message, history }, { signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          const before = history.map((turn) => turn.user).join(", ");
          answers.push({
            message,
            answer: (text) =>
              resolve({
                reply: { text: `${text} [after: ${before}]`, sources: [], related: [], resolved: true, by: instance },
              }),
          });
        }),
    };
    const conversations = createConversations(access, {
      clock,
      newId,
      cluster: peers.join(instance),
      random: () => 0.5,
    });
    const serialiser = createSerialiser({ clock });
    const slot = { mode: "equal", timeoutMs: Number.POSITIVE_INFINITY } as const;
    const chat = createChat({
      clock,
      graph: createLayer({ ...common, name: "graph", slots: [{ ...slot, port: createSequentialExecutor() }] }),
      nodes,
      conversations,
      tracing: createLayer({ ...common, name: "tracing", slots: [{ ...slot, port: createNoopTracing() }] }),
      recollect: () => ({ history: [], slots: {} }),
      traceContent: false,
      deadlineMs: 30_000,
      newId,
      durability: () => "memory",
      exclusive: (key, context, work) => serialiser.run(key, context, work),
      report: () => {},
    });
    const run = (message: string, more: Partial<ChatRequest> = {}) =>
      chat.run({ requestId: "r", owner, message, signal: new AbortController().signal, ...more });
    /** Lets the message be answered, as soon as somebody has begun to. */
    async function answer(message: string): Promise<void> {
      const begun = () => answers.find((one) => one.message === message);
      while (!begun()) await clock.advance(25);
      begun()?.answer(`re ${message}`);
    }
    return { run, answer, conversations, begun: () => answers.map((one) => one.message) };
  }
  return { start, clock, peers };
}

describe("one path of a turn, over processes", () => {
  it("a turn that another process is answering is told to be elsewhere, and has its answer later", async () => {
    const { start } = createProcesses();
    const [a, b] = [start("a"), start("b")];
    const first = a.run("hello", { turnId: "t1" });
    await expect.poll(a.begun).toEqual(["hello"]);
    const elsewhere: unknown = await b.run("hello", { turnId: "t1" }).catch((error: unknown) => error);
    expect(elsewhere).toBeInstanceOf(TurnElsewhere);
    expect(elsewhere).toMatchObject({ turnId: "t1", runner: "a", sessionId: expect.stringMatching(/^ses_/) });
    await a.answer("hello");
    const { reply, sessionId } = await first;
    expect(await b.run("hello", { turnId: "t1" })).toMatchObject({ reply, sessionId });
    expect(b.begun()).toEqual([]);
  });

  it("fault 54: the turn of a process that is no more is answered by the next that is asked for it", async () => {
    const { start, peers } = createProcesses();
    const [a, b] = [start("a"), start("b")];
    void a.run("hello", { turnId: "t1" });
    await expect.poll(a.begun).toEqual(["hello"]);
    peers.alive.delete("a");
    const anew = b.run("hello", { turnId: "t1" });
    await b.answer("hello");
    expect(await anew).toMatchObject({ reply: "re hello [after: ]", servedBy: "b" });
  });

  it("the turn that a living process has lost is answered by whoever knows that", async () => {
    const { start } = createProcesses();
    const [a, b] = [start("a"), start("b")];
    void a.run("hello", { turnId: "t1" });
    await expect.poll(a.begun).toEqual(["hello"]);
    const anew = b.run("hello", { turnId: "t1", gone: "a" });
    await b.answer("hello");
    expect(await anew).toMatchObject({ turnId: "t1", servedBy: "b" });
  });

  it("fault 62: two messages of one session at once are answered one after the other, whichever process gets them", async () => {
    const { start, clock } = createProcesses();
    const [a, b] = [start("a"), start("b")];
    const opening = a.run("one");
    await a.answer("one");
    const { sessionId } = await opening;
    const second = a.run("two", { sessionId });
    await expect.poll(a.begun).toEqual(["one", "two"]);
    const third = b.run("three", { sessionId });
    await clock.advance(1_000);
    expect(b.begun()).toEqual([]);
    await a.answer("two");
    await b.answer("three");
    expect((await second).reply).toBe("re two [after: one]");
    expect((await whileTimePasses(clock, third)).reply).toBe("re three [after: one, two]");
  });

  it("fault 62: also the first message of a session and one that comes while it is answered", async () => {
    const { start, clock } = createProcesses();
    const { run, answer, begun } = start("a");
    const first = run("one", { turnId: "t1" });
    await expect.poll(begun).toEqual(["one"]);
    const { items } = await start("b").conversations.list(owner, { limit: 1 }, contextOf(clock));
    const sessionId = items[0]?.sessionId ?? "";
    const second = run("two", { sessionId });
    await clock.advance(1_000);
    expect(begun()).toEqual(["one"]);
    await answer("one");
    await answer("two");
    expect((await first).sessionId).toBe(sessionId);
    expect((await second).reply).toBe("re two [after: one]");
  });

  it("fault 61: the same turn twice at once is answered once, also when its first answer has made the session known", async () => {
    const { start, clock } = createProcesses();
    const { run, answer, begun } = start("a");
    const first = run("hello", { turnId: "t1" });
    await expect.poll(begun).toEqual(["hello"]);
    const second = run("hello", { turnId: "t1" });
    await clock.advance(100);
    await answer("hello");
    expect(await second).toEqual(await first);
    expect(begun()).toEqual(["hello"]);
  });

  it("fault 56: a turn that the end of its server cuts off is interrupted, and one whose client leaves has failed", async () => {
    const { start, clock } = createProcesses();
    const { run, conversations, begun } = start("a");
    for (const [turnId, reason, status] of [
      ["t1", new Problem("shutting_down", "-"), "interrupted"],
      ["t2", new Error("the client has gone"), "failed"],
    ] as const) {
      const controller = new AbortController();
      const cut = run(turnId, { turnId, signal: controller.signal });
      await expect.poll(begun).toContain(turnId);
      controller.abort(reason);
      await expect(cut).rejects.toThrow();
      const { items } = await conversations.list(owner, { limit: 5 }, contextOf(clock));
      const sessionId = items.find((session) => session.title === turnId)?.sessionId ?? "";
      const { items: turns } = await conversations.turns(owner, sessionId, { limit: 5 }, contextOf(clock));
      expect(turns).toMatchObject([{ turnId, message: turnId, status }]);
    }
  });
});
