import { rmSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import type { Operation, Outcome, Store } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { freePort } from "../../support/free-port.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { soon } from "./redis-rig.ts";

const patient = { timeout: 15_000, interval: 20 };

/** Operations that go together. */
const PART = 256;

/** Each counts in one place, builds on the one before, and leaves a record and a grave of its own. */
function operations(count: number): readonly Operation[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `operation ${index}`,
    writes: [
      { kind: "put", collection: "sessions", key: "count", value: index, expect: index },
      { kind: "put", collection: "turns", key: `${index}`.padStart(5, "0"), value: index, expect: 0 },
      { kind: "put", collection: "meta", key: `${index}`, value: "x".repeat(200) },
      { kind: "delete", collection: "meta", key: `${index}` },
    ],
  }));
}

describeWithRedis("a batch of operations, and a Redis that does not do it", () => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function start(args: readonly string[] = [], silenceMs = 5_000) {
    const server = await startRedis({ args });
    open.push(server);
    const store = createRedisStore({ url: server.url, clock: systemClock, silenceMs });
    open.push({ close: async () => store.close?.() });
    return { server, store };
  }

  /** How many were done: a first part of them, each whole and once. */
  async function countDone(store: Store): Promise<number> {
    const [seen] = await store.look([{ collection: "sessions", key: "count" }], soon());
    const count = seen?.version ?? 0;
    let turns = 0;
    for (let after = ""; ; ) {
      const page = await store.list({ collection: "turns", after, limit: 1_000 }, soon());
      expect(page.every(({ value, version }, index) => value === turns + index && version === 1)).toBe(true);
      turns += page.length;
      const last = page.at(-1);
      if (!last) break;
      after = last.key;
    }
    let graves = 0;
    for (let after = ""; ; ) {
      const page = await store.graves({ collection: "meta", after, limit: 1_000 }, soon());
      expect(page.every(({ version }) => version === 2)).toBe(true);
      graves += page.length;
      const last = page.at(-1);
      if (!last) break;
      after = last.key;
    }
    expect({ turns, graves }).toEqual({ turns: count, graves: count });
    expect(seen?.value).toBe(count === 0 ? undefined : count - 1);
    return count;
  }

  const applied = (outcomes: readonly Outcome[]) => outcomes.every(({ status }) => status === "applied");

  async function expectOnceWhenSentAgain(store: Store, all: readonly Operation[]): Promise<void> {
    for (let time = 0; time < 2; time += 1) {
      expect(applied(await store.commitAll(all, soon(20_000)))).toBe(true);
      expect(await countDone(store)).toBe(all.length);
    }
  }

  it("fault 44: frozen, it gives no answer and does it later; the same ids again do each once", async () => {
    const { server, store } = await start([], 100);
    const all = operations(1_200);
    await store.commitAll(all.slice(0, 100), soon());
    server.stop();
    await expect(store.commitAll(all, soon())).rejects.toMatchObject({ errorClass: "timeout" });
    server.cont();
    await vi.waitFor(async () => expect(await countDone(store)).toBeGreaterThanOrEqual(PART), patient);
    // The first part waited in the socket of the frozen server; what would have come behind it was never sent.
    expect(await countDone(store)).toBe(PART);
    const other = createRedisStore({ url: server.url, clock: systemClock, silenceMs: 5_000 });
    open.push({ close: async () => other.close?.() });
    await expectOnceWhenSentAgain(other, all);
  });

  it.each([0, 1, 2, 3])("fault 44: killed in the middle of it, the same ids again do each once (%i)", async (parts) => {
    const { server, store } = await start(["--appendonly", "yes", "--appendfsync", "always"]);
    const all = operations(1_300);
    const sent = store.commitAll(all, soon(20_000)).then(applied, () => false);
    await vi.waitFor(
      async () =>
        expect(Number(await server.command("HLEN", "{understudy}:records:turns"))).toBeGreaterThanOrEqual(parts * PART),
      patient,
    );
    await server.kill();
    const acknowledged = await sent;
    await server.restart();
    await vi.waitFor(() => store.probe?.(soon()), patient);
    const done = await countDone(store);
    expect(done).toBeGreaterThanOrEqual(acknowledged ? all.length : parts * PART);
    await expectOnceWhenSentAgain(store, all);
  });

  it.each<[string, (server: RedisServer) => Promise<unknown>, (server: RedisServer) => Promise<unknown>]>([
    [
      "OOM",
      (server) => server.command("CONFIG", "SET", "maxmemory", "1"),
      (server) => server.command("CONFIG", "SET", "maxmemory", "0"),
    ],
    [
      "READONLY",
      async (server) => server.command("REPLICAOF", "127.0.0.1", String(await freePort())),
      (server) => server.command("REPLICAOF", "NO", "ONE"),
    ],
    [
      "MISCONF",
      async (server) => {
        await server.command("CONFIG", "SET", "save", "3600 1");
        rmSync(server.directory, { recursive: true });
        await server.command("BGSAVE");
        await vi.waitFor(
          async () => expect(await server.command("INFO", "persistence")).toMatch(/bgsave_status:err/),
          patient,
        );
      },
      (server) => server.command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"),
    ],
  ])("fault 42: refused with %s, nothing of it has happened, and then the same ids do", async (word, spoil, mend) => {
    const { server, store } = await start();
    const all = operations(400);
    await store.commitAll(all.slice(0, 100), soon());
    await spoil(server);
    const refused = store.commitAll(all, soon());
    await expect(refused).rejects.toMatchObject({ errorClass: "server", message: expect.stringContaining(word) });
    // What was there can still be read.
    expect(await countDone(store)).toBe(100);
    await mend(server);
    await expectOnceWhenSentAgain(store, all);
  });

  it("fault 42: memory that is full in the middle of a batch refuses none of it, and all of the next", async () => {
    const { server, store } = await start();
    const all = operations(4_000);
    const used = Number(/used_memory:(\d+)/.exec(await server.command("INFO", "memory"))?.[1]);
    await server.command("CONFIG", "SET", "maxmemory", String(used + 1_500_000));
    await expect(store.commitAll(all, soon(20_000))).rejects.toThrow(/OOM/);
    // Each takes as much as the next: where that one found it full, it became full within the last one that was done.
    const done = await countDone(store);
    expect(done % PART).toBe(0);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(all.length);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await expectOnceWhenSentAgain(store, all);
  });
});
