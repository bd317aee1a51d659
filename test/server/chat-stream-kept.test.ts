import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../src/graph/chat-types.ts";
import type { ProblemJson } from "../../src/server/problem-json.ts";
import { createTurnStreams, type TurnAsk, type TurnStreamsOptions } from "../../src/server/turn-streams.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { chatReply } from "./test-server.ts";

const signal = new AbortController().signal;
const TEXT = "x".repeat(1_000);

function rig(options: Partial<TurnStreamsOptions> = {}) {
  const clock = createManualClock();
  let ids = 0;
  let runs = 0;
  const newId = () => (ids += 1).toString(16).padStart(32, "0");
  const streams = createTurnStreams({ clock, newId, ...options });
  const ask = (turnId: string): TurnAsk => ({
    owner: { keyId: "k", user: "guest" },
    message: "hi",
    sessionId: undefined,
    turnId,
    async run(runSignal, emit) {
      runs += 1;
      const events: readonly ChatEvent[] = [
        { type: "meta", sessionId: "ses_1", turnId },
        { type: "token", text: TEXT, by: "primary" },
      ];
      for (const event of events) emit(event);
      return chatReply({
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message: "hi",
        turnId,
        signal: runSignal,
      });
    },
    report: () => ({ code: "internal" }) as ProblemJson,
  });
  return {
    clock,
    get runs() {
      return runs;
    },
    /** The text of a turn, as a reader gets it who has had the event of that id. */
    async read(turnId: string, lastEventId?: string): Promise<string> {
      let text = "";
      const end = await streams.follow(ask(turnId), {
        signal,
        lastEventId,
        write: (events) => {
          text += events;
        },
      });
      return text + end.event();
    },
  };
}

const firstId = (text: string) => /^id: (\S+)$/m.exec(text)?.[1] ?? "";

describe("the events of turns that have ended", () => {
  it("are kept for whoever has had a part of them", async () => {
    const server = rig();
    const text = await server.read("t1");
    const rest = await server.read("t1", firstId(text));
    expect(text.endsWith(rest)).toBe(true);
    expect(rest).toMatch(/^id: \S+-2\nevent: token\n/);
    expect(server.runs).toBe(1);
  });

  it("are forgotten from the oldest on when all together are too large", async () => {
    const one = Buffer.byteLength(await rig().read("t1"));
    const server = rig({ maxEndedBytes: 2 * one + 50 });
    const ids = [];
    for (const turnId of ["t1", "t2", "t3"]) ids.push(firstId(await server.read(turnId)));
    await server.read("t2", ids[1]);
    await server.read("t3", ids[2]);
    expect(server.runs).toBe(3);
    await server.read("t1", ids[0]);
    expect(server.runs).toBe(4);
    // It is kept now, with ids of its own, and the second one had to go for it.
    await server.read("t3", ids[2]);
    expect(server.runs).toBe(4);
    await server.read("t2", ids[1]);
    expect(server.runs).toBe(5);
  });

  it("leave nothing behind after their minute", async () => {
    const server = rig();
    const ids = [firstId(await server.read("t1")), firstId(await server.read("t1")), firstId(await server.read("t2"))];
    expect(server.clock.pending).toBe(2);
    await server.clock.advance(60_000);
    expect(server.clock.pending).toBe(0);
    await server.read("t1", ids[1]);
    expect(server.runs).toBe(4);
  });

  it("of a run are not those of another run of the same turn", async () => {
    const server = rig();
    const [first, second] = [await server.read("t1"), await server.read("t1")];
    expect(firstId(first)).not.toBe(firstId(second));
    // Who has a part of the first run gets the whole, which begins with meta.
    expect(await server.read("t1", firstId(first))).toMatch(/^id: \S+-1\nevent: meta\n/);
  });
});

describe("a run that is over for the client, but not for the server", () => {
  it("is not joined after a stop, and says nothing more to anybody", async () => {
    const clock = createManualClock();
    let ids = 0;
    const streams = createTurnStreams({ clock, newId: () => String((ids += 1)).padStart(8, "0") });
    const runs: { emit: (event: ChatEvent) => void; end: () => void }[] = [];
    const owner = { keyId: "k", user: "guest" };
    const heard: string[] = [];
    const follow = () =>
      streams.follow(
        {
          owner,
          message: "hi",
          sessionId: undefined,
          turnId: "t1",
          // Deaf to the signal, as work is that is being saved.
          run: (runSignal, emit) =>
            new Promise((resolve) => {
              const reply = chatReply({ requestId: "r", owner, message: "hi", signal: runSignal });
              runs.push({ emit, end: () => resolve(reply) });
              emit({ type: "meta", sessionId: "ses_1", turnId: "t1" });
            }),
          report: () => ({ code: "internal" }) as ProblemJson,
        },
        { signal, write: (events) => heard.push(events) },
      );
    const first = follow();
    await settle();
    expect(await streams.stop(owner, "t1")).toBe(true);
    const second = follow();
    await settle();
    expect([runs.length, heard.length]).toEqual([2, 2]);
    runs[0]?.emit({ type: "token", text: "late", by: "primary" });
    expect(heard).toHaveLength(2);
    runs[0]?.end();
    await first;
    // What ends now is the old run; the new one is still there to be joined.
    const third = follow();
    await settle();
    expect([runs.length, heard.length]).toEqual([2, 3]);
    runs[1]?.end();
    await Promise.all([second, third]);
    // After the end too: what is kept ends with the end.
    runs[1]?.emit({ type: "token", text: "late", by: "primary" });
    let rest = "";
    const end = await streams.follow(
      {
        owner,
        message: "hi",
        sessionId: undefined,
        turnId: "t1",
        run: () => Promise.reject(new Error("not expected")),
        report: () => ({ code: "internal" }) as ProblemJson,
      },
      {
        signal,
        lastEventId: firstId(heard[1] ?? ""),
        write: (events) => {
          rest += events;
        },
      },
    );
    expect([rest, "reply" in end]).toEqual(["", true]);
  });
});
