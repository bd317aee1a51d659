import { randomBytes } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { createRedisCluster } from "../../src/cluster/redis-cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { collections, type Store } from "../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../src/fallbacks/store/redis.ts";
import { createRig, put, soon } from "../fallbacks/store/redis-rig.ts";
import { startRedisCluster, startSentinelGroup } from "../support/redis-group.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";
import { asUser, denied, urlFor, user, userArgs } from "./rights.ts";

const WAIT = { timeout: 20_000, interval: 20 };

const allowed = user.filter((word) => word.startsWith("+")).map((word) => word.slice(1).toLowerCase());
/** What only a group of servers is asked. */
const inGroups = ["role", "cluster|keyslot", "cluster|slots"];

async function usedCommands(redis: RedisServer): Promise<readonly string[]> {
  const stats = await redis.command("INFO", "commandstats");
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].flatMap(([, name, calls]) =>
    name !== undefined && Number(calls) > 0 ? [name] : [],
  );
}

const manyOperations = 'for id = 1, 60000 do redis.call("ZADD", KEYS[1], id, "old " .. id) end';

describeWithRedis("a Redis user with the rights of the manual", () => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  function closing<T extends { close(): Promise<unknown> }>(each: T): T {
    open.push(each);
    return each;
  }

  /** With all that the two ports to Redis can do. */
  async function useEverything(url: string): Promise<void> {
    const store = createRedisStore({ url, clock: systemClock, silenceMs: 5_000, onWarning: () => {} });
    open.push({ close: async () => store.close?.() });
    await vi.waitFor(() => store.probe?.(soon()), WAIT);
    await useStore(store);
    const [one, two] = [await clusterAt(url), await clusterAt(url)];
    const heard: unknown[] = [];
    two.subscribe("news", (message) => heard.push(message));
    one.publish("news", 1);
    await vi.waitFor(() => expect(heard).toEqual([1]), WAIT);
    expect(await one.claim("right", 10_000)).toBe(true);
    expect(await two.alive(one.instance)).toBe(true);
    one.keep("port/1", "text", 60_000);
    one.keep("port/2", "text", 60_000);
    one.keep("port/2", null, 0);
    // The name of a text that has gone is forgotten by whoever reads.
    await vi.waitFor(async () => expect([...(await two.kept("port/")).keys()]).toEqual(["port/1"]), WAIT);
    await Promise.all([one.close(), two.close()]);
  }

  async function useStore(store: Store): Promise<void> {
    for (const collection of collections) {
      const write = { ...put("a", collection), collection };
      await store.commit({ id: `put ${collection}`, writes: [write, { ...write, key: "b" }] }, soon());
      expect((await store.get(collection, "a", soon()))?.value).toBe(collection);
      for (const reverse of [false, true]) {
        expect(await store.list({ collection, limit: 10, reverse }, soon())).toHaveLength(2);
      }
      const remove = { kind: "delete", collection, key: "a" } as const;
      await store.commit({ id: `delete ${collection}`, writes: [remove] }, soon());
    }
    expect(await store.graves({ collection: "turns", limit: 10 }, soon())).toHaveLength(1);
    expect(await store.look([{ collection: "turns", key: "a" }], soon())).toMatchObject([{ version: 2 }]);
    await store.commit({ id: "over a grave", writes: [put("a", "again")] }, soon());
    expect(await store.forgetGraves(Date.now() + 60_000, 1_000, soon())).toBeGreaterThan(0);
  }

  async function clusterAt(url: string) {
    const instance = randomBytes(16).toString("hex");
    const cluster = closing(
      createRedisCluster({ url, clock: systemClock, random: Math.random, instance, report: () => {} }),
    );
    await vi.waitFor(() => expect(cluster.connected).toBe(true), WAIT);
    return cluster;
  }

  it("is denied nothing, and may do nothing that is not needed", async () => {
    const redis = closing(await startRedis({ args: userArgs }));
    // So many that the oldest ones are forgotten at the next operation.
    await redis.command("-n", "1", "EVAL", manyOperations, "1", "{understudy}:operations");
    await redis.command("CONFIG", "RESETSTAT");
    await useEverything(urlFor(redis));
    expect(await denied(redis)).toBe("");
    const used = new Set(await usedCommands(redis));
    expect(allowed.filter((right) => !used.has(right))).toEqual(inGroups);
  });

  it("is told what is missing, in a script too", async () => {
    const redis = closing(await startRedis({ args: userArgs }));
    await redis.command("ACL", "SETUSER", "understudy", "-hset");
    const store = closing(createRig(urlFor(redis))).remote;
    const saving = store.commit({ id: "a", writes: [put("a", 1)] }, soon());
    await expect(saving).rejects.toMatchObject({ errorClass: "auth", message: /NOPERM|user executing the script/ });
  });

  it("is denied nothing when Redis comes back with what it had, and without", async () => {
    const redis = closing(await startRedis({ args: ["--appendonly", "yes", ...userArgs] }));
    const rig = closing(createRig(urlFor(redis)));
    const mended = () =>
      vi.waitFor(() => expect(rig.access.status()).toMatchObject({ by: "redis", backlog: null }), WAIT);
    await vi.waitFor(() => rig.remote.probe?.(soon()), WAIT);
    expect(await rig.save("before")).toBe("applied by redis");
    await redis.kill();
    expect(await rig.save("meanwhile")).toBe("applied by embedded");
    await redis.restart();
    await mended();
    await redis.restart(["--appendonly", "no", ...userArgs]);
    await rig.save("to an empty one");
    await mended();
    await vi.waitFor(async () => expect(await rig.turns(rig.remote)).toHaveLength(3), WAIT);
    expect(await denied(redis)).toBe("");
  });

  it("is enough behind sentinels", async () => {
    const group = closing(await startSentinelGroup());
    const servers = [group.master, group.replica];
    for (const server of servers) await server.command("ACL", "SETUSER", ...user);
    await useEverything(asUser(group.url));
    for (const server of servers) expect(await denied(server)).toBe("");
  });

  it("is enough in a cluster", async () => {
    const group = closing(await startRedisCluster());
    for (const node of group.nodes) await node.command("ACL", "SETUSER", ...user);
    await useEverything(asUser(group.url));
    for (const node of group.nodes) expect(await denied(node)).toBe("");
  });
});
