import { connect } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Problem } from "../../src/problems.ts";
import { begin, begun, GRACE_MS, KEPT_MS, names, rig, turn } from "./followed-turn.ts";
import { postJson } from "./test-server.ts";

describe("fault 58: a client that is cut off", () => {
  it("has ten seconds to come back for the rest of a turn with an id of its own", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "one ");
    await server.lose(reader);
    run.say("two ");
    await server.clock.advance(GRACE_MS - 1);
    expect(run.request.signal.aborted).toBe(false);
    const back = await server.after(reader.events.at(-1)?.id);
    await server.clock.advance(2 * GRACE_MS);
    expect(run.request.signal.aborted).toBe(false);
    run.say("three");
    run.end();
    await back.over;
    expect([names(back), back.shown]).toEqual(["token token done", "two three"]);
    expect(server.chat.runs).toHaveLength(1);
  });

  it("has its turn aborted when it stays away, and coming back later begins anew", async () => {
    const server = await rig({ turnsAtOnce: 1 });
    const { run, reader } = await begun(server, "half");
    await server.lose(reader);
    // The turn runs on, so its place is taken.
    expect((await server.read({ message: "another" })).status).toBe(429);
    await server.clock.advance(GRACE_MS);
    expect(run.request.signal.aborted).toBe(true);
    const back = server.after(reader.events.at(-1)?.id);
    begin(await server.chat.begun(2), "whole");
    server.chat.runs[1]?.end();
    await (await back).over;
    expect([names(await back), (await back).shown]).toEqual(["meta token done", "whole"]);
    expect((await back).events[0]?.id).not.toBe(reader.events[0]?.id);
  });

  it("has its turn aborted at once when nobody could come back for it", async () => {
    const server = await rig();
    const reading = server.read({ message: "hi" });
    const run = await server.chat.begun(1);
    begin(run, "half");
    await server.lose(await reading);
    expect(run.request.signal.aborted).toBe(true);
    expect(server.clock.pending).toBe(0);
  });

  it("leaves the turn to those who still read it", async () => {
    const server = await rig();
    const { run, reader } = await begun(server);
    const other = await server.read();
    await server.lose(reader);
    await server.clock.advance(2 * GRACE_MS);
    run.say("still here");
    run.end();
    await other.over;
    expect(other.shown).toBe("still here");
  });

  it("gets the end of a turn that ended meanwhile, for a minute; then the turn is asked again", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "one ", "two");
    const first = reader.events[1]?.id;
    await server.lose(reader);
    run.end();
    await server.clock.advance(KEPT_MS - 1);
    const back = await server.after(first);
    await back.over;
    expect([names(back), back.shown]).toEqual(["token done", "two"]);
    const again = await server.after(back.events.at(-1)?.id);
    await again.over;
    expect(again.events).toEqual(back.events.slice(1));
    await server.clock.advance(1);
    const late = server.after(first);
    begin(await server.chat.begun(2), "saved");
    server.chat.runs[1]?.end();
    await (await late).over;
    expect([names(await late), (await late).shown]).toEqual(["meta token done", "saved"]);
  });

  it("asks the store for a turn that has ended when it has no part of it", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "one");
    run.end();
    await reader.over;
    const again = server.read();
    begin(await server.chat.begun(2), "saved");
    server.chat.runs[1]?.end();
    await (await again).over;
    expect((await again).shown).toBe("saved");
  });

  it("hears of a failure that it has missed, and tries again when it has heard of it", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "half");
    const seen = reader.events[0]?.id;
    await server.lose(reader);
    run.fail(new Problem("deadline_exceeded", "late"));
    await server.clock.advance(0);
    expect(server.log.lines.filter(({ message }) => message === "not served")).toHaveLength(1);
    const back = await server.after(seen);
    await back.over;
    expect([back.status, names(back)]).toEqual([200, "token error"]);
    const anew = server.after(back.events.at(-1)?.id);
    begin(await server.chat.begun(2), "whole");
    server.chat.runs[1]?.end();
    await (await anew).over;
    expect(names(await anew)).toBe("meta token done");
    expect(server.log.lines.filter(({ message }) => message === "not served")).toHaveLength(1);
  });

  it("may ask for the whole answer instead, and waits for the same turn", async () => {
    const server = await rig();
    const { run, reader } = await begun(server, "half");
    await server.lose(reader);
    const whole = postJson(`${server.url}/api/v1/chat`, turn);
    await vi.waitFor(() => expect(server.clock.pending).toBe(0), { timeout: 20_000 });
    run.end();
    expect((await whole).status).toBe(200);
    expect(server.chat.runs).toHaveLength(1);
  });
});

describe("fault 59: a reader that does not read", () => {
  it("is cut off when 1 MiB waits for it, and its turn runs on as for any client that is cut off", async () => {
    const server = await rig();
    const body = JSON.stringify(turn);
    const socket = connect(server.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.pause();
    socket.write(
      `POST /api/v1/chat/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const run = await server.chat.begun(1);
    begin(run);
    const isCut = () => server.log.lines.some(({ fields }) => "complete" in fields && !fields.complete);
    // What the system's own buffers hold comes on top, so this goes on until it is cut, and at most to 64 MB.
    let sent = 0;
    for (; !isCut() && sent < 64_000_000; sent += 64_000) {
      run.say("x".repeat(64_000));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeGreaterThan(1024 * 1024);
    expect(isCut()).toBe(true);
    expect(run.request.signal.aborted).toBe(false);
    run.end();
    await server.clock.advance(2 * GRACE_MS);
    expect(run.request.signal.aborted).toBe(false);
  });
});
