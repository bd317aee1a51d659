import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat, ChatEvent, ChatReply, ChatRequest } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { chatReply, echoChat, gate, postJson, recordingLog, startServer } from "./test-server.ts";

const meta: ChatEvent = { type: "meta", sessionId: "ses_1", turnId: "turn_1" };
const token = (text: string, by = "primary"): ChatEvent => ({ type: "token", text, by });
const restart: ChatEvent = { type: "restart", by: "secondary" };
const body = { model: "understudy", stream: true, messages: [{ role: "user", content: "hi" }] };
const usage = { stream_options: { include_usage: true } };

function scripted(events: readonly ChatEvent[], end: Partial<ChatReply> | Error): Chat {
  return {
    async run(request, emit) {
      for (const event of events) emit?.(event);
      if (end instanceof Error) throw end;
      return chatReply(request, end);
    },
  };
}

interface Chunk {
  readonly id?: string;
  readonly object?: string;
  readonly model?: string;
  readonly choices?: readonly { readonly delta: object; readonly finish_reason: string | null }[];
  readonly usage?: object | null;
  readonly understudy?: { readonly session_id: string; readonly served_by: string };
  readonly error?: object;
}

async function stream(chat: Chat, extra: object = {}) {
  const { url } = await startServer({ chat });
  const response = await postJson(`${url}/v1/chat/completions`, { ...body, ...extra });
  const text = await response.text();
  const lines = text.split("\n\n").filter((line) => line.startsWith("data: "));
  const data = lines.map((line) => line.slice("data: ".length));
  const chunks = data.filter((line) => line !== "[DONE]").map((line) => JSON.parse(line) as Chunk);
  const said = chunks.flatMap(
    ({ choices }) => choices?.map(({ delta, finish_reason }) => finish_reason ?? delta) ?? [],
  );
  return { response, text, done: data.indexOf("[DONE]") === data.length - 1 && data.length > 0, chunks, said };
}

