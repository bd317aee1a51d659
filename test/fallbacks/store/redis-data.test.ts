import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Json, ListRequest, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore, type RedisStoreOptions } from "../../../src/fallbacks/store/redis.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";

const context = () => createContext({ clock: systemClock, requestId: "test", deadlineMs: 10_000 });
const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

describeWithRedis("what a Redis holds", () => {
  let shared: RedisServer;
  let stores = 0;
  const open: Store[] = [];
  beforeAll(async () => {
    shared = await startRedis();
  });
  afterAll(() => shared.close());
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close?.();
  });
  const fresh = () => {
    stores += 1;
    return `test-${stores}`;
  };
  function storeAt(url: string, more: Partial<RedisStoreOptions>): Store {
    const store = createRedisStore({ url, clock: systemClock, silenceMs: 5_000, ...more });
    open.push(store);
    return store;
  }

  it("lists few large values at a time, and at least one", async () => {
    const store = storeAt(shared.url, { prefix: fresh() });
    const writes = ["a", "b", "c", "d"].map((key) => put(key, key.repeat(98)));
    await store.commit({ id: "1", writes: [...writes, put("e", "ü"), put("f", 1)] }, context());
    const keys = async (request: Partial<ListRequest>) => {
      const found = await store.list({ collection: "meta", limit: 1_000, ...request }, context());
      return found.map(({ key }) => key).join("");
    };
    // As JSON: 100 bytes each of the first ones, then 4 and 1.
    expect(await keys({ bytes: 200 })).toBe("ab");
    expect(await keys({ bytes: 199 })).toBe("a");
    expect(await keys({ bytes: 0 })).toBe("a");
    expect(await keys({ bytes: 200, limit: 1 })).toBe("a");
    expect(await keys({ after: "c", bytes: 104 })).toBe("de");
    expect(await keys({ after: "c", bytes: 105 })).toBe("def");
    expect(await keys({ bytes: 104, reverse: true })).toBe("fe");
    expect(await keys({ bytes: 205, reverse: true })).toBe("fedc");
    expect(await keys({ after: "f", bytes: 1 })).toBe("");
    expect(await keys({ prefix: "b", bytes: 1_000 })).toBe("b");
    expect(await keys({})).toBe("abcdef");
  });

  it("remembers operations of the last 15 minutes, of the last 50 000, and 500 000 at most", async () => {
    const prefix = fresh();
    const store = storeAt(shared.url, { prefix });
    const ids = `{${prefix}}:operations`;
    const [value, again] = [() => store.get("meta", "a", context()), { id: "first", writes: [put("a", 2)] }];
    await store.commit({ id: "first", writes: [put("a", 1)] }, context());
    const fill = async (name: string, count: number, minutesAgo: number) => {
      const from = Math.round((Date.now() - minutesAgo * 60_000) * 1_000);
      const script = `for n = 1, ${count} do redis.call('ZADD', KEYS[1], ${from} + n, '${name}' .. n) end`;
      await shared.command("EVAL", script, "1", ids);
    };
    // Many, but young: they all stay, up to the most of all.
    await fill("young", 60_000, 1);
    await store.commit(again, context());
    expect((await value())?.value).toBe(1);
    await store.commit({ id: "second", writes: [] }, context());
    expect(await shared.command("ZCARD", ids)).toBe("60002");
    await fill("younger", 440_100, 1);
    await store.commit({ id: "second and a half", writes: [] }, context());
    expect(await shared.command("ZCARD", ids)).toBe("500000");
    // 16 minutes later: of those that are old, 50 000 stay; so many more go with each commit.
    await shared.command("DEL", ids);
    await fill("old", 50_500, 16);
    await store.commit({ id: "third", writes: [] }, context());
    expect(await shared.command("ZCARD", ids)).toBe("50000");
    expect(await shared.command("ZRANGE", ids, "0", "0")).toBe("old502");
    await store.commit({ id: "fourth", writes: [] }, context());
    expect(await shared.command("ZCARD", ids)).toBe("50000");
  });

  it("goes on in order when the clock of Redis has been set back", async () => {
    const prefix = fresh();
    const store = storeAt(shared.url, { prefix });
    const ids = `{${prefix}}:operations`;
    const tomorrow = (Date.now() + 86_400_000) * 1_000;
    await shared.command("ZADD", ids, String(tomorrow), "of tomorrow");
    await store.commitAll(
      [
        { id: "1", writes: [] },
        { id: "2", writes: [] },
      ],
      context(),
    );
    const scores = (await shared.command("ZRANGE", ids, "0", "-1", "WITHSCORES"))
      .split("\n")
      .filter((_, n) => n % 2 === 1);
    expect(scores.map(Number)).toEqual([tomorrow, tomorrow + 1, tomorrow + 2]);
  });

  it("dates graves by the later of two clocks, so that one that is behind does not have them forgotten", async () => {
    const prefix = fresh();
    const dig = async (wall: Date) => {
      const store = storeAt(shared.url, { prefix, clock: { ...systemClock, wall: () => wall } });
      const key = wall.toISOString();
      await store.commit({ id: key, writes: [put(key, 1), { kind: "delete", collection: "meta", key }] }, context());
    };
    const [from, ahead] = [Date.now(), new Date(Date.now() + 86_400_000)];
    await dig(new Date(0));
    await dig(ahead);
    // They are in the order of their keys.
    const [behind, before] = await storeAt(shared.url, { prefix }).graves({ collection: "meta", limit: 9 }, context());
    expect(behind?.at).toBeGreaterThanOrEqual(from);
    expect(before?.at).toBe(ahead.getTime());
  });

  it("goes on from operations that the previous version remembered, whose scores counted from 1", async () => {
    const prefix = fresh();
    const store = storeAt(shared.url, { prefix });
    const ids = `{${prefix}}:operations`;
    const utf16 = "redis.call('ZADD', KEYS[1], 7, '\\0o\\0l\\0d')";
    await shared.command("EVAL", utf16, "1", ids);
    const records = "redis.call('HSET', KEYS[1], '\\0a', '3\\n\"was\"'); redis.call('ZADD', KEYS[2], 0, '\\0a')";
    await shared.command("EVAL", records, "2", `{${prefix}}:records:meta`, `{${prefix}}:keys:meta`);
    await store.commit({ id: "old", writes: [put("a", "again")] }, context());
    expect(await store.list({ collection: "meta", limit: 9 }, context())).toEqual([
      { key: "a", value: "was", version: 3 },
    ]);
    await store.commit({ id: "new", writes: [put("a", "is", 3)] }, context());
    expect(await store.get("meta", "a", context())).toEqual({ key: "a", value: "is", version: 4 });
    expect(Number(await shared.command("ZCARD", ids))).toBe(2);
  });

  it.each([
    ["another type for the records", ["SET", "{P}:records:meta", "mine"], "{P}:records:meta"],
    ["another type for the keys", ["SET", "{P}:keys:meta", "mine"], "{P}:keys:meta"],
    ["another type for the operations", ["SET", "{P}:operations", "mine"], "{P}:operations"],
    ["another type for the graves", ["SET", "{P}:graves:meta", "mine"], "{P}:graves:meta"],
    ["another type for the keys of graves", ["SET", "{P}:grave-keys:meta", "mine"], "{P}:grave-keys:meta"],
    ["another type for the times of graves", ["SET", "{P}:grave-times", "mine"], "{P}:grave-times"],
    ["other records", ["HSET", "{P}:records:meta", "\0a", "mine"], "{P}:records:meta"],
  ])("leaves the data of others alone: %s", async (_name, command, key) => {
    const prefix = fresh();
    // redis-cli cannot be given a NUL.
    const words = command.map((word) => word.replace("{P}", `{${prefix}}`));
    if (words.length === 4)
      await shared.command("EVAL", "redis.call('HSET', KEYS[1], '\\0a', 'mine')", "1", words[1] ?? "");
    else await shared.command(...words);
    const store = storeAt(shared.url, { prefix });
    const writes = [put("other", 1), put("a", 1)];
    await expect(store.commit({ id: "1", writes }, context())).rejects.toMatchObject({
      errorClass: "bad_response",
      message: /did not write; nothing was changed/,
    });
    const all = [
      { id: "2", writes: [{ ...put("t", 1), collection: "turns" } as const] },
      { id: "1", writes },
    ];
    await expect(store.commitAll(all, context())).rejects.toMatchObject({ errorClass: "bad_response" });
    expect((await shared.command("KEYS", `{${prefix}}:*`)).split("\n")).toEqual([key.replace("{P}", `{${prefix}}`)]);
    if (key.includes("grave")) {
      await expect(store.forgetGraves(Date.now(), 5, context())).rejects.toMatchObject({ errorClass: "bad_response" });
    }
    if (words.length === 3) expect(await shared.command("GET", key.replace("{P}", `{${prefix}}`))).toBe("mine");
    else await expect(store.get("meta", "a", context())).rejects.toMatchObject({ errorClass: "bad_response" });
  });

  it("leaves graves alone that it did not dig, beside those of its own", async () => {
    const prefix = fresh();
    const store = storeAt(shared.url, { prefix });
    const gone: Write = { kind: "delete", collection: "meta", key: "ours" };
    await store.commit({ id: "1", writes: [put("ours", 1), gone] }, context());
    await shared.command("ZADD", `{${prefix}}:grave-times`, "5", "theirs");
    await expect(store.forgetGraves(Date.now() + 60_000, 9, context())).rejects.toThrow(/nothing was changed/);
    expect(await store.graves({ collection: "meta", limit: 9 }, context())).toHaveLength(1);
    await shared.command("ZREM", `{${prefix}}:grave-times`, "theirs");
    // Of a collection that a later version of this program has.
    await shared.command("EVAL", "redis.call('ZADD', KEYS[1], 5, 'later\\0a')", "1", `{${prefix}}:grave-times`);
    expect(await store.forgetGraves(Date.now() + 60_000, 9, context())).toBe(1);
    expect(await shared.command("ZCARD", `{${prefix}}:grave-times`)).toBe("1");
    await shared.command("EVAL", "redis.call('HSET', KEYS[1], '\\0a', 'mine')", "1", `{${prefix}}:graves:meta`);
    await expect(store.commit({ id: "2", writes: [put("a", 1)] }, context())).rejects.toThrow(/nothing was changed/);
    await expect(store.look([{ collection: "meta", key: "a" }], context())).rejects.toMatchObject({
      errorClass: "bad_response",
    });
  });
});
