import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat, ChatEvent } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { chatReply, echoChat, gate, parseEvents, postJson, startServer } from "./test-server.ts";

const meta: ChatEvent = { type: "meta", sessionId: "ses_1", turnId: "turn_1" };

function scripted(events: readonly ChatEvent[], end: "done" | Error): Chat {
  return {
    async run(request, emit) {
      for (const event of events) emit?.(event);
      if (end !== "done") throw end;
      return chatReply(request);
    },
  };
}

async function stream(chat: Chat) {
  const { url } = await startServer({ chat });
  const response = await postJson(`${url}/api/v1/chat/stream`, { message: "hi" });
  return { response, text: await response.text(), url };
}

describe("POST /api/v1/chat/stream", () => {
  it("sends meta, tokens and restart in order, and ends with one done: the JSON of the other route", async () => {
    const chat = scripted(
      [
        meta,
        { type: "token", text: "line\nfeed ", by: "a" },
        { type: "restart", by: "b" },
        { type: "token", text: "好 \ud83d\ude00 \ud800", by: "b" },
      ],
      "done",
    );
    const { response, text, url } = await stream(chat);
    const events = parseEvents(text);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(events.map(({ id, event }) => `${id} ${event}`)).toEqual([
      "1 meta",
      "2 token",
      "3 restart",
      "4 token",
      "5 done",
    ]);
    expect(events.slice(0, 4).map(({ data }) => data)).toEqual([
      { session_id: "ses_1", turn_id: "turn_1" },
      { text: "line\nfeed ", by: "a" },
      { by: "b" },
      { text: "好 \ud83d\ude00 \ud800", by: "b" },
    ]);
    const whole: unknown = await (await postJson(`${url}/api/v1/chat`, { message: "hi" })).json();
    expect(events.at(-1)?.data).toEqual(whole);
  });

  it("sends meta also when the engine answers without one", async () => {
    const { text } = await stream(scripted([], "done"));
    expect(parseEvents(text).map(({ event }) => event)).toEqual(["meta", "done"]);
  });

  it("answers with an ordinary problem when the turn fails before the first event", async () => {
    const { response, text } = await stream(scripted([], new Problem("turn_conflict", "used")));
    expect(response.status).toBe(409);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(JSON.parse(text)).toMatchObject({ code: "turn_conflict" });
  });

  it("ends with one error, the same JSON, when it fails later", async () => {
    const { response, text } = await stream(scripted([meta], new LayerError("timeout", "secret host")));
    const events = parseEvents(text);
    expect(response.status).toBe(200);
    expect(events.map(({ event }) => event)).toEqual(["meta", "error"]);
    expect(events[1]?.data).toMatchObject({
      status: 504,
      code: "deadline_exceeded",
      request_id: response.headers.get("x-request-id"),
    });
    expect(text).not.toContain("secret");
  });

  it("ignores what the engine emits after the end", async () => {
    const late: Chat = {
      async run(request, emit) {
        emit?.(meta);
        queueMicrotask(() => setImmediate(() => emit?.({ type: "token", text: "late", by: "x" })));
        return chatReply(request);
      },
    };
    const { text } = await stream(late);
    expect(parseEvents(text).map(({ event }) => event)).toEqual(["meta", "done"]);
  });

  it("lets nothing wait: the first token is there while the turn still runs", async () => {
    const go = gate();
    const chat: Chat = {
      async run(request, emit) {
        emit?.(meta);
        emit?.({ type: "token", text: "first", by: "a" });
        await go.opened;
        return chatReply(request);
      },
    };
    const { url } = await startServer({ chat });
    const response = await postJson(`${url}/api/v1/chat/stream`, { message: "hi" });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("first")) text += (await reader?.read())?.value ?? "";
    expect(text).not.toContain("event: done");
    go.open();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(parseEvents(text).map(({ event }) => event)).toEqual(["meta", "token", "done"]);
  });

  it("sends a heartbeat every 10 s and leaves no timer behind", async () => {
    const clock = createManualClock();
    const go = gate();
    const chat: Chat = {
      async run(request, emit) {
        emit?.(meta);
        await go.opened;
        return chatReply(request);
      },
    };
    const { url } = await startServer({ chat, clock });
    const response = await postJson(`${url}/api/v1/chat/stream`, { message: "hi" });
    await clock.advance(9_999);
    await clock.advance(10_001);
    go.open();
    const text = await response.text();
    expect(text.match(/^: heartbeat$/gm)).toHaveLength(2);
    expect(text.trim().endsWith("}")).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("fault 58: aborts the turn when the client goes away", async () => {
    const aborted = gate();
    const chat: Chat = {
      run: (request, emit) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener("abort", () => {
            aborted.open();
            reject(new LayerError("aborted", "gone"));
          });
          emit?.(meta);
        }),
    };
    const { url } = await startServer({ chat });
    const response = await postJson(`${url}/api/v1/chat/stream`, { message: "hi" });
    await response.body?.cancel();
    await aborted.opened;
    expect(response.status).toBe(200);
  });

  it("does not abort a turn that ended", async () => {
    const signals: AbortSignal[] = [];
    const chat: Chat = {
      run: (request, emit) => {
        signals.push(request.signal);
        return echoChat.run(request, emit);
      },
    };
    const { url } = await startServer({ chat });
    await (await postJson(`${url}/api/v1/chat/stream`, { message: "hi" })).text();
    await (await postJson(`${url}/api/v1/chat`, { message: "hi" })).text();
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
  });

  it("fault 59: cuts a reader for whom more than 1 MiB waits, and ends its turn", async () => {
    const ended = gate();
    let sent = 0;
    const chat: Chat = {
      async run(request, emit) {
        emit?.(meta);
        // What the system's own buffers hold comes on top, so this sends until it is cut, and at most 64 MB.
        while (!request.signal.aborted && sent < 64_000_000) {
          emit?.({ type: "token", text: "x".repeat(64_000), by: "a" });
          sent += 64_000;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        ended.open();
        return chatReply(request);
      },
    };
    const { port } = await startServer({ chat });
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    socket.write(
      'POST /api/v1/chat/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"message":"hi"}',
    );
    await ended.opened;
    socket.destroy();
    expect(sent).toBeGreaterThan(1024 * 1024);
    expect(sent).toBeLessThan(64_000_000);
  });
});
