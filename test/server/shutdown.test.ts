import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpServer } from "../../src/server/create-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { begin, GRACE_MS, names, turn } from "./followed-turn.ts";
import { openDeps } from "./open-deps.ts";
import { playedChat, readStream } from "./stream-reader.ts";
import { postJson, recordingLog } from "./test-server.ts";

const LIMIT_MS = 25_000;

async function rig() {
  const clock = createManualClock();
  const chat = playedChat();
  const log = recordingLog();
  const server = createHttpServer(openDeps({ chat, clock, log }));
  const { url } = await server.listen(0);
  onTestFinished(async () => void (await server.close(0)));
  const begun = async (body: object, number: number) => {
    const reading = readStream(url, body);
    const run = await chat.begun(number);
    begin(run, "half ");
    const reader = await reading;
    await reader.has(2);
    return { run, reader };
  };
  const ended = () => log.lines.filter(({ message }) => message === "request").length;
  return { clock, chat, server, url, begun, ended };
}

/** What an OpenAI client gets of a stream. */
async function completion(url: string): Promise<{ readonly text: Promise<string> }> {
  const body = { model: "understudy", stream: true, messages: [{ role: "user", content: "hi" }] };
  const response = postJson(`${url}/v1/chat/completions`, body);
  return { text: response.then((whole) => whole.text()) };
}

describe("fault 56: a server that is told to end", () => {
  it("tells open streams at once, whose turns go on to their end", async () => {
    const { server, begun } = await rig();
    const { run, reader } = await begun(turn, 1);
    const closed = server.close(LIMIT_MS);
    await reader.has(3);
    expect(reader.events.at(-1)).toEqual({ id: "", event: "shutdown", data: { retry_after_s: 1 } });
    run.say("whole");
    run.end();
    await reader.over;
    expect(names(reader)).toBe("meta token shutdown token done");
    expect(reader.events.at(-2)?.id).toMatch(/-3$/);
    expect(await closed).toBe(true);
  });

  it("tells a stream that has not begun after its first event, as that is always meta", async () => {
    const { server, chat, url } = await rig();
    const reading = readStream(url, turn);
    const run = await chat.begun(1);
    const closed = server.close(LIMIT_MS);
    begin(run, "whole");
    run.end();
    const reader = await reading;
    await reader.over;
    expect(names(reader)).toBe("meta shutdown token done");
    expect(await closed).toBe(true);
  });

  it("waits for a turn without a reader, which could come back for it, for longer than its ten seconds", async () => {
    const { clock, server, url, begun, ended } = await rig();
    const { run, reader } = await begun(turn, 1);
    reader.leave();
    await expect.poll(ended).toBe(1);
    const closed = server.close(LIMIT_MS);
    await clock.advance(GRACE_MS + 1);
    expect(run.request.signal.aborted).toBe(false);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    run.end();
    expect(await closed).toBe(true);
  });

  it("waits also for one that loses its reader while it ends", async () => {
    const { clock, server, url, begun, ended } = await rig();
    const { run, reader } = await begun(turn, 1);
    const closed = server.close(LIMIT_MS);
    reader.leave();
    await expect.poll(ended).toBe(1);
    await clock.advance(GRACE_MS + 1);
    expect(run.request.signal.aborted).toBe(false);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    run.end();
    expect(await closed).toBe(true);
  });

  it("refuses new turns, says when to come back and closes the connection", async () => {
    const { server, begun, url } = await rig();
    const { run } = await begun(turn, 1);
    const closed = server.close(LIMIT_MS);
    for (const path of ["/api/v1/chat", "/api/v1/chat/stream", "/v1/chat/completions"]) {
      const refused = await postJson(`${url}${path}`, turn);
      expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")]).toEqual([
        503,
        "1",
        "close",
      ]);
    }
    run.end();
    await closed;
  });
});

describe("fault 57: turns that do not end in time", () => {
  it("are cut off, and their clients told to ask again with the same turn_id", async () => {
    const { clock, server, begun } = await rig();
    const { run, reader } = await begun(turn, 1);
    const closed = server.close(LIMIT_MS);
    await clock.advance(LIMIT_MS - 1);
    expect(run.request.signal.aborted).toBe(false);
    await clock.advance(1);
    await reader.over;
    expect(names(reader)).toBe("meta token shutdown error");
    const { data } = reader.events.at(-1) ?? {};
    expect(data).toMatchObject({ code: "shutting_down", status: 503, retry_after: 1 });
    expect(data?.["detail"]).toContain("turn_id");
    expect(run.request.signal.reason).toMatchObject({ code: "shutting_down" });
    expect(await closed).toBe(false);
  });

  it("are broken off by an error in the OpenAI protocol, which has no notice", async () => {
    const { clock, server, chat, url } = await rig();
    const { text } = await completion(url);
    const run = await chat.begun(1);
    begin(run, "half");
    const closed = server.close(LIMIT_MS);
    await clock.advance(LIMIT_MS);
    const sent = await text;
    expect(sent).toContain('"content":"half"');
    expect(sent).toContain('"code":"shutting_down"');
    expect(sent).not.toMatch(/\[DONE\]|event:/);
    expect(await closed).toBe(false);
  });

  it("in the OpenAI protocol too have their time before", async () => {
    const { server, chat, url } = await rig();
    const { text } = await completion(url);
    const run = await chat.begun(1);
    begin(run, "whole");
    const closed = server.close(LIMIT_MS);
    run.end({ reply: "whole" });
    expect(await text).toMatch(/"content":"whole".*\[DONE\]\n\n$/s);
    expect(await closed).toBe(true);
  });
});
