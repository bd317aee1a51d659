import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { parseRedisUrl } from "../../../src/fallbacks/store/redis-address.ts";
import { createRedisListener } from "../../../src/fallbacks/store/redis-listener.ts";
import { freePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";

/** What a machine that is busy with something else may need. */
const patient = { timeout: 15_000, interval: 20 };

describeWithRedis("a listener to what is published in Redis", () => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  function closing<T extends { close(): Promise<unknown> }>(each: T): T {
    open.push(each);
    return each;
  }

  function listenTo(url: string, clock = systemClock) {
    const heard: string[] = [];
    const downs: string[] = [];
    let ups = 0;
    const listener = closing(
      createRedisListener({
        address: parseRedisUrl(url),
        tag: "{understudy}",
        channels: ["one", "中"],
        clock,
        random: () => 0.5,
        onMessage: (channel, text) => heard.push(`${channel}: ${text}`),
        onUp: () => {
          ups += 1;
        },
        onDown: (error) => downs.push(error.errorClass),
      }),
    );
    return { listener, heard, downs, ups: () => ups };
  }
  const isUp = ({ listener }: ReturnType<typeof listenTo>) =>
    vi.waitFor(() => expect(listener.connected).toBe(true), patient);
  const isDown = ({ listener }: ReturnType<typeof listenTo>) =>
    vi.waitFor(() => expect(listener.connected).toBe(false), patient);
  async function hears(it: ReturnType<typeof listenTo>, server: RedisServer, text: string) {
    await server.command("PUBLISH", "中", text);
    await vi.waitFor(() => expect(it.heard.at(-1)).toBe(`中: ${text}`), patient);
  }

  it("hears its channels and no other, and nothing once it is closed", async () => {
    const server = closing(await startRedis());
    const it = listenTo(server.url);
    await isUp(it);
    await server.command("PUBLISH", "one", "first");
    await server.command("PUBLISH", "two", "not for us");
    await hears(it, server, "second 😀");
    expect(it.heard).toEqual(["one: first", "中: second 😀"]);
    expect(it.ups()).toBe(1);
    await it.listener.close();
    await isDown(it);
    await vi.waitFor(async () => expect(await server.command("PUBSUB", "NUMSUB", "one")).toBe("one\n0"), patient);
    expect(it.downs).toEqual([]);
    await it.listener.close();
  });

  it("is there by itself when Redis comes, goes and comes back, killed or frozen", async () => {
    const port = await freePort();
    const it = listenTo(`redis://127.0.0.1:${port}`);
    await vi.waitFor(() => expect(it.downs).toContain("network"), patient);
    expect(it.listener.connected).toBe(false);
    const server = closing(await startRedis({ port }));
    await isUp(it);
    await server.kill();
    await isDown(it);
    await server.restart();
    await isUp(it);
    await hears(it, server, "after the kill");
    server.stop();
    // Nothing tells that it is frozen but its silence.
    await isDown(it);
    server.cont();
    await isUp(it);
    await hears(it, server, "after the freeze");
    await server.command("CLIENT", "KILL", "TYPE", "pubsub");
    await vi.waitFor(() => expect(it.ups()).toBe(4), patient);
    await hears(it, server, "after it was cut off");
  });

  it("waits longer after each failure, up to 1.5 s, and asks nobody once it is closed", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closing({ close: async () => server.close() });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const clock = createManualClock();
    const it = listenTo(`redis://127.0.0.1:${address.port}`, clock);
    // With this chance, three quarters of each wait.
    for (const [attempt, waitMs] of [75, 150, 300, 600, 1_125, 1_125].entries()) {
      await vi.waitFor(() => expect(it.downs).toHaveLength(attempt + 1), patient);
      await clock.advance(waitMs - 1);
      expect(connections).toBe(attempt + 1);
      await clock.advance(1);
      await vi.waitFor(() => expect(connections).toBe(attempt + 2), patient);
    }
    await vi.waitFor(() => expect(it.downs).toHaveLength(7), patient);
    await it.listener.close();
    await clock.advance(60_000);
    expect(connections).toBe(7);
    expect(it.downs).toHaveLength(7);
  });
});
