import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { HealthReport } from "../../src/rehearsal/client-wire.ts";
import { readStream } from "../server/stream-reader.ts";
import { type ChildServer, startChildServer } from "../support/child-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";
import { type SplitModel, startSplitModel } from "./split-model.ts";

const QUESTION = "How long do I have to return something?";
const GRACE_MS = 10_000;
const patience = { timeout: 20_000, interval: 10 };

async function rig() {
  const clock = createManualClock();
  const model = await startSplitModel();
  model.writer.fault("stall-2");
  const app = await testApp(
    { clock },
    {
      GRAPH_ENGINE: "sequential",
      LLM_MODEL: "a",
      LLM_BASE_URL: model.url,
      // Far away: what ends here is ended by the client.
      REQUEST_TIMEOUT_SECONDS: "300",
      LLM_TIMEOUT_SECONDS: "300",
      LLM_IDLE_SECONDS: "300",
    },
  );
  const url = await app.listen();
  onTestFinished(async () => void (await app.close()));
  const llm = () => app.statuses().find(({ layer }) => layer === "llm");
  return { app, url, port: Number(new URL(url).port), model, clock, llm };
}

/** Sends the request as bytes, and keeps what comes back. */
function rawPost(port: number, body: object): { readonly socket: Socket; readonly text: () => string } {
  const json = JSON.stringify(body);
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  // A reset is what some of these tests do.
  socket.on("error", () => {});
  socket.write(
    `POST /api/v1/chat/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
  onTestFinished(() => void socket.destroy());
  return { socket, text: () => text };
}

/** Both pieces that the model sends have come, and it is silent. */
async function untilItStalls({ text }: { readonly text: () => string }, model: SplitModel): Promise<void> {
  await vi.waitFor(() => {
    expect(text().match(/^event: token$/gm)).toHaveLength(2);
    expect(model.writer.open).toBe(1);
  }, patience);
}

const upstreamIsGone = (model: SplitModel) => vi.waitFor(() => expect(model.writer.open).toBe(0), patience);

describe("fault 58: a client that disconnects", () => {
  it.each([
    ["closes", (socket: Socket) => void socket.destroy()],
    ["resets", (socket: Socket) => void socket.resetAndDestroy()],
  ])(
    "%s: the model's connection ends without any time passing, and nothing is held against it",
    async (_name, hangUp) => {
      const server = await rig();
      const { model, clock } = server;
      const client = rawPost(server.port, { message: QUESTION });
      await untilItStalls(client, model);
      const before = clock.now();
      hangUp(client.socket);
      await upstreamIsGone(model);
      expect(clock.now()).toBe(before);
      expect(server.llm()).toMatchObject({ state: "ok", breaker: { state: "closed", failures: 0 } });
      const session = /"session_id":"([^"]+)"/.exec(client.text())?.[1];
      await vi.waitFor(async () => {
        const history = await fetch(`${server.url}/api/v1/sessions/${session}`);
        expect(await history.json()).toMatchObject({ items: [{ status: "failed", reply: null }] });
      }, patience);
    },
  );

  it("with a turn id of its own has ten seconds to come back, to the same words and the same model", async () => {
    const server = await rig();
    const { model, clock } = server;
    const turn = { message: QUESTION, turn_id: "phone-1" };
    const client = rawPost(server.port, turn);
    await untilItStalls(client, model);
    const asked = model.asked;
    client.socket.resetAndDestroy();
    await clock.advance(GRACE_MS - 1_000);
    expect(model.writer.open).toBe(1);
    const seen = /^id: (\S+)$/gm.exec(client.text())?.[1] ?? "";
    const back = await readStream(server.url, turn, { "last-event-id": seen });
    await back.has(2);
    expect(back.events.map(({ event }) => event)).toEqual(["token", "token"]);
    expect(client.text()).toContain(`id: ${back.events[1]?.id}\n`);
    await clock.advance(2_000);
    expect([model.writer.open, model.asked]).toEqual([1, asked]);
    back.leave();
    await vi.waitFor(async () => {
      await clock.advance(GRACE_MS / 10);
      expect(model.writer.open).toBe(0);
    }, patience);
    expect(server.llm()).toMatchObject({ state: "ok", breaker: { state: "closed", failures: 0 } });
  });

  it("ends the model's connection also when it says that it does not want the rest", async () => {
    const server = await rig();
    const client = rawPost(server.port, { message: QUESTION, turn_id: "tab-1" });
    await untilItStalls(client, server.model);
    client.socket.destroy();
    const stopped = await fetch(`${server.url}/api/v1/turns/tab-1/stop`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await stopped.json()).toEqual({ stopped: true });
    await upstreamIsGone(server.model);
  });
});

describe("fault 63: the event loop is blocked", () => {
  it("in the middle of an answer, for longer than a model may be silent: the model is not blamed, and answers", async () => {
    const model = await startModelProcess();
    const app = await testApp(
      { clock: systemClock },
      {
        GRAPH_ENGINE: "sequential",
        LLM_MODEL: "a",
        LLM_BASE_URL: model.url,
        LLM_TIMEOUT_SECONDS: "1",
        REQUEST_TIMEOUT_SECONDS: "30",
      },
    );
    const url = await app.listen();
    onTestFinished(async () => void (await app.close()));
    const reader = await readStream(url, { message: QUESTION });
    await reader.has(3);
    // Nothing runs here meanwhile, while the model, a process of its own, sends all that it has.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    await reader.over;
    expect(reader.events.at(-1)).toMatchObject({ event: "done", data: { served_by: "primary", degradation: [] } });
    expect(reader.events.some(({ event }) => event === "restart")).toBe(false);
    const health = (await (await fetch(`${url}/health`)).json()) as HealthReport;
    expect(health.layers.llm).toMatchObject({ state: "ok" });
    expect(app.statuses().find(({ layer }) => layer === "llm")?.breaker).toMatchObject({
      state: "closed",
      failures: 0,
    });
  }, 60_000);
});

/** A model that takes its time over every piece, in a process of its own. */
async function startModelProcess(): Promise<ChildServer> {
  const child = await startChildServer("test/support/fake-model-child.ts", 0, ["drip-20"]);
  onTestFinished(() => child.kill());
  return child;
}
