import { describe, expect, it } from "vitest";
import { Problem } from "../../src/problems.ts";
import { begin, begun, names, rig, turn } from "./followed-turn.ts";
import { keyOf, postJson } from "./test-server.ts";

describe("a turn that is followed by more than one request", () => {
  it("gives the rest after Last-Event-ID and goes on live, with the same ids and without a second meta", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "one ", "two ");
    const second = await server.after(reader.events[1]?.id);
    run.say("three");
    run.end();
    await Promise.all([reader.over, second.over]);
    expect(names(reader)).toBe("meta token token token done");
    expect(second.events).toEqual(reader.events.slice(2));
    expect(new Set(reader.events.map(({ id }) => id)).size).toBe(5);
    expect(server.chat.runs).toHaveLength(1);
  });

  it("gives everything without Last-Event-ID, and with an id of another run", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "one ");
    const foreign = ["2", "deadbeef-2", `${reader.events[0]?.id}0`, "x", "0"].map((id) => server.after(id));
    const others = await Promise.all([server.read(), ...foreign]);
    run.say("two");
    run.end();
    await Promise.all([reader.over, ...others.map(({ over }) => over)]);
    for (const { events } of others) expect(events).toEqual(reader.events);
  });

  it("fault 61: runs a turn once that is posted twice, whole or streamed, and answers both the same", async () => {
    const server = await rig();
    const posts = [postJson(`${server.url}/api/v1/chat`, turn), postJson(`${server.url}/api/v1/chat`, turn)];
    const run = await server.chat.begun(1);
    begin(run, "one");
    const stream = await server.read();
    run.end({ servedBy: "primary" });
    const answers = await Promise.all(posts.map(async (post) => (await post).json()));
    await stream.over;
    expect(answers[0]).toMatchObject({ reply: "hi", served_by: "primary" });
    expect(answers[1]).toEqual(answers[0]);
    expect(stream.events.at(-1)?.data).toEqual(answers[0]);
    expect(server.chat.runs).toHaveLength(1);
  });

  it("is refused with another message or session, and is another turn for another user or key", async () => {
    const server = await rig({ authMode: "required" });
    const keyed = (body: object, key = "user") => server.read(body, { "x-api-key": keyOf(key) });
    const reading = keyed(turn);
    const run = await server.chat.begun(1);
    begin(run);
    const reader = await reading;
    expect((await keyed({ ...turn, message: "other" })).status).toBe(409);
    expect((await keyed({ ...turn, session_id: "ses_2" })).status).toBe(409);
    const same = await keyed({ ...turn, session_id: "ses_1" });
    const other = keyed({ ...turn, user: "zoë" });
    begin(await server.chat.begun(2), "not hers");
    server.chat.runs[1]?.end();
    run.end();
    await Promise.all([reader.over, same.over, (await other).over]);
    expect([reader.status, same.status]).toEqual([200, 200]);
    expect(same.events).toEqual(reader.events);
    expect((await other).shown).toBe("not hers");
    expect(server.chat.runs).toHaveLength(2);
  });

  it("counts as one turn, and lets eight follow", async () => {
    const server = await rig({ turnsAtOnce: 1 });
    const { run } = await begun(server);
    const others = await Promise.all(Array.from({ length: 7 }, () => server.read()));
    expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 200));
    const ninth = await server.read();
    expect([ninth.status, ninth.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await server.read({ message: "hi" })).status).toBe(429);
    run.end();
  });

  it("cannot be joined while it runs when its events are too many to keep, and is asked again afterwards", async () => {
    const server = await rig();
    const { run, reader } = await begun(server);
    for (let piece = 0; piece < 9; piece += 1) {
      run.say("x".repeat(100_000));
      await reader.has(piece + 2);
    }
    const early = await server.after(reader.events[0]?.id);
    expect(early.status).toBe(409);
    run.end();
    await reader.over;
    const late = server.after(reader.events[1]?.id);
    begin(await server.chat.begun(2), "whole");
    server.chat.runs[1]?.end();
    await (await late).over;
    expect([names(await late), (await late).shown]).toEqual(["meta token done", "whole"]);
  });
});

describe("POST /api/v1/turns/{turn_id}/stop", () => {
  const stop = (url: string, id: string, body: object = {}) => postJson(`${url}/api/v1/turns/${id}/stop`, body);

  it("ends a turn at once, says so to who reads it, and lets it be run anew", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "half");
    expect(await (await stop(server.url, "t1", { user: "somebody else" })).json()).toEqual({ stopped: false });
    expect(run.request.signal.aborted).toBe(false);
    expect(await (await stop(server.url, "t1")).json()).toEqual({ stopped: true });
    expect(run.request.signal.aborted).toBe(true);
    await reader.over;
    expect(names(reader)).toBe("meta token error");
    expect(reader.events.at(-1)?.data).toMatchObject({ code: "turn_conflict", status: 409 });
    expect(await (await stop(server.url, "t1")).json()).toEqual({ stopped: false });
    const anew = server.read();
    begin(await server.chat.begun(2));
    server.chat.runs[1]?.end();
    await (await anew).over;
    expect(names(await anew)).toBe("meta done");
  });

  it("ends one whose client has gone, long before its ten seconds", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "half");
    await server.lose(reader);
    await stop(server.url, "t1");
    expect(run.request.signal.aborted).toBe(true);
    await server.clock.advance(0);
    expect(server.log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });
});

describe("a stream that waits", () => {
  it("beats while the turn has not begun, and its failure is an event from then on", async () => {
    const server = await rig();
    const reading = server.read({ message: "hi" });
    const run = await server.chat.begun(1);
    await server.clock.advance(10_000);
    const reader = await reading;
    run.fail(new Problem("model_unavailable", "none"));
    await reader.over;
    expect(reader.text.startsWith(": heartbeat\n\n")).toBe(true);
    expect([reader.status, names(reader)]).toEqual([200, "error"]);
  });
});
