import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import type { Store } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { parseRedisUrl } from "../../../src/fallbacks/store/redis-address.ts";
import { createRedisListener } from "../../../src/fallbacks/store/redis-listener.ts";
import { freePort } from "../../support/free-port.ts";
import { startRedisCluster, startSentinelGroup } from "../../support/redis-group.ts";
import { describeWithRedis } from "../../support/redis-server.ts";
import { createRig, put, soon } from "./redis-rig.ts";

const KEY = "{understudy}:";
/** What the servers take to agree with each other. */
const settled = { timeout: 15_000, interval: 20 };

describeWithRedis("Redis as a group of servers", () => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  function closing<T extends { close(): Promise<unknown> }>(each: T): T {
    open.push(each);
    return each;
  }
  /** A store that is connected, so that a busy machine is not taken for servers that are away. */
  async function storeAt(url: string): Promise<Store> {
    const store = unconnected(url);
    await vi.waitFor(() => store.probe?.(soon()), settled);
    return store;
  }
  function unconnected(url: string): Store {
    const store = createRedisStore({ url, clock: systemClock, silenceMs: 5_000 });
    open.push({ close: async () => store.close?.() });
    return store;
  }
  const save = (store: Store, key: string) => store.commit({ id: key, writes: [put(key, key)] }, soon());
  const turns = async (store: Store) =>
    (await store.list({ collection: "turns", limit: 100 }, soon())).map(({ key }) => key);

  it("fault 41: the master behind sentinels dies, its replica takes over, and nothing acknowledged is lost", async () => {
    const group = closing(await startSentinelGroup());
    const rig = closing(createRig(group.url));
    await vi.waitFor(() => rig.remote.probe?.(soon()), settled);
    expect(await rig.save("a")).toBe("applied by redis");
    await group.master.kill();
    expect(await rig.save("b")).toMatch(/^applied by/);
    await vi.waitFor(
      () => expect(rig.access.status()).toMatchObject({ state: "ok", by: "redis", backlog: null }),
      settled,
    );
    expect(await rig.save("c")).toBe("applied by redis");
    const expected = ["a", "b", "c"].map((key) => ({ key, value: key, version: 1 }));
    expect(await rig.turns(rig.remote)).toEqual(expected);
    expect(await rig.turns(await storeAt(`redis://127.0.0.1:${group.replica.port}`))).toEqual(expected);
  });

  it("finds the master anew when it has become a replica, with the same call", async () => {
    const group = closing(await startSentinelGroup({ password: "the secret/@" }));
    // The first one is away: the others are asked all the same.
    const store = await storeAt(group.url.replace("@127", `@127.0.0.1:${await freePort()},127`));
    await save(store, "a");
    const cli = ["-a", "the secret/@", "--no-auth-warning"];
    const has = async (count: string) =>
      expect(await group.replica.command(...cli, "HLEN", `${KEY}records:turns`)).toBe(count);
    await vi.waitFor(() => has("1"), settled);
    // As after a failover, but nobody cuts the connection: the master that was says READONLY.
    await group.replica.command(...cli, "REPLICAOF", "NO", "ONE");
    await group.master.command(...cli, "REPLICAOF", "127.0.0.1", String(group.replica.port));
    await group.sentinel.command("SENTINEL", "REMOVE", "main");
    await group.sentinel.command("SENTINEL", "MONITOR", "main", "127.0.0.1", String(group.replica.port), "1");
    // Each of many that are under way finds it, and none of them is cut off by another.
    const keys = Array.from({ length: 20 }, (_, index) => `b${index}`);
    expect(await Promise.all(keys.map((key) => save(store, key)))).toEqual(keys.map(() => ({ status: "applied" })));
    expect(await turns(store)).toEqual(["a", ...keys.sort()]);
    await has("21");
  });

  it("says which master the sentinels do not know, and that none of them answers", async () => {
    const group = closing(await startSentinelGroup());
    const other = unconnected(group.url.replace("/main", "/other"));
    const unknown = { errorClass: "server", message: 'Redis: a sentinel knows no master with the name "other"' };
    await vi.waitFor(() => expect(save(other, "a")).rejects.toMatchObject(unknown), settled);
    await group.sentinel.kill();
    await expect(save(other, "a")).rejects.toMatchObject({ errorClass: "network" });
  });

  it("takes no replica for a master, whatever a sentinel says", async () => {
    const group = closing(await startSentinelGroup());
    await group.sentinel.command("SENTINEL", "REMOVE", "main");
    await group.sentinel.command("SENTINEL", "MONITOR", "main", "127.0.0.1", String(group.replica.port), "1");
    const store = unconnected(group.url);
    const refused = { errorClass: "server", message: "Redis: the server that was named as the master is a slave" };
    await vi.waitFor(() => expect(save(store, "a")).rejects.toMatchObject(refused), settled);
  });

  it("uses the node of a cluster that has its keys, also when they move and when a node dies", async () => {
    const cluster = closing(await startRedisCluster());
    const store = await storeAt(cluster.url);
    await save(store, "a");
    const owner = await cluster.ownerOf(KEY);
    expect(await owner.command("HLEN", `${KEY}records:turns`)).toBe("1");
    const [target, third] = cluster.nodes.filter((node) => node !== owner);
    if (!target || !third) throw new Error("a cluster has three nodes");
    const finish = await cluster.move(KEY, target);
    // In the middle of it neither node can do the whole: it is refused, and nothing has been done.
    await expect(save(store, "b")).rejects.toMatchObject({ errorClass: "server", message: /ASK|TRYAGAIN/ });
    await finish();
    expect(await save(store, "b")).toEqual({ status: "applied" });
    expect(await turns(store)).toEqual(["a", "b"]);
    expect(await target.command("HLEN", `${KEY}records:turns`)).toBe("2");
    // A URL with one node is enough, and one that does not have the keys may be frozen.
    expect(await turns(await storeAt(`redis-cluster://127.0.0.1:${third.port}`))).toEqual(["a", "b"]);
    third.stop();
    expect(await save(await storeAt(cluster.url), "c")).toEqual({ status: "applied" });
    third.cont();
    await owner.kill();
    expect(await turns(await storeAt(cluster.url))).toEqual(["a", "b", "c"]);
    // Where nobody is left that has the keys, somebody tells so.
    await target.kill();
    await expect(turns(store)).rejects.toMatchObject({ errorClass: expect.stringMatching(/network|timeout|server/) });
  });

  it("hears in a cluster what was published at another node, and is back when its own node is", async () => {
    const cluster = closing(await startRedisCluster());
    const heard: string[] = [];
    const listener = closing(
      createRedisListener({
        address: parseRedisUrl(cluster.url),
        tag: "{understudy}",
        channels: ["news"],
        clock: systemClock,
        random: () => 0.5,
        onMessage: (_channel, text) => heard.push(text),
        onUp: () => {},
        onDown: () => {},
      }),
    );
    const owner = await cluster.ownerOf(KEY);
    const other = cluster.nodes.find((node) => node !== owner);
    const hears = async (text: string) => {
      await vi.waitFor(() => expect(listener.connected).toBe(true), settled);
      // The nodes may have to find each other first.
      await vi.waitFor(async () => {
        await other?.command("PUBLISH", "news", text);
        expect(heard).toContain(text);
      }, settled);
    };
    await hears("first");
    await owner.restart();
    await hears("second");
  });
});
