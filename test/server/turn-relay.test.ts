import { describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/problems.ts";
import { begin, GRACE_MS, names, turn } from "./followed-turn.ts";
import { postJson } from "./test-server.ts";
import { eventually, type MemberProcess, startProcesses } from "./turn-processes.ts";

/** A turn that the first process runs, with a reader there who has had `meta` and a token for each text. */
async function begunAt(first: MemberProcess, ...texts: readonly string[]) {
  const reading = first.read(turn);
  const run = await first.chat.begun(1);
  begin(run, ...texts);
  const reader = await reading;
  await reader.has(texts.length + 1);
  return { run, reader };
}

async function two() {
  const { clock, processes } = await startProcesses(2);
  const [a, b] = processes as [MemberProcess, MemberProcess];
  return { clock, a, b };
}

describe("a turn that another process runs", () => {
  it("is joined with all there was and each event as it comes, ids and all", async () => {
    const { a, b } = await two();
    const { run, reader } = await begunAt(a, "one ", "two ");
    const there = await b.read(turn);
    await there.has(3);
    run.say("three");
    await there.has(4);
    run.end();
    await Promise.all([reader.over, there.over]);
    expect(names(there)).toBe("meta token token token done");
    expect(there.events).toEqual(reader.events);
    expect([a.chat.runs.length, b.chat.runs.length]).toEqual([1, 0]);
  });

  it("gives the rest to who was cut off from the one process and comes back to the other", async () => {
    const { a, b } = await two();
    const { run, reader } = await begunAt(a, "one ", "two ");
    const [rest, all] = await Promise.all([
      b.read(turn, reader.events[1]?.id),
      b.read(turn, `${reader.events[1]?.id}9`),
    ]);
    run.say("three");
    run.end();
    await Promise.all([reader.over, rest.over, all.over]);
    expect(rest.events).toEqual(reader.events.slice(2));
    expect(all.events).toEqual(reader.events);
    // It is kept there for a while like a turn of its own.
    const again = await b.read(turn, reader.events[3]?.id);
    await again.over;
    expect(names(again)).toBe("done");
  });

  it("gives its answer whole to who asks for that, with the same headers", async () => {
    const { clock, a, b } = await two();
    const { run } = await begunAt(a, "one");
    const asked = postJson(`${b.url}/api/v1/chat`, turn);
    await eventually(clock, () => expect(a.member.said.length).toBeGreaterThan(0));
    const since = new Date("2026-01-15T10:00:00.000Z");
    run.end({
      servedBy: "primary",
      degradation: [{ layer: "llm", mode: "equal", by: "primary", reason: "timeout", since }],
    });
    const [answer, again] = await Promise.all([asked, postJson(`${a.url}/api/v1/chat`, turn)]);
    expect([answer.status, answer.headers.get("x-served-by")]).toEqual([200, "primary"]);
    expect(answer.headers.get("x-degraded")).toBe(again.headers.get("x-degraded"));
    expect(await answer.json()).toEqual(await again.json());
    expect(b.chat.runs).toHaveLength(0);
  });

  it("is not run twice when its id was made there, and gives its answer to who asks for it by that id", async () => {
    const { clock, a, b } = await two();
    const reading = a.read({ message: turn.message });
    const run = await a.chat.begun(1);
    begin(run, "one");
    const reader = await reading;
    await reader.has(2);
    const asked = postJson(`${b.url}/api/v1/chat`, turn);
    await eventually(clock, () => expect(a.member.said.length).toBeGreaterThan(0));
    run.end();
    expect((await asked).status).toBe(200);
    await reader.over;
    expect([a.chat.runs.length, b.chat.runs.length]).toEqual([1, 0]);
  });

  it("fails as it does there", async () => {
    const { a, b } = await two();
    const { run, reader } = await begunAt(a, "half");
    const there = await b.read(turn);
    await there.has(2);
    run.fail(new Problem("model_unavailable", "none", { retryAfterS: 7 }));
    await Promise.all([reader.over, there.over]);
    expect(names(there)).toBe("meta token error");
    expect(there.events.at(-1)?.id).toBe(reader.events.at(-1)?.id);
    expect(there.events.at(-1)?.data).toMatchObject({ code: "model_unavailable", detail: "none", retry_after: 7 });
  });

  it("is another turn for another owner", async () => {
    const { a, b } = await two();
    await begunAt(a, "hers");
    const other = b.read({ ...turn, user: "zoë" });
    begin(await b.chat.begun(1), "not hers");
    b.chat.runs[0]?.end();
    await (await other).over;
    expect((await other).shown).toBe("not hers");
  });

  it("runs on without its own reader while somebody follows elsewhere, and has its grace when they leave", async () => {
    const { clock, a, b } = await two();
    const { run, reader } = await begunAt(a, "one ");
    const there = await b.read(turn);
    await there.has(2);
    reader.leave();
    for (let s = 0; s < 3; s += 1) await clock.advance(GRACE_MS / 2);
    run.say("two");
    await there.has(3);
    expect(run.request.signal.aborted).toBe(false);
    there.leave();
    // Without any time going by: the grace is that of the runner, and begins now.
    await vi.waitFor(() => expect(b.member.said.at(-1)?.message).toMatchObject({ kind: "leave" }), { timeout: 20_000 });
    await clock.advance(GRACE_MS - 1_000);
    expect(run.request.signal.aborted).toBe(false);
    await eventually(clock, () => expect(run.request.signal.aborted).toBe(true));
    expect(b.chat.runs).toHaveLength(0);
  });

  it("is left by a follower that is no more", async () => {
    const { clock, a, b } = await two();
    const { run, reader } = await begunAt(a, "one ");
    const there = await b.read(turn);
    await there.has(2);
    reader.leave();
    await b.kill();
    await clock.advance(GRACE_MS);
    expect(run.request.signal.aborted).toBe(false);
    await clock.advance(5_000);
    expect(run.request.signal.aborted).toBe(true);
  });

  it("is stopped from any process, and from none when it does not run", async () => {
    const { clock, a, b } = await two();
    const { run, reader } = await begunAt(a, "half");
    const stop = (user: string) => postJson(`${b.url}/api/v1/turns/t1/stop`, { user });
    const wrong = stop("zoë");
    await eventually(clock, () => expect(b.member.said.some(({ topic }) => topic === "turns/stop")).toBe(true));
    await clock.advance(500);
    expect(await (await wrong).json()).toEqual({ stopped: false });
    expect(run.request.signal.aborted).toBe(false);
    expect(await (await stop("guest")).json()).toEqual({ stopped: true });
    await reader.over;
    expect(names(reader)).toBe("meta token error");
    expect(run.request.signal.aborted).toBe(true);
  });
});

describe("fault 54: the process that runs a turn", () => {
  it("is killed: whoever follows it elsewhere runs the turn anew, with a new meta", async () => {
    const { clock, a, b } = await two();
    const { reader } = await begunAt(a, "half of ");
    const there = await b.read(turn);
    await there.has(2);
    await a.kill();
    await eventually(clock, () => expect(b.chat.runs).toHaveLength(1));
    begin(await b.chat.begun(1), "the whole");
    b.chat.runs[0]?.end();
    await there.over;
    expect(names(there)).toBe("meta token meta token done");
    expect(there.shown).toBe("the whole");
    expect(new Set(there.events.map(({ id }) => id)).size).toBe(5);
    expect(there.events[0]).toEqual(reader.events[0]);
  });

  it("ends in good order: whoever follows it runs the turn anew without waiting for its silence", async () => {
    const { clock, a, b } = await two();
    const { reader } = await begunAt(a, "half");
    const there = await b.read(turn);
    await there.has(2);
    const closed = a.close(1_000);
    await clock.advance(1_000);
    await reader.over;
    expect(await closed).toBe(false);
    expect(reader.events.at(-1)).toMatchObject({ event: "error", data: { code: "shutting_down" } });
    const before = clock.now();
    await eventually(clock, () => expect(b.chat.runs).toHaveLength(1));
    expect(clock.now() - before).toBeLessThan(3_000);
    begin(await b.chat.begun(1), "whole");
    b.chat.runs[0]?.end();
    await there.over;
    expect(there.shown).toBe("whole");
  });
});

describe("fault 40: processes that cannot hear one another", () => {
  it.each(["cut", "frozen"] as const)(
    "%s: the end comes from the store, without running the turn twice",
    async (link) => {
      const { clock, a, b } = await two();
      const { run, reader } = await begunAt(a, "half ");
      const there = await b.read(turn);
      await there.has(2);
      b.member.setLink(link);
      run.say("whole");
      run.end({ reply: "half whole" });
      await reader.over;
      await eventually(clock, () => expect(there.events.at(-1)?.event).toBe("done"));
      expect(there.shown).toBe("half whole");
      expect(b.chat.runs).toHaveLength(0);
    },
  );

  it("go on where it broke when they hear one another again, and nothing is lost or said twice", async () => {
    const { clock, a, b } = await two();
    const { run, reader } = await begunAt(a, "one ");
    const there = await b.read(turn);
    await there.has(2);
    b.member.setLink("frozen");
    run.say("two ");
    await clock.advance(500);
    b.member.setLink("up");
    run.say("three ");
    await eventually(clock, () => expect(there.events).toHaveLength(4));
    run.end();
    await Promise.all([reader.over, there.over]);
    expect(there.events).toEqual(reader.events);
  });

  it("wait no longer for the other one's answer than the client does", async () => {
    const { clock, a, b } = await two();
    const { run } = await begunAt(a, "half");
    const asked = postJson(`${b.url}/api/v1/chat`, { ...turn, deadline_ms: 5_000 });
    await eventually(clock, () => expect(a.member.said.length).toBeGreaterThan(0));
    b.member.setLink("cut");
    await clock.advance(10_000);
    const answer = await asked;
    expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
    run.end();
  });
});

describe("what goes between processes", () => {
  it("is cut into messages of less than 256 KB, whatever the text", async () => {
    const { a, b } = await two();
    const long = '\u0001好\ud83d\ude00\ud800\\"'.repeat(12_000);
    const { run, reader } = await begunAt(a, long);
    const there = await b.read(turn);
    await there.has(2);
    run.end({ reply: long });
    await Promise.all([reader.over, there.over]);
    expect(there.events).toEqual(reader.events);
    const sizes = a.member.said.map(({ message }) => Buffer.byteLength(JSON.stringify(message)));
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(sizes.length).toBeGreaterThan(4);
  });

  it("is the end alone when there was too much before", async () => {
    const { a, b } = await two();
    const { run, reader } = await begunAt(a);
    for (let piece = 0; piece < 9; piece += 1) {
      run.say("x".repeat(100_000));
      await reader.has(piece + 2);
    }
    const [stream, whole] = [b.read(turn), postJson(`${b.url}/api/v1/chat`, turn)];
    expect((await stream).status).toBe(409);
    run.end();
    expect(await (await whole).json()).toMatchObject({ reply: "hi" });
    expect(b.chat.runs).toHaveLength(0);
  });

  it("counts as readers of the turn, eight in all", async () => {
    const { processes } = await startProcesses(9);
    const [a, ...others] = processes as [MemberProcess, ...MemberProcess[]];
    const { run } = await begunAt(a, "one");
    const reading = others.map((other) => other.read(turn));
    // The first reader and seven processes; who comes last is told so.
    const last = await Promise.race(reading.map(async (reader) => ((await reader).status === 429 ? reader : never())));
    expect(last.headers.get("retry-after")).toBe("1");
    run.end();
    const streams = await Promise.all(reading);
    await Promise.all(streams.map(({ over }) => over));
    expect(streams.map((stream) => names(stream)).sort()).toEqual([
      "",
      ...others.slice(1).map(() => "meta token done"),
    ]);
  });

  it("is not heard when it is not ours", async () => {
    const { a, b } = await two();
    const { run, reader } = await begunAt(a, "one");
    const there = await b.read(turn);
    await there.has(2);
    const [follow] = a.member.said.map(({ message }) => (message as { readonly follow: string }).follow);
    if (follow === undefined) throw new Error("nothing was said");
    for (const message of [null, 1, "x", [], {}, { kind: "part" }, { kind: "later", follow }]) {
      a.member.publish(`turns/${b.member.instance}`, message);
      b.member.publish(`turns/${a.member.instance}`, message);
    }
    // Of a following of its own, but in words that are not known.
    a.member.publish(`turns/${b.member.instance}`, { kind: "part", follow, n: 2, text: "{", more: false });
    run.say("two");
    run.end();
    await Promise.all([reader.over, there.over]);
    expect(there.events).toEqual(reader.events);
  });
});

const never = () => new Promise<never>(() => {});
