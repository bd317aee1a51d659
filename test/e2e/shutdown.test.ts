import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClient } from "../../src/rehearsal/client.ts";
import { readStream, type StreamReader } from "../server/stream-reader.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { spawnServer, startServerProcess } from "./server-process.ts";
import { type SplitModel, startSplitModel } from "./split-model.ts";

const QUESTION = "How long do I have to return something?";
const turn = { message: QUESTION, turn_id: "t1" };
const patience = { timeout: 60_000, interval: 10 };

// A process takes a second to start, and many on a machine that has much else to do.
vi.setConfig({ testTimeout: 120_000 });

async function rig(fault: string | undefined) {
  const directory = mkdtempSync(join(tmpdir(), "understudy-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const model = await startSplitModel();
  model.writer.fault(fault);
  const environment = {
    GRAPH_ENGINE: "sequential",
    LLM_MODEL: "a",
    LLM_BASE_URL: model.url,
    LLM_TIMEOUT_SECONDS: "300",
    LLM_FIRST_TOKEN_SECONDS: "300",
    LLM_IDLE_SECONDS: "300",
    REQUEST_TIMEOUT_SECONDS: "300",
  };
  const start = (graceMs?: number, more: Readonly<Record<string, string>> = {}) =>
    startServerProcess({
      directory,
      environment: { ...environment, ...more },
      ...(graceMs !== undefined && { graceMs }),
    });
  return { directory, model, start };
}

/** A reader of the turn, whose model has said two pieces and is silent. */
async function stalled({ url }: { readonly url: string }, model: SplitModel): Promise<StreamReader> {
  // On a machine so busy that the first check of the model takes too long, a stand-in answers until the next one.
  await vi.waitFor(
    async () => expect((await createClient(url).health()).layers.llm).toMatchObject({ state: "ok", evidence: "probe" }),
    patience,
  );
  const reader = await readStream(url, turn);
  await reader.has(3);
  expect([model.writer.open, reader.events.at(-1)?.event], JSON.stringify(reader.events)).toEqual([1, "token"]);
  return reader;
}

const named = ({ events }: { readonly events: readonly { readonly event: string }[] }, name: string) =>
  events.filter(({ event }) => event === name);

describe("fault 56: SIGTERM in the middle of a stream", () => {
  it("is not ready at once, tells the client, lets the turn end, and ends with 0", async () => {
    const { model, start } = await rig("stall-2");
    const server = await start();
    const reader = await stalled(server, model);
    server.signal("SIGTERM");
    await vi.waitFor(() => expect(named(reader, "shutdown")).toHaveLength(1), patience);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    const refused = await fetch(`${server.url}/api/v1/sessions`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    // The model is gone for good, and what stands in ends the turn.
    await model.writer.close();
    await reader.over;
    expect(reader.events.at(-1)?.event).toBe("done");
    expect(await server.ended).toBe(0);
    const again = await start();
    const history = await createClient(again.url).history(String(reader.events[0]?.data["session_id"]));
    expect(history.map(({ reply }) => reply?.reply)).toEqual([reader.shown]);
    again.signal("SIGTERM");
    expect(await again.ended).toBe(0);
  });
});

describe("fault 57: a turn that does not end", () => {
  it("is cut off at the limit and kept as interrupted, the exit is not 0, and the same request runs it to its end", async () => {
    const { model, start } = await rig("stall-2");
    const server = await start(300);
    const reader = await stalled(server, model);
    server.signal("SIGTERM");
    await reader.over;
    expect(reader.events.at(-2)?.event).toBe("shutdown");
    expect(reader.events.at(-1)).toMatchObject({ event: "error", data: { code: "shutting_down" } });
    expect(await server.ended).toBe(1);
    model.writer.fault(undefined);
    const again = await start();
    const session = String(reader.events[0]?.data["session_id"]);
    const history = `${again.url}/api/v1/sessions/${session}`;
    expect(await (await fetch(history)).json()).toMatchObject({ items: [{ status: "interrupted", reply: null }] });
    const resumed = await readStream(again.url, turn, { "last-event-id": reader.events.at(-3)?.id ?? "" });
    await resumed.over;
    expect([resumed.events[0]?.event, resumed.events.at(-1)?.event]).toEqual(["meta", "done"]);
    expect(await (await fetch(history)).json()).toMatchObject({ turns: 1, items: [{ turn_id: "t1", status: "done" }] });
    again.signal("SIGTERM");
    expect(await again.ended).toBe(0);
  });

  it("is given up at the second signal, quickly and not with 0", async () => {
    const { model, start } = await rig("stall-2");
    const server = await start(300_000);
    await stalled(server, model);
    server.signal("SIGTERM");
    await server.says(/"draining"/);
    server.signal("SIGTERM");
    expect(await server.ended).toBe(1);
  });
});

describe("a process that ends for other reasons", () => {
  it("SIGTERM while it starts: never listens, ends with 0, and leaves the directory to the next one", async () => {
    const { directory, start } = await rig(undefined);
    const server = spawnServer({ directory, environment: { FAULTS: "store:slow(100)" } });
    await vi.waitFor(
      () => expect(readdirSync(directory).some((name) => name.startsWith("lock-"))).toBe(true),
      patience,
    );
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.log).not.toContain('"listening"');
    const next = await start();
    expect((await fetch(`${next.url}/readyz`)).status).toBe(200);
    next.signal("SIGINT");
    expect(await next.ended).toBe(0);
  });

  it("an error that nobody caught: logged, in order, and not with 0", async () => {
    const { model, start } = await rig("stall-2");
    const server = await start(300);
    const reader = await stalled(server, model);
    server.signal("SIGUSR2");
    await reader.over;
    expect(reader.events.slice(-2).map(({ event }) => event)).toEqual(["shutdown", "error"]);
    expect(await server.ended).toBe(1);
    expect(server.log).toMatch(/"level":60.*a defect that nobody caught/);
    expect(server.log).toContain('"closed"');
  });
});

describeWithRedis("fault 40: Redis is frozen when the server ends", () => {
  it("ends in order all the same, without waiting for it", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const { start } = await rig(undefined);
    const server = await start(undefined, { REDIS_URL: redis.url });
    expect((await createClient(server.url).chat({ message: QUESTION })).reply).not.toBe("");
    redis.stop();
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.log).not.toContain("not closed in time");
  });
});