describe("a stream of POST /v1/chat/completions", () => {
  it("is the role, the text as it comes, finish with our receipt, [DONE]; and says who writes in a header", async () => {
    const events = [meta, token("line\nfeed "), token(""), token("好 \ud83d\ude00 \ud800")];
    const { response, text, done, chunks, said } = await stream(
      scripted(events, { reply: "line\nfeed 好 \ud83d\ude00 \ud800", servedBy: "primary" }),
    );
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-served-by")).toBe("primary");
    expect(said).toEqual([
      { role: "assistant", content: "" },
      { content: "line\nfeed " },
      { content: "好 \ud83d\ude00 \ud800" },
      "stop",
    ]);
    expect(new Set(chunks.map(({ id, object, model }) => `${id} ${object} ${model}`))).toEqual(
      new Set(["chatcmpl-turn_1 chat.completion.chunk understudy"]),
    );
    expect(chunks.map(({ understudy }) => understudy?.served_by)).toEqual([undefined, undefined, undefined, "primary"]);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(done).toBe(true);
    // Names of events and ids are not of this protocol.
    expect(text).not.toMatch(/^(?:event|id):/m);
  });

  it("counts the tokens in a last piece for who wants them, and in no other", async () => {
    const end = { usage: { inputTokens: 9, outputTokens: 4 } };
    const { done, chunks } = await stream(scripted([meta, token("hi")], end), usage);
    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual([null, null, null]);
    expect(chunks.at(-2)?.understudy?.session_id).toBe("ses_1");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    });
    expect(done).toBe(true);
  });

  it("is whole also when the engine gives the text only at the end, or has more at the end than it showed", async () => {
    const none = await stream(scripted([], {}));
    expect(none.said).toEqual([{ role: "assistant", content: "" }, { content: "hi" }, "stop"]);
    const rest = await stream(scripted([meta, token("h")], {}));
    expect(rest.said).toEqual([{ role: "assistant", content: "" }, { content: "h" }, { content: "i" }, "stop"]);
  });

  it("does not show that a model started over before any text was sent", async () => {
    const { response, done, said } = await stream(scripted([meta, restart, token("hi", "secondary")], {}));
    expect(said).toEqual([{ role: "assistant", content: "" }, { content: "hi" }, "stop"]);
    expect(response.headers.get("x-served-by")).toBe("secondary");
    expect(done).toBe(true);
  });

  it("breaks off when a model starts over after text was sent: an error, no finish, no [DONE], and nothing is paid for", async () => {
    const asked: ChatRequest[] = [];
    const chat: Chat = {
      async run(request, emit) {
        asked.push(request);
        for (const event of [meta, token("It is "), restart, token("It was ", "secondary")]) emit?.(event);
        request.signal.throwIfAborted();
        return chatReply(request);
      },
    };
    const { response, text, said, chunks } = await stream(chat, usage);
    expect(response.status).toBe(200);
    expect(said).toEqual([{ role: "assistant", content: "" }, { content: "It is " }]);
    expect(chunks.at(-1)).toEqual({
      error: {
        message: "The answer was broken off and what came of it is void; ask again.",
        type: "server_error",
        param: null,
        code: "model_unavailable",
      },
    });
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("It was");
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it("does not pass off as whole what is not how the answer begins", async () => {
    const { text, chunks, said } = await stream(scripted([meta, token("something else")], { reply: "the answer" }));
    expect(said).toEqual([{ role: "assistant", content: "" }, { content: "something else" }]);
    expect(chunks.at(-1)?.error).toMatchObject({ code: "model_unavailable" });
    expect(text).not.toContain("[DONE]");
  });

  it("fault 23: fails before any text with its real status, not in a stream", async () => {
    const { response, text } = await stream(
      scripted([meta], new Problem("model_unavailable", "none", { retryAfterS: 9 })),
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("9");
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(JSON.parse(text)).toEqual({
      error: { message: "none", type: "server_error", param: null, code: "model_unavailable" },
    });
  });

  it("fails after some text with an error as its last piece", async () => {
    const { response, text, chunks } = await stream(
      scripted([meta, token("It is ")], new LayerError("timeout", "secret host")),
    );
    expect(response.status).toBe(200);
    expect(chunks.at(-1)?.error).toMatchObject({ type: "server_error", code: "deadline_exceeded" });
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("secret");
  });

  it("ignores what the engine emits after the end", async () => {
    const chat: Chat = {
      async run(request, emit) {
        queueMicrotask(() => setImmediate(() => emit?.(token("straggler"))));
        return chatReply(request);
      },
    };
    const { text, done } = await stream(chat);
    expect(text).not.toContain("straggler");
    expect(done).toBe(true);
  });

  it("beats every 10 s while the answer is not there; a failure after that is a piece of the stream", async () => {
    const clock = createManualClock();
    const begun = gate();
    const go = gate();
    const chat: Chat = {
      async run(_request, emit) {
        emit?.(meta);
        begun.open();
        await go.opened;
        throw new Problem("model_unavailable", "none", { retryAfterS: 1 });
      },
    };
    const { url } = await startServer({ chat, clock });
    const pending = postJson(`${url}/v1/chat/completions`, body);
    await begun.opened;
    await clock.advance(9_999);
    await clock.advance(10_001);
    const response = await pending;
    go.open();
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toBe(
      `: heartbeat\n\n: heartbeat\n\ndata: ${JSON.stringify({ error: { message: "none", type: "server_error", param: null, code: "model_unavailable" } })}\n\n`,
    );
    expect(clock.pending).toBe(0);
  });

  it("leaves no timer behind when it fails before it begins, not even until the error is sent", async () => {
    const clock = createManualClock();
    const chat = scripted([meta], new Problem("model_unavailable", "none"));
    const pending: number[] = [];
    const log = { ...recordingLog(), warn: () => void pending.push(clock.pending) };
    const { url } = await startServer({ chat, clock, log });
    expect((await postJson(`${url}/v1/chat/completions`, body)).status).toBe(503);
    expect(pending).toEqual([0]);
  });

  it("fault 60: each piece leaves at once, also for a client that takes gzip", async () => {
    const steps = [gate(), gate(), gate()];
    const chat: Chat = {
      async run(request, emit) {
        emit?.(meta);
        for (const [index, step] of steps.entries()) {
          emit?.(token(`piece ${index};`));
          await step.opened;
        }
        return chatReply(request, { reply: "piece 0;piece 1;piece 2;" });
      },
    };
    const { url } = await startServer({ chat });
    const response = await postJson(`${url}/v1/chat/completions`, body, { "accept-encoding": "gzip, br" });
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    // The engine waits at each step until this client has the piece before it.
    for (const [index, step] of steps.entries()) {
      while (!text.includes(`piece ${index};`)) text += (await reader?.read())?.value ?? "";
      expect(text).not.toContain(`piece ${index + 1};`);
      step.open();
    }
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("fault 58: aborts the turn when the client goes away, and not when the answer ended", async () => {
    const aborted = gate();
    const chat: Chat = {
      run: (request, emit) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener("abort", () => {
            aborted.open();
            reject(new LayerError("aborted", "gone"));
          });
          emit?.(meta);
          emit?.(token("It is "));
        }),
    };
    const { url } = await startServer({ chat });
    const response = await postJson(`${url}/v1/chat/completions`, body);
    await response.body?.cancel();
    await aborted.opened;

    const signals: AbortSignal[] = [];
    const calm: Chat = {
      run(request, emit) {
        signals.push(request.signal);
        return echoChat.run(request, emit);
      },
    };
    expect((await stream(calm)).done).toBe(true);
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
  });

  it("fault 59: cuts a reader for whom more than 1 MiB waits", async () => {
    const ended = gate();
    let sent = 0;
    const chat: Chat = {
      async run(request, emit) {
        emit?.(meta);
        // What the system's own buffers hold comes on top, so this sends until it is cut, and at most 64 MB.
        while (!request.signal.aborted && sent < 64_000_000) {
          emit?.(token("x".repeat(64_000)));
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
    const text = JSON.stringify(body);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    await ended.opened;
    socket.destroy();
    expect(sent).toBeGreaterThan(1024 * 1024);
    expect(sent).toBeLessThan(64_000_000);
  });
});
