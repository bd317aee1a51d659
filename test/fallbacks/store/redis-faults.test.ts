import { rmSync } from "node:fs";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { freePort } from "../../support/free-port.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, startRedis } from "../../support/redis-server.ts";
import { unhurriedRedis } from "../../support/unhurried-redis.ts";
import { createRig, put, type Rig, soon } from "./redis-rig.ts";

/** As long as a call of Redis may take. */
const LIMIT_MS = 500;

/** What the work gives when no more than `LIMIT_MS` of a clock pass that only the test moves. Work that waits for longer never ends. */
async function inTime<T>(clock: ManualClock, work: () => Promise<T>): Promise<T> {
  const after = vi.spyOn(clock, "after");
  let ended = false;
  const working = work().finally(() => {
    ended = true;
  });
  // Until it is counted.
  const isCounted = () => after.mock.calls.some(([ms]) => ms === LIMIT_MS);
  await vi.waitFor(() => expect(ended || isCounted()).toBe(true), { timeout: 10_000, interval: 5 });
  after.mockRestore();
  await clock.advance(LIMIT_MS);
  return working;
}

describeWithRedis("access over a real Redis and the embedded journal", () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  function closing<T extends { close(): Promise<void> }>(it: T): T {
    open.push(it);
    return it;
  }
  const redis = async (...options: Parameters<typeof startRedis>) => closing(await startRedis(...options));

  /** Waits until nothing is behind any more, without a call that would help. */
  async function inStep({ access }: Rig, clock?: ManualClock): Promise<void> {
    const isInStep = async () => {
      await clock?.advance(20);
      expect(access.status()).toMatchObject({ state: "ok", by: "redis", backlog: null });
    };
    await vi.waitFor(isInStep, { timeout: 10_000, interval: 20 });
  }

  /** Everything is in both stores, each once: version 1 is a record that was written once. */
  async function expectBoth(rig: Rig, keys: readonly string[], clock?: ManualClock): Promise<void> {
    const expected = [...keys].sort().map((key) => ({ key, value: key, version: 1 }));
    expect(await rig.turns(rig.local)).toEqual(expected);
    expect(await rig.turns(rig.remote)).toEqual(expected);
    // What has been delivered is taken out with the next write, or shortly after.
    const isTakenOut = async () => {
      await clock?.advance(20);
      expect(await rig.local.list({ collection: "outbox", limit: 10 }, soon())).toEqual([]);
    };
    await vi.waitFor(isTakenOut, { timeout: 10_000, interval: 20 });
    expect(await rig.local.list({ collection: "meta", prefix: "dead/", limit: 10 }, soon())).toEqual([]);
  }

  it("fault 39: Redis refuses at the start; the server serves, and attaches later by itself", async () => {
    const port = await freePort();
    const clock = createManualClock();
    const rig = closing(createRig(`redis://127.0.0.1:${port}`, { prompt: true, clock }));
    // The server has opened its journal before it serves.
    await rig.local.commit({ id: "open", writes: [] }, soon());
    expect(await inTime(clock, () => rig.save("a"))).toBe("applied by embedded");
    expect(await rig.save("b")).toBe("applied by embedded");
    expect((await rig.access.get("turns", "a", soon())).value?.value).toBe("a");
    expect(rig.access.status()).toMatchObject({ by: "embedded", backlog: { operations: 2 } });
    await redis({ port });
    await inStep(rig, clock);
    expect(await rig.save("c")).toBe("applied by redis");
    await expectBoth(rig, ["a", "b", "c"], clock);
  });

  it("fault 40: Redis is stopped; one save waits, the next do not, and it catches up when it goes on", async () => {
    const server = await redis();
    const clock = createManualClock();
    const rig = closing(createRig(server.url, { prompt: true, clock }));
    expect(await rig.save("a")).toBe("applied by redis");
    server.stop();
    expect(await inTime(clock, () => rig.save("b"))).toBe("applied by embedded");
    // And the clock stands still.
    for (const key of ["c", "d", "e"]) expect(await rig.save(key)).toBe("applied by embedded");
    // Longer than the connection is trusted: it is made anew.
    await clock.advance(1_200);
    expect(await inTime(clock, () => rig.save("f"))).toBe("applied by embedded");
    server.cont();
    await inStep(rig, clock);
    expect(await rig.save("g")).toBe("applied by redis");
    await expectBoth(rig, ["a", "b", "c", "d", "e", "f", "g"], clock);
  });

  it("fault 40: many commands that find it frozen at once leave it once", async () => {
    const server = await redis();
    const clock = createManualClock();
    const store = createRedisStore({ url: server.url, clock });
    closing({ close: async () => store.close?.() });
    const context = createContext({ clock, requestId: "test", deadlineMs: 60_000 });
    await store.get("turns", "a", context);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    server.stop();
    const reads = Array.from({ length: 30 }, () => store.get("turns", "a", context).catch((error: unknown) => error));
    await clock.advance(3_000);
    await Promise.all(reads);
    await clock.advance(3_000);
    expect(warnings).toEqual([]);
  });

  it("fault 41: Redis is killed and comes back empty; everything comes back from the journal", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url));
    const keys = Array.from({ length: 250 }, (_, index) => `before-${String(index).padStart(3, "0")}`);
    for (const key of keys) expect(await rig.save(key)).toBe("applied by redis");
    await server.kill();
    expect(await rig.save("during")).toBe("applied by embedded");
    await server.restart();
    await inStep(rig);
    await expectBoth(rig, [...keys, "during"]);
    // And when nobody wrote in between, so that nothing seems to be behind: the first read finds out.
    await server.restart();
    const { value, by } = await rig.access.get("turns", "before-007", soon());
    expect({ value: value?.value, by }).toEqual({ value: "before-007", by: "embedded" });
    await inStep(rig);
    await expectBoth(rig, [...keys, "during"]);
    await server.restart();
    expect((await rig.access.list({ collection: "turns", limit: 1_000 }, soon())).value).toHaveLength(251);
    await inStep(rig);
    expect(await server.command("FLUSHALL")).toBe("OK");
    expect(await rig.save("after")).toBe("applied by embedded");
    await inStep(rig);
    await expectBoth(rig, [...keys, "during", "after"]);
  });

  it("fault 41: a session goes on by compare-and-set, whether Redis or the server is started anew", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url));
    const append = async (from: Rig, id: string, version: number) => {
      const { value } = await from.access.commit({ id, writes: [put("session", id, version)] }, soon());
      return value.status;
    };
    expect(await append(rig, "1", 0)).toBe("applied");
    expect(await append(rig, "2", 1)).toBe("applied");
    await server.restart();
    expect(await append(rig, "3", 2)).toBe("applied");
    expect(await append(rig, "late", 2)).toBe("conflict");
    await inStep(rig);
    expect(await append(rig, "4", 3)).toBe("applied");
    await rig.access.close();
    await server.restart();
    const next = closing(createRig(server.url, { directory: rig.directory }));
    expect((await next.access.get("turns", "session", soon())).value).toMatchObject({ value: "4", version: 4 });
    expect(await append(next, "5", 4)).toBe("applied");
    await inStep(next);
    expect(await next.turns(next.remote)).toEqual([{ key: "session", value: "5", version: 5 }]);
    expect(await next.local.list({ collection: "meta", prefix: "dead/", limit: 10 }, soon())).toEqual([]);
  });

  it("fault 43: Redis comes back with old data; the higher version wins, and another instance keeps what it wrote", async () => {
    const server = await redis();
    const ours = closing(createRig(server.url));
    const theirs = closing(createRig(server.url));
    await ours.save("a");
    await theirs.save("theirs");
    await server.command("SAVE");
    await ours.access.commit({ id: "second", writes: [put("a", "newer")] }, soon());
    await ours.save("b");
    await server.restart();
    expect((await ours.access.get("turns", "a", soon())).value).toMatchObject({ value: "newer", version: 2 });
    await inStep(ours);
    expect(await ours.turns(ours.remote)).toEqual([
      { key: "a", value: "newer", version: 2 },
      { key: "b", value: "b", version: 1 },
      { key: "theirs", value: "theirs", version: 1 },
    ]);
    // Nothing of theirs was lost, so there is nothing for them to repair.
    expect(await theirs.save("more")).toBe("applied by redis");
  });

  it("copies what a local store had before there was a Redis", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url));
    await rig.local.commit({ id: "old", writes: [put("a", "a"), put("b", "b")] }, soon());
    expect((await rig.access.get("turns", "a", soon())).value?.value).toBe("a");
    await inStep(rig);
    await expectBoth(rig, ["a", "b"]);
  });

  it("fault 42: Redis is full although it says PONG, and has room again", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url));
    await rig.save("a");
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await server.command("PING")).toBe("PONG");
    expect(await rig.save("b")).toBe("applied by embedded");
    expect(rig.access.status().lastError).toMatchObject({ errorClass: "server", text: expect.stringContaining("OOM") });
    await expect(rig.remote.probe?.(soon())).rejects.toThrow(/OOM/);
    // Reading works, so that only writes are behind.
    expect((await rig.remote.get("turns", "a", soon()))?.value).toBe("a");
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await inStep(rig);
    await expectBoth(rig, ["a", "b"]);
  });

  it("fault 42: Redis is a replica that takes no writes", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url));
    await rig.save("a");
    await server.command("REPLICAOF", "127.0.0.1", String(await freePort()));
    expect(await server.command("PING")).toBe("PONG");
    expect(await rig.save("b")).toBe("applied by embedded");
    await expect(rig.remote.probe?.(soon())).rejects.toMatchObject({ errorClass: "server", message: /READONLY/ });
    await server.command("REPLICAOF", "NO", "ONE");
    await inStep(rig);
    await expectBoth(rig, ["a", "b"]);
  });

  it("fault 42: Redis cannot save to its disk and refuses writes", async () => {
    const server = await redis({ args: ["--save", "3600 1", "--stop-writes-on-bgsave-error", "yes"] });
    const rig = closing(createRig(server.url));
    await rig.save("a");
    rmSync(server.directory, { recursive: true });
    await server.command("BGSAVE");
    await vi.waitFor(async () => expect(await server.command("INFO", "persistence")).toMatch(/bgsave_status:err/));
    expect(await rig.save("b")).toBe("applied by embedded");
    await expect(rig.remote.probe?.(soon())).rejects.toThrow(/MISCONF/);
    await server.command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
    await inStep(rig);
    await expectBoth(rig, ["a", "b"]);
  });

  it("fault 42: Redis is loading its data", async () => {
    const server = await redis({ args: ["--enable-debug-command", "yes"] });
    const rig = closing(createRig(server.url));
    await rig.save("a");
    await server.command("DEBUG", "POPULATE", "3000", "other", "100");
    await rig.save("b");
    await server.command("SAVE");
    // 300 microseconds a key: it loads for about a second.
    await server.restart(["--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024"]);
    await expect(rig.remote.probe?.(soon())).rejects.toMatchObject({ errorClass: "server", message: /LOADING/ });
    expect(await rig.save("c")).toBe("applied by embedded");
    await inStep(rig);
    await expectBoth(rig, ["a", "b", "c"]);
  });

  it("fault 42: Redis has another password, and then the right one", async () => {
    const server = await redis();
    const rig = closing(createRig(`redis://:the-secret@127.0.0.1:${server.port}`));
    await server.command("CONFIG", "SET", "requirepass", "another");
    const wrong = await rig.save("a");
    expect(wrong).toBe("applied by embedded");
    const { lastError } = rig.access.status();
    expect(lastError).toMatchObject({ errorClass: "auth" });
    expect(lastError?.text).not.toContain("the-secret");
    await server.command("-a", "another", "CONFIG", "SET", "requirepass", "the-secret");
    await inStep(rig);
    await server.command("-a", "the-secret", "CONFIG", "SET", "requirepass", "");
    await expectBoth(rig, ["a"]);
  });

  it("fault 44: a write got no answer and was done later: once", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url, { prompt: true }));
    await rig.save("a");
    server.stop();
    const saving = rig.access.commit({ id: "late", writes: [put("counter", "counter")] }, soon());
    expect((await saving).by).toBe("embedded");
    // It waits in the socket of the frozen server, which does it when it goes on, and is then asked again.
    server.cont();
    await inStep(rig);
    await expectBoth(rig, ["a", "counter"]);
    expect(await rig.remote.commit({ id: "late", writes: [put("counter", 2)] }, soon())).toEqual({ status: "applied" });
    await expectBoth(rig, ["a", "counter"]);
  });

  it("fault 44: it is done once also when the connection was given up in between", async () => {
    const server = await redis();
    const rig = closing(createRig(server.url, { prompt: true }));
    await rig.save("a");
    server.stop();
    expect(await rig.save("b")).toBe("applied by embedded");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    server.cont();
    await inStep(rig);
    await expectBoth(rig, ["a", "b"]);
    const other = closing(unhurriedRedis(server.url) as Required<Rig["remote"]>);
    expect((await other.get("turns", "b", soon()))?.version).toBe(1);
  });
});
