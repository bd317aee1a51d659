import { randomBytes } from "node:crypto";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRedisCluster } from "../../src/cluster/redis-cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { begin, names, turn } from "../server/followed-turn.ts";
import { postJson } from "../server/test-server.ts";
import { type SavedTurns, startTurnProcess } from "../server/turn-processes.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";

const patience = { timeout: 60_000, interval: 10 };

vi.setConfig({ testTimeout: 90_000 });

/** Two servers on one real Redis, and a turn that the first one runs and both show. */
async function rig() {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const saved: SavedTurns = new Map();
  const [a, b] = await Promise.all([start(redis, saved), start(redis, saved)]);
  const reading = a.read(turn);
  const run = await a.chat.begun(1);
  begin(run, "one ");
  const reader = await reading;
  const there = await b.read(turn);
  await Promise.all([reader.has(2), there.has(2)]);
  return { redis, a, b, run, reader, there };
}

async function start(redis: RedisServer, saved: SavedTurns) {
  const errors: unknown[] = [];
  const cluster = createRedisCluster({
    url: redis.url,
    clock: systemClock,
    random: Math.random,
    instance: randomBytes(16).toString("hex"),
    report: (error) => errors.push(error),
  });
  onTestFinished(async () => {
    await cluster.close();
    expect(errors).toEqual([]);
  });
  await vi.waitFor(() => expect(cluster.connected).toBe(true), patience);
  return startTurnProcess({ cluster, clock: systemClock, saved });
}

describeWithRedis("turns that are followed over a real Redis", () => {
  it("are the same at both processes, and stop at either", async () => {
    const { a, b, run, reader, there } = await rig();
    run.say("two 好\ud83d\ude00".repeat(20_000));
    await there.has(3);
    const stopped = await postJson(`${b.url}/api/v1/turns/t1/stop`, {});
    expect(await stopped.json()).toEqual({ stopped: true });
    await Promise.all([reader.over, there.over]);
    expect(names(there)).toBe("meta token token error");
    expect(there.events.map(({ id }) => id)).toEqual(reader.events.map(({ id }) => id));
    expect(there.shown).toBe(reader.shown);
    expect([a.chat.runs.length, b.chat.runs.length]).toEqual([1, 0]);
  });

  it("fault 40: end by the store when Redis is frozen, and are run once", async () => {
    const { redis, b, run, reader, there } = await rig();
    redis.stop();
    run.say("two");
    run.end({ reply: "one two" });
    await reader.over;
    expect(reader.shown).toBe("one two");
    await there.over;
    expect([there.events.at(-1)?.event, there.shown]).toEqual(["done", "one two"]);
    expect(b.chat.runs).toHaveLength(0);
    redis.cont();
  });

  it("fault 41: go on when Redis was killed and started empty in the middle", async () => {
    const { redis, b, run, reader, there } = await rig();
    await redis.kill();
    run.say("two ");
    await redis.restart();
    await vi.waitFor(() => expect(there.events).toHaveLength(3), patience);
    run.say("three");
    run.end();
    await Promise.all([reader.over, there.over]);
    expect(there.shown).toBe("one two three");
    expect(b.chat.runs).toHaveLength(0);
  });
});
