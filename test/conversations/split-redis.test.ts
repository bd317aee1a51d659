import { afterEach, expect, it, vi } from "vitest";
import { createUnite } from "../../src/conversations/unite.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../src/fallbacks/core/layer.ts";
import { createStoreAccess } from "../../src/fallbacks/store/create-access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../src/fallbacks/store/redis.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";
import { ann, contextOf, createPeers, createTalker, newId, type Talker } from "./rig.ts";

const clock = systemClock;

describeWithRedis("conversations of two processes on one Redis", () => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  /** A process with a way of its own to Redis, which the test can cut. */
  async function startProcess(redis: RedisServer, instance: string, peers: ReturnType<typeof createPeers>) {
    const way = await startFaultProxy({ target: redis.port, slowMs: 0 });
    open.push(way);
    const local = createMemoryStore();
    const remote = createRedisStore({ url: `redis://127.0.0.1:${way.port}`, clock, silenceMs: 2_000 });
    const breaker = { failureThreshold: 2, openMs: 20, maxOpenMs: 50 };
    const layer = createLayer<Store>({
      name: "store",
      slots: [
        { port: remote, mode: "equal", timeoutMs: 5_000, breaker },
        { port: local, mode: "equal", timeoutMs: Number.POSITIVE_INFINITY },
      ],
      configured: true,
      clock,
      random: () => 0.5,
      faults: createFaults({ clock, random: () => 0 }),
      words: { impact: {}, down: "-", action: "-" },
    });
    const buried: string[] = [];
    const access = createStoreAccess({
      layer,
      local,
      remote,
      clock,
      newId,
      drainMs: 25,
      unite: createUnite(),
      onBuried: ({ reason }) => void buried.push(reason),
    });
    open.push(access);
    const talker = createTalker(access, clock, peers.join(instance));
    return { ...talker, way, access, buried };
  }

  async function turnsOf({ conversations }: Talker, sessionId: string) {
    const { items } = await conversations.turns(ann, sessionId, { limit: 100 }, contextOf(clock));
    return items.map(({ seq, turnId, status, reply, fork }) => ({ seq, turnId, status, reply, fork }));
  }

  it("fault 45: go on with one session on both sides of a split, and are united by the ids of the turns", async () => {
    const redis = await startRedis();
    open.push(redis);
    const peers = createPeers();
    const [a, b] = [await startProcess(redis, "a", peers), await startProcess(redis, "b", peers)];
    const sessionId = await a.say("t1");
    await b.say("t2", sessionId);
    expect(await turnsOf(a, sessionId)).toEqual(await turnsOf(b, sessionId));

    // Only `a` is cut off; then both are.
    await a.way.set("refuse");
    for (const turnId of ["a1", "a2", "both"]) await a.say(turnId, sessionId);
    const ofA = await a.say("new of a");
    for (const turnId of ["b1", "b2", "both", "b3"]) await b.say(turnId, sessionId);
    await b.way.set("refuse");
    await b.say("b4", sessionId);
    const half = await a.begin("half", sessionId);

    await a.way.set("pass");
    await b.way.set("pass");
    await a.finish(half);
    await vi.waitFor(
      () => {
        expect(a.access.status().state).toBe("ok");
        expect(b.access.status().state).toBe("ok");
      },
      { timeout: 20_000, interval: 20 },
    );
    expect([...a.buried, ...b.buried]).toEqual([]);
    const turns = await turnsOf(a, sessionId);
    expect(await turnsOf(b, sessionId)).toEqual(turns);
    expect(turns.map(({ turnId }) => turnId).sort()).toEqual(
      ["t1", "t2", "a1", "a2", "both", "b1", "b2", "b3", "b4", "half"].sort(),
    );
    expect(turns.every(({ status, reply, turnId }) => status === "done" && reply === turnId)).toBe(true);
    expect(turns.filter(({ fork }) => fork).length).toBeGreaterThan(1);
    const { items } = await b.conversations.list(ann, { limit: 10 }, contextOf(clock));
    expect(items).toMatchObject([
      { sessionId: ofA, forked: false },
      { sessionId, forked: true, turns: Math.max(...turns.map(({ seq }) => seq)) },
    ]);
    await a.say("after all", sessionId);
    expect((await turnsOf(b, sessionId)).at(-1)).toMatchObject({ turnId: "after all", fork: false });
  });

  it("fault 62: both at once in one session are answered one after the other, and each sees all before it", async () => {
    const redis = await startRedis();
    open.push(redis);
    const peers = createPeers();
    const [a, b] = [await startProcess(redis, "a", peers), await startProcess(redis, "b", peers)];
    const sessionId = await a.say("t0");
    const ask = async ({ begin, finish }: Talker, turnId: string) => {
      const turn = await begin(turnId, sessionId, { recent: 50 });
      await finish(turn, [...turn.history.map((past) => past.turnId), turnId].join(" "));
    };
    await Promise.all(["t1", "t2", "t3"].flatMap((id) => [ask(a, `a ${id}`), ask(b, `b ${id}`)]));
    const turns = await turnsOf(b, sessionId);
    expect(turns.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const { seq, reply, status } of turns.slice(1)) {
      expect(status).toBe("done");
      const before = turns.slice(0, seq).map(({ turnId }) => turnId);
      expect(reply).toBe(before.join(" "));
    }
  });
});
