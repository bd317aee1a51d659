import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createNoopTracing } from "../../src/fallbacks/tracing/noop.ts";
import type { ChatEvent, ChatReply } from "../../src/graph/chat-types.ts";
import { createStandIns } from "../../src/rehearsal/stand-ins.ts";
import { testApp } from "../support/test-app.ts";

const base = { requestId: "r", owner: { keyId: "k", user: "guest" }, signal: new AbortController().signal };

describe("one path of a turn", () => {
  it("the same turn id and message give the saved answer, and say that what was shown before is void", async () => {
    const app = await testApp();
    const events: ChatEvent[] = [];
    const first = await app.chat.run({ ...base, turnId: "t1", message: "退款到银行卡要多久？" });
    const second = await app.chat.run({ ...base, turnId: "t1", message: "退款到银行卡要多久？" }, (event) =>
      events.push(event),
    );
    expect(second).toEqual(first);
    expect(events.map(({ type }) => type)).toEqual(["meta", "restart", "token"]);
    await expect(app.chat.run({ ...base, turnId: "t1", message: "something else" })).rejects.toMatchObject({
      code: "turn_conflict",
    });
    await app.close();
  });

  it("the same turn at the same time runs once, and both get its answer", async () => {
    const app = await testApp();
    const request = { ...base, turnId: "t1", message: "My kettle is broken, open a ticket" };
    const [first, second] = await Promise.all([app.chat.run(request), app.chat.run(request)]);
    expect(second.reply).toBe(first.reply);
    const tickets = await app.chat.run({ ...base, message: "my tickets" });
    expect(tickets.reply.match(/TK-[0-9A-Z]{8}/g)).toEqual([/TK-[0-9A-Z]{8}/.exec(first.reply)?.[0]]);
    await app.close();
  });

  it("two turns of a session at once are answered one after the other", async () => {
    const app = await testApp();
    const { sessionId } = await app.chat.run({ ...base, message: "你好" });
    const order: string[] = [];
    const ask = (message: string) =>
      app.chat.run({ ...base, sessionId, message }, ({ type }) => order.push(`${message} ${type}`));
    await Promise.all([ask("Hello"), ask("谢谢")]);
    const firstOfSecond = order.findIndex((event) => event.startsWith("谢谢"));
    expect(order.slice(firstOfSecond).every((event) => event.startsWith("谢谢"))).toBe(true);
    await app.close();
  });

  it("the tokens are the answer, piece by piece", async () => {
    const app = await testApp();
    const events: ChatEvent[] = [];
    const reply: ChatReply = await app.chat.run(
      { ...base, message: "How long is the warranty on the battery?" },
      (event) => events.push(event),
    );
    const text = events.map((event) => (event.type === "token" ? event.text : "")).join("");
    expect(text).toBe(reply.reply);
    expect(events.length).toBeGreaterThan(3);
    await app.close();
  });

  it("a client who leaves is not answered, and the turn is kept as failed", async () => {
    const app = await testApp({ clock: systemClock, firsts: createStandIns(["llm"], systemClock) });
    app.faults.set([{ layer: "llm", mode: { kind: "hang" }, probability: 1 }]);
    const client = new AbortController();
    const pending = app.chat.run({ ...base, turnId: "t1", message: "你好", signal: client.signal }, () =>
      client.abort(),
    );
    await expect(pending).rejects.toMatchObject({ errorClass: "aborted" });
    app.faults.set([]);
    expect((await app.chat.run({ ...base, turnId: "t1", message: "你好" })).reply).toContain("您好");
    await app.close();
  });

  it("ends the span of every turn, also when tracing is slower than the turn", async () => {
    const seen: string[] = [];
    let begin = (): void => {};
    const gate = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const slow = {
      ...createNoopTracing(),
      name: "slow",
      async start() {
        await gate;
        return { end: ({ status }: { readonly status: string }) => void seen.push(status) };
      },
    };
    const app = await testApp({ firsts: { tracing: [slow] } });
    await app.chat.run({ ...base, message: "你好" });
    expect(seen).toEqual([]);
    begin();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(seen).toEqual(["done"]);
    await app.close();
  });
});
