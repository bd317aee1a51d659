import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createRedisCluster, type RedisCluster } from "../../src/cluster/redis-cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { createTurnLog } from "../../src/server/turn-log.ts";
import { cutFrame } from "../../src/server/turn-relay-messages.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";

const WAIT = { timeout: 20_000, interval: 10 };

describeWithRedis("a cluster over Redis", () => {
  let redis: RedisServer;
  let open: RedisCluster[] = [];
  const reported: unknown[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => void reported.splice(0));
  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()));
    open = [];
  });

  async function start(more: Partial<Parameters<typeof createRedisCluster>[0]> = {}): Promise<RedisCluster> {
    const cluster = createRedisCluster({
      url: redis.url,
      clock: systemClock,
      random: Math.random,
      instance: randomBytes(16).toString("hex"),
      report: (error) => void reported.push(error),
      ...more,
    });
    open.push(cluster);
    await vi.waitFor(() => expect(cluster.connected).toBe(true), WAIT);
    return cluster;
  }

  /** What a process hears on a topic from now on. */
  function heard(cluster: RedisCluster, topic: string): { readonly message: Json; readonly from: string }[] {
    const all: { readonly message: Json; readonly from: string }[] = [];
    cluster.subscribe(topic, (message, from) => void all.push({ message, from }));
    return all;
  }

  it("brings what is published to whoever listens to the topic, in order, and not to the one who said it", async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    const [atA, atB, atC] = [heard(a, "news"), heard(b, "news"), heard(c, 'other "topic"\n')];
    const messages: Json[] = [1, null, "你好\n", { deep: [{ "\u0000": "\ud83d\ude00" }] }, "x".repeat(200_000)];
    for (const message of messages) a.publish("news", message);
    a.publish('other "topic"\n', "for c");
    await vi.waitFor(() => expect([atB.length, atC.length]).toEqual([messages.length, 1]), WAIT);
    expect(atB).toEqual(messages.map((message) => ({ message, from: a.instance })));
    expect(atC).toEqual([{ message: "for c", from: a.instance }]);
    expect(atA).toEqual([]);
  });

  it("keeps apart prefixes, and databases, which Redis does not keep apart", async () => {
    const a = await start();
    const others = [await start({ prefix: "another" }), await start({ url: `${redis.url}/3` })];
    const all = others.map((other) => heard(other, "news"));
    const b = await start();
    const atB = heard(b, "news");
    a.publish("news", 1);
    await vi.waitFor(() => expect(atB).toHaveLength(1), WAIT);
    expect(all).toEqual([[], []]);
    expect(await a.claim("one", 10_000)).toBe(true);
    expect(await Promise.all(others.map((other) => other.claim("one", 10_000)))).toEqual([true, true]);
  });

  it("sends nothing that is too long, and ignores and counts what none of us has written", async () => {
    const [a, b] = [await start(), await start()];
    const atB = heard(b, "news");
    a.publish("news", "x".repeat(262_144));
    expect(a.counts.dropped).toBe(1);
    const channel = "{understudy}:cluster:0";
    const from = "f".repeat(32);
    const foreign = [
      "",
      "hello",
      `${from} "news" 1`,
      `${from} news\n1`,
      `${from} "news"\n{`,
      `F${from.slice(1)} "news"\n1`,
    ];
    for (const text of foreign) await redis.command("PUBLISH", channel, text);
    a.publish("news", "real");
    await vi.waitFor(() => expect(atB).toHaveLength(1), WAIT);
    expect(b.counts.ignored).toBe(foreign.length);
  });

  it("sends all that is kept of a long turn at once, and goes on when Redis is late with all of it", async () => {
    const clock = createManualClock();
    const [a, b] = [await start({ clock }), await start()];
    const atB = heard(b, "news");
    const log = createTurnLog({ run: "deadbeef", maxBytes: 768 * 1024 });
    while (log.bytes < 768 * 1024 - 200) log.add("token", { text: '"x"\n', by: "m" });
    const pieces = cutFrame({ events: log.since(undefined) ?? "" });
    redis.stop();
    for (const text of pieces) a.publish("news", { text });
    // Longer than it waits for an answer.
    await clock.advance(200);
    redis.cont();
    await vi.waitFor(() => expect(atB).toHaveLength(pieces.length), WAIT);
    expect([a.counts.dropped, a.connected]).toEqual([0, true]);
  });

  it("goes on when a listener throws, and says so", async () => {
    const [a, b] = [await start(), await start()];
    b.subscribe("news", () => {
      throw new Error("of the listener");
    });
    const atB = heard(b, "news");
    a.publish("news", 1);
    await vi.waitFor(() => expect(atB).toHaveLength(1), WAIT);
    expect(reported).toEqual([new Error("of the listener")]);
  });

  it("hears no more of a topic that it has left", async () => {
    const [a, b] = [await start(), await start()];
    const atB: Json[] = [];
    const stop = b.subscribe("news", (message) => void atB.push(message));
    const other = heard(b, "other");
    stop();
    a.publish("news", 1);
    a.publish("other", 1);
    await vi.waitFor(() => expect(other).toHaveLength(1), WAIT);
    expect(atB).toEqual([]);
  });

  it("gives a right to one of many, until its time is over", async () => {
    const all = [await start(), await start(), await start()];
    const answers = await Promise.all(all.flatMap((each) => [each.claim("once", 300), each.claim("once", 300)]));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(answers.filter((each) => each === false)).toHaveLength(5);
    await vi.waitFor(async () => expect(await all[0]?.claim("once", 60_000)).toBe(true), WAIT);
  });

  it("keeps short texts by name for as long as it was told", async () => {
    const [a, b] = [await start(), await start()];
    a.keep("port/1/open", "one", 60_000);
    a.keep("port/2/open", "two 二", 60_000);
    a.keep("port/3/open", "gone", 1);
    a.keep("port/4/open", "forgotten", 60_000);
    a.keep("port/4/open", null, 0);
    a.keep("port/5/open", "x".repeat(20_000), 60_000);
    a.keep("other", "not asked for", 60_000);
    await vi.waitFor(
      async () => expect([...(await b.kept("port/")).keys()].sort()).toEqual(["port/1/open", "port/2/open"]),
      WAIT,
    );
    const kept = await b.kept("port/");
    expect(kept.get("port/2/open")?.text).toBe("two 二");
    expect(kept.get("port/1/open")?.ms).toBeGreaterThan(1_000);
    expect(kept.get("port/1/open")?.ms).toBeLessThanOrEqual(60_000);
    expect(await b.kept("nothing/")).toEqual(new Map());
    // The names of what has gone are gone too.
    expect(await redis.command("ZRANGE", "{understudy}:kept", "0", "-1")).toBe("other\nport/1/open\nport/2/open");
  });

  it("tells who is alive, at once when one says good-bye, and soon when one is killed", async () => {
    const [a, b] = [await start(), await start()];
    expect([await a.alive(a.instance), await a.alive(b.instance), await a.alive("f".repeat(32))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(Number(await redis.command("PTTL", `{understudy}:alive:${b.instance}`))).toBeLessThanOrEqual(3_000);
    await b.close();
    expect(await a.alive(b.instance)).toBe(false);
    expect(await b.alive(b.instance)).toBe(false);
    expect(b.connected).toBe(false);
    await b.close();
  });

  it("refuses what cannot be used, and repeats no password", () => {
    const make = (more: object) => () =>
      createRedisCluster({
        url: redis.url,
        clock: systemClock,
        random: Math.random,
        instance: "0".repeat(32),
        report: () => {},
        ...more,
      });
    expect(make({ prefix: "{}" })).toThrow("prefix");
    expect(make({ instance: "me" })).toThrow('instance: "me"; allowed: 32 hex digits');
    expect(make({ url: "http://user:secret@host" })).toThrow(/^(?!.*secret).*redis:\/\//);
  });
});
