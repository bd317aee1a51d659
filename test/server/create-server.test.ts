import { once } from "node:events";
import { ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { createHttpServer } from "../../src/server/create-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { openDeps } from "./open-deps.ts";
import { chatReply, echoChat, gate, postJson, startServer } from "./test-server.ts";

function server(chat = echoChat) {
  const clock = createManualClock();
  return { created: createHttpServer(openDeps({ chat, clock })), clock };
}

describe("createHttpServer", () => {
  it("gives requests the prototypes of express when they are born, so that nothing is swapped later", async () => {
    const swaps: boolean[] = [];
    const original = Object.setPrototypeOf;
    const { url } = await startServer();
    const spy = vi.spyOn(Object, "setPrototypeOf").mockImplementation((target: unknown, prototype: object | null) => {
      if (target instanceof ServerResponse) swaps.push(Object.getPrototypeOf(target) !== prototype);
      return original(target, prototype) as unknown;
    });
    await fetch(`${url}/livez`);
    spy.mockRestore();
    expect(swaps).toEqual([false]);
  });

  it("says so when the port is taken", async () => {
    const { port } = await startServer();
    await expect(server().created.listen(port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("lets a running turn end before it closes, answers probes meanwhile, and takes no new turn", async () => {
    const started = gate();
    const go = gate();
    const { created } = server({
      async run(request) {
        started.open();
        await go.opened;
        return chatReply(request);
      },
    });
    const { url } = await created.listen(0);
    const turn = postJson(`${url}/api/v1/chat`, { message: "last" });
    await started.opened;
    const closed = created.close();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const refused = await postJson(`${url}/api/v1/chat`, { message: "too late" });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "shutting_down", retry_after: 1 });
    go.open();
    const response = await turn;
    expect(response.status).toBe(200);
    expect(await closed).toBe(true);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it("is not held up by a request that never comes whole", async () => {
    const { created } = server({ run: async (request) => chatReply(request) });
    const { port, url } = await created.listen(0);
    const half = connect(port, "127.0.0.1");
    half.write(
      "POST /api/v1/chat HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    );
    // Another answer on a connection of its own: by then the half one has arrived.
    await fetch(`${url}/livez`);
    const ended = once(half, "close");
    half.on("error", () => {}).resume();
    expect(await created.close()).toBe(true);
    await ended;
  });

  it("is not held up by a connection that says nothing", async () => {
    const { created, clock } = server({ run: async (request) => chatReply(request) });
    const { port } = await created.listen(0);
    const silent = connect(port, "127.0.0.1");
    await once(silent, "connect");
    expect(await created.close()).toBe(true);
    expect(clock.pending).toBe(0);
    silent.destroy();
  });

  it("fault 57: cuts off what has not ended in time, and says so, also when the turn is deaf", async () => {
    const started = gate();
    let reason: unknown;
    const { created, clock } = server({
      run: ({ signal }) => {
        signal.addEventListener("abort", () => {
          ({ reason } = signal);
        });
        started.open();
        return new Promise(() => {});
      },
    });
    const { url } = await created.listen(0);
    const turn = postJson(`${url}/api/v1/chat`, { message: "hang" });
    await started.opened;
    const closed = created.close(1_000);
    await clock.advance(999);
    expect(reason).toBeUndefined();
    await clock.advance(1);
    const response = await turn;
    expect([response.status, response.headers.get("retry-after"), response.headers.get("connection")]).toEqual([
      503,
      "1",
      "close",
    ]);
    expect(await response.json()).toMatchObject({ code: "shutting_down", retry_after: 1 });
    // What the turn is told, so that it is kept as interrupted and not as failed.
    expect(reason).toMatchObject({ code: "shutting_down" });
    expect(await closed).toBe(false);
    expect(clock.pending).toBe(0);
  });
});
