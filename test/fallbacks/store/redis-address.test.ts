import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { parseRedisUrl } from "../../../src/fallbacks/store/redis-address.ts";

describe("the URL of a Redis", () => {
  it("is read with user, password, database, TLS and Unix sockets", () => {
    const none = { tls: false, username: undefined, password: undefined, db: 0 };
    expect(parseRedisUrl("redis://example")).toEqual({ ...none, at: { host: "example", port: 6379 } });
    expect(parseRedisUrl("rediss://me:p%40ss@[::1]:7000/3")).toEqual({
      at: { host: "::1", port: 7000 },
      tls: true,
      username: "me",
      password: "p@ss",
      db: 3,
    });
    expect(parseRedisUrl("/run/redis.sock")).toEqual({ ...none, at: { path: "/run/redis.sock" } });
    expect(parseRedisUrl("unix:///run/redis.sock")).toEqual({ ...none, at: { path: "/run/redis.sock" } });
    const socket = parseRedisUrl("unix://:secret@/run/a%20b.sock?db=2");
    expect(socket).toEqual({ ...none, at: { path: "/run/a b.sock" }, password: "secret", db: 2 });
  });

  it("is read with sentinels and with the nodes of a cluster", () => {
    const none = { tls: false, username: undefined, password: undefined, db: 0 };
    expect(parseRedisUrl("redis-sentinel://one,two:7000,[::1]:7001/main")).toEqual({
      ...none,
      at: {
        sentinels: [
          { host: "one", port: 26379 },
          { host: "two", port: 7000 },
          { host: "::1", port: 7001 },
        ],
        master: "main",
      },
    });
    expect(parseRedisUrl("rediss-sentinel://me:p%40s:s@w@10.0.0.1/my.main-1/3")).toEqual({
      at: { sentinels: [{ host: "10.0.0.1", port: 26379 }], master: "my.main-1" },
      tls: true,
      username: "me",
      password: "p@s:s@w",
      db: 3,
    });
    const nodes = [
      { host: "a_b.example", port: 6379 },
      { host: "c", port: 1 },
    ];
    const cluster = { ...none, at: { cluster: nodes } };
    expect(parseRedisUrl("redis-cluster://a_b.example,c:1")).toEqual(cluster);
    expect(parseRedisUrl("rediss-cluster://:x@a_b.example,c:1/0")).toEqual({ ...cluster, tls: true, password: "x" });
  });

  it.each([
    ["redis-sentinel://:secret@a", /behind the sentinels it must name their master/],
    ["redis-sentinel://:secret@a/ma in", /behind the sentinels it must name their master/],
    ["redis-sentinel://:secret@a/main/one", /the database must be a number/],
    ["redis-sentinel://:secret@a/main/1/2", /nothing may follow the database/],
    ["redis-sentinel://:secret@a,/main", /host 2 of the list must be a name or an address/],
    ["redis-sentinel://:sec/ret@a/main", /host 1 of the list/],
    ["redis-sentinel://:secret@a:0/main", /the port of host 1 must be 1 to 65535/],
    ["redis-sentinel://:sec%ret@a/main", /a % in the user or the password must be written as %25/],
    ["redis-cluster://:secret@a,b:65536", /the port of host 2 must be 1 to 65535/],
    ["redis-cluster://:secret@", /host 1 of the list/],
    ["redis-cluster://:secret@a/1", /a cluster has no database but 0/],
    ["redis-cluster://:sec?ret@a", /it takes no \? and no #/],
    [`redis-cluster://:secret@${"a,".repeat(40)}a`, /at most 32 hosts, not 41/],
    ["redis-clusters://:secret@a", /it must start with/],
  ])("names the part of %s that is wrong and repeats nothing of it", (url, reason) => {
    let text = "";
    try {
      parseRedisUrl(url);
    } catch (error) {
      text = `${String(error)} ${String((error as Error).cause)}`;
    }
    expect(text).toMatch(reason);
    expect(text).not.toMatch(/sec(ret|%ret|\/|\?)/);
  });

  it("is refused without repeating it, for it may hold a password", () => {
    for (const url of [
      "redis//:secret@x",
      "http://:secret@x",
      "redis://:sec%ret@x",
      "redis://:secret@x/one",
      "unix://",
      "unix://run/redis.sock",
      "redis://x?secret=1",
      "redis://:secret@x:99999",
    ]) {
      let text = "";
      try {
        parseRedisUrl(url);
      } catch (error) {
        text = `${String(error)} ${String((error as Error).cause)}`;
      }
      expect(text).toMatch(/URL of Redis cannot be used/);
      expect(text).not.toMatch(/sec(ret|%ret)/);
    }
    const prefixed = () => createRedisStore({ url: "redis://x", clock: systemClock, prefix: "a}b" });
    expect(prefixed).toThrow(/the prefix of Redis must be 1 to 64 letters/);
  });
});
