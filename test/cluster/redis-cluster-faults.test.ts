import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createRedisCluster, type RedisCluster } from "../../src/cluster/redis-cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";

const WAIT = { timeout: 20_000, interval: 10 };

describeWithRedis("a cluster over a Redis that fails", () => {
  let redis: RedisServer;
  let open: RedisCluster[] = [];

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()));
    open = [];
    await redis.close();
  });

  function make(): RedisCluster {
    const cluster = createRedisCluster({
      url: redis.url,
      clock: systemClock,
      random: Math.random,
      instance: randomBytes(16).toString("hex"),
      report: () => {},
    });
    open.push(cluster);
    return cluster;
  }

  const isUp = (up: boolean) =>
    vi.waitFor(() => expect(open.map((each) => each.connected)).toEqual(open.map(() => up)), WAIT);

  /** How many answers come before a timer of 0 ms, which is set first: all of those that wait for nothing. */
  async function atOnce(cluster: RedisCluster): Promise<number> {
    let answered = 0;
    const asked = [cluster.claim("x", 1_000), cluster.alive("f".repeat(32)), cluster.kept("port/")];
    for (const each of asked) void each.then(() => (answered += 1));
    await new Promise((resolve) => setImmediate(resolve));
    return answered;
  }

  async function worksAgain([a, b]: readonly [RedisCluster, RedisCluster]): Promise<void> {
    const heard: Json[] = [];
    b.subscribe("news", (message) => void heard.push(message));
    a.publish("news", "back");
    await vi.waitFor(() => expect(heard).toEqual(["back"]), WAIT);
    expect(await a.claim(randomBytes(4).toString("hex"), 1_000)).toBe(true);
    await vi.waitFor(async () => expect(await b.alive(a.instance)).toBe(true), WAIT);
  }

  it("fault 39: frozen, it can tell nothing, soon at once; and it comes back by itself", async () => {
    const [a, b] = [make(), make()];
    await isUp(true);
    let returned = 0;
    a.onConnected(() => (returned += 1));
    redis.stop();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => a.claim(`${index}`, 1_000)));
    expect(answers).toEqual(answers.map(() => undefined));
    expect(a.connected).toBe(false);
    expect(await atOnce(a)).toBe(3);
    const { dropped } = a.counts;
    for (let i = 0; i < 1_000; i += 1) a.publish("news", "x".repeat(100_000));
    expect(a.counts.dropped).toBe(dropped + 1_000);
    redis.cont();
    await isUp(true);
    expect(returned).toBe(1);
    await worksAgain([a, b]);
  });

  it("fault 41: killed and started again with nothing, it goes on as before", async () => {
    const [a, b] = [make(), make()];
    await isUp(true);
    await a.claim("before", 60_000);
    a.keep("port/1/open", "text", 60_000);
    await redis.kill();
    await isUp(false);
    expect(await atOnce(a)).toBe(3);
    expect([await a.claim("x", 1_000), await a.alive(b.instance), await a.kept("port/")]).toEqual([
      undefined,
      undefined,
      new Map(),
    ]);
    await redis.restart();
    await isUp(true);
    await worksAgain([a, b]);
    expect(await a.kept("port/")).toEqual(new Map());
  });

  it("starts before Redis does, and finds it", async () => {
    await redis.kill();
    const [a, b] = [make(), make()];
    expect(await atOnce(a)).toBe(3);
    await redis.restart();
    await isUp(true);
    await worksAgain([a, b]);
  });

  it("a Redis that takes no writes can give no right, and what it says of others is not lost", async () => {
    const [a, b] = [make(), make()];
    await isUp(true);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await isUp(false);
    expect(await a.claim("x", 1_000)).toBeUndefined();
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await isUp(true);
    await worksAgain([a, b]);
  });

  it("says good-bye to a frozen Redis without waiting for it", async () => {
    const a = make();
    await isUp(true);
    redis.stop();
    await a.close();
    expect(a.connected).toBe(false);
    expect(await a.claim("x", 1_000)).toBeUndefined();
  });
});
