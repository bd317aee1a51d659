import { describe, expect, it } from "vitest";
import { begin, rig } from "./followed-turn.ts";
import { postJson } from "./test-server.ts";

const key = (value: string) => ({ "idempotency-key": value });

describe("Idempotency-Key", () => {
  it("names the turn where the body does not: the same request is one turn, whole or streamed", async () => {
    const server = await rig();
    const post = postJson(`${server.url}/api/v1/chat`, { message: "hi" }, key("k1"));
    const run = await server.chat.begun(1);
    begin(run, "one");
    const streams = [
      await server.read({ message: "hi", turn_id: "k1" }, key("k1")),
      await server.read({ message: "hi" }, key("k1")),
    ];
    for (const stream of streams) await stream.has(2);
    run.end();
    const answer = await (await post).json();
    for (const stream of streams) {
      await stream.over;
      expect(stream.events.at(-1)?.data).toEqual(answer);
    }
    expect(run.request.turnId).toBe("k1");
    expect(server.chat.runs).toHaveLength(1);
  });

  it("is the same turn in both protocols", async () => {
    const server = await rig();
    const messages = [{ role: "user", content: "hi" }];
    const completion = postJson(`${server.url}/v1/chat/completions`, { model: "understudy", messages }, key("k1"));
    const run = await server.chat.begun(1);
    begin(run, "one");
    const stream = await server.read({ message: "hi" }, key("k1"));
    await stream.has(2);
    run.end();
    expect(await (await completion).json()).toMatchObject({ choices: [{ message: { content: "hi" } }] });
    await stream.over;
    expect(run.request.turnId).toBe("k1");
    expect(server.chat.runs).toHaveLength(1);
  });

  it.each([
    ["", "chat"],
    ["a b", "chat"],
    ["x".repeat(129), "chat/stream"],
    ["other", "chat/stream"],
  ])("is refused as %j, and the header is named", async (value, path) => {
    const server = await rig();
    const body = { message: "hi", ...(value === "other" && { turn_id: "t1" }) };
    const refused = await postJson(`${server.url}/api/v1/${path}`, body, key(value));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "invalid_request", field: "idempotency-key" });
    expect(server.chat.runs).toHaveLength(0);
  });

  it("for another message is a conflict while the first one runs", async () => {
    const server = await rig();
    const first = postJson(`${server.url}/api/v1/chat`, { message: "hi" }, key("k1"));
    const run = await server.chat.begun(1);
    const other = await postJson(`${server.url}/api/v1/chat`, { message: "another" }, key("k1"));
    expect(other.status).toBe(409);
    run.end();
    expect((await first).status).toBe(200);
  });
});
