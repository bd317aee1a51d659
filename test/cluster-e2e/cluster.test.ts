import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { seededRandom } from "../../src/fallbacks/core/random.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import { type Api, createApi } from "../../src/rehearsal/kill/api.ts";
import { examine, examineRecords, settle } from "../../src/rehearsal/kill/examine.ts";
import { createLoadClient, documentContent } from "../../src/rehearsal/kill/load.ts";
import { createWitness } from "../../src/rehearsal/kill/witness.ts";
import { type Balancer, startBalancer } from "../support/balancer.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../support/chroma-server.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Instance, type Instances, startInstances } from "./cluster-rig.ts";

const LIMIT_MS = 120_000;
const PATIENCE_MS = 30_000;

let redis: RedisServer;
let chroma: ChromaServer;
let instances: Instances;
let balancer: Balancer;

/** What a user does who does not find something at once: the contract is one second, these are five looks in one. */
async function foundBySearch(api: Api, title: string, wanted: boolean): Promise<boolean> {
  for (let look = 0; look < 5; look += 1) {
    const found = await api.search(`What does the gadget zq${title} cost?`);
    if (found.kind === "ok" && found.body.includes(title) === wanted) return true;
    await delay(200);
  }
  return false;
}

interface SeenJob {
  readonly job_id: string;
  readonly state: string;
  readonly result: unknown;
}

async function erasures({ url }: Instance): Promise<readonly SeenJob[]> {
  const response = await fetch(`${url}/api/v1/jobs?kind=erase&limit=100`);
  return ((await response.json()) as { items: readonly SeenJob[] }).items;
}

describeWithRedis("three servers on one Redis and one Chroma", () => {
  describeWithChroma("behind a plain balancer", () => {
    beforeAll(async () => {
      [redis, chroma] = await Promise.all([startRedis({ args: ["--appendonly", "yes"] }), startChroma()]);
      instances = await startInstances({
        count: 3,
        environment: () => ({ REDIS_URL: redis.url, CHROMA_URL: chroma.url }),
      });
      balancer = await startBalancer(() => instances.all.map(({ url }) => url));
    }, LIMIT_MS);
    afterAll(async () => {
      await balancer?.close();
      await instances?.close();
      await Promise.all([redis?.close(), chroma?.close()]);
    });

    it("a session goes on at whatever server, with what was said before", async () => {
      const client = createClient(balancer.url);
      const first = await client.chat({ message: "How long do I have to return unopened goods?" });
      const { session_id } = first;
      const turns = [first];
      for (const message of ["And opened ones?", "Where is my order LK20260142?", "Thanks!"]) {
        turns.push(await client.chat({ message, session_id }));
      }
      expect(turns[1]?.reply).toMatch(/opened/i);
      for (const { url } of instances.all) {
        const history = await createClient(url).history(session_id);
        expect(history.map((turn) => [turn.turn_id, turn.reply?.reply])).toEqual(
          turns.map((turn) => [turn.turn_id, turn.reply]),
        );
      }
    });

    it("what is added, changed or deleted at one is known to all", async () => {
      const [one, two, three] = instances.all.map(({ api }) => api) as [Api, Api, Api];
      const added = await one.addDocument("gadget.md", documentContent("first"));
      expect(added.kind).toBe("ok");
      for (const api of [two, three]) expect(await foundBySearch(api, "first", true)).toBe(true);
      await two.addDocument("gadget.md", documentContent("second"));
      for (const api of [one, three]) {
        expect(await foundBySearch(api, "second", true)).toBe(true);
        expect(await foundBySearch(api, "first", false)).toBe(true);
      }
      const listed = await three.documents();
      const last = listed.kind === "ok" ? listed.body.find(({ title }) => title === "second") : undefined;
      expect((await three.removeDocument(last?.document_id ?? "")).kind).toBe("ok");
      for (const api of [one, two, three]) expect(await foundBySearch(api, "second", false)).toBe(true);
    });

    it(
      "a job is done, once for all, also when one of the servers is killed",
      async () => {
        const [one, two, three] = instances.all as [Instance, Instance, Instance];
        const users = Array.from({ length: 9 }, (_, index) => `leaver-${index}`);
        const api = createApi(() => balancer.url);
        for (const user of users) await api.chat({ message: "Hi!", turn_id: `of-${user}`, user });
        const jobs = await Promise.all(
          users.map(async (user, index) => {
            const { url } = instances.all[index % 3] ?? one;
            const response = await fetch(`${url}/api/v1/users/${user}/data`, { method: "DELETE" });
            return ((await response.json()) as { job_id: string }).job_id;
          }),
        );
        await two.kill();
        await vi.waitFor(
          async () => expect((await erasures(one)).map(({ state }) => state)).toEqual(users.map(() => "done")),
          { timeout: PATIENCE_MS, interval: 50 },
        );
        await two.start();
        for (const instance of [one, two, three]) {
          const seen = await erasures(instance);
          expect(seen.map(({ job_id }) => job_id).sort()).toEqual([...jobs].sort());
          for (const { result } of seen) expect(result).toMatchObject({ sessions: 1, turns: 1 });
          for (const user of users) expect(await instance.api.sessions(user)).toEqual({ kind: "ok", body: [] });
        }
      },
      LIMIT_MS,
    );

    // On a busy machine a server may lose sight of Redis for a moment, which is a split, and splits fork: it gets another chance.
    it("any of them is killed under load: nothing acknowledged is lost, and each turn is answered once", {
      retry: 2,
      timeout: LIMIT_MS,
    }, async () => {
      const witness = createWitness(() => {});
      const api = createApi(() => balancer.url);
      const random = seededRandom(20_261_121);
      const clients = Array.from({ length: 4 }, (_, index) =>
        createLoadClient({ name: `k${index}`, random: seededRandom(index), witness, servers: [{ api }] }),
      );
      const rules = { answered: false, split: false };
      for (const victim of [0, 1, 2, 0]) {
        const stop = new AbortController();
        const loading = clients.map(async (client) => {
          // A client that met the dead one asks the next time again, and gets another one.
          while (!stop.signal.aborted) await client.run(stop.signal);
        });
        await delay(100 + random() * 200);
        await instances.all[victim]?.kill();
        await delay(100 + random() * 200);
        stop.abort();
        await Promise.all(loading);
        // Whoever repeats a turn at another server gets its answer, before the dead one is back.
        const survivor = instances.all[(victim + 1) % 3];
        const ask = { api: survivor?.api ?? api, witness, instance: 0, split: false };
        await settle({ ask, rules, patienceMs: PATIENCE_MS });
        await instances.all[victim]?.start();
      }
      expect(witness.counts.answered).toBeGreaterThan(20);
      for (const { api: own, number } of instances.all) {
        const ask = { api: own, witness, instance: 0, split: false };
        if (number === 0) await examineRecords({ ask, rules, patienceMs: PATIENCE_MS });
        await examine({ ask, rules: { ...rules, answered: true }, patienceMs: PATIENCE_MS });
      }
      expect(witness.problems).toEqual([]);
    });
  });
});
