import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../../src/fallbacks/core/layer.ts";
import type { Buried } from "../../../src/fallbacks/store/access.ts";
import { createStoreAccess } from "../../../src/fallbacks/store/create-access.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import type { Place, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { createIds } from "../../contracts/store-access.ts";
import { describeWithRedis, startRedis } from "../../support/redis-server.ts";
import { createLinkStore, uniteLists } from "./link-store.ts";
import { put, soon } from "./redis-rig.ts";

const remove = (key: string): Write => ({ kind: "delete", collection: "turns", key });
const placeOf = (key: string): Place => ({ collection: "turns", key });
/** For a busy machine; what is waited for is there much sooner. */
const PATIENCE = { timeout: 20_000, interval: 20 };

describeWithRedis("the replicated store over a real Redis and the embedded journal", () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  /** One process of a cluster, with a journal of its own and a link that can be cut. */
  function instance(url: string, directory = mkdtempSync(join(tmpdir(), "understudy-replicated-"))) {
    const local = createEmbeddedStore({ directory });
    const redis = createRedisStore({ url, clock: systemClock, silenceMs: 5_000 });
    const remote = createLinkStore(redis);
    const breaker = { failureThreshold: 2, openMs: 50, maxOpenMs: 100 };
    const layer = createLayer<Store>({
      name: "store",
      slots: [
        { port: remote, mode: "equal", timeoutMs: 5_000, breaker },
        { port: local, mode: "equal", timeoutMs: Number.POSITIVE_INFINITY },
      ],
      configured: true,
      clock: systemClock,
      random: () => 0.5,
      faults: createFaults({ clock: systemClock, random: () => 0 }),
      words: { impact: {}, down: "Nothing can be saved.", action: "Look at Redis." },
    });
    const buried: Buried[] = [];
    const newId = createIds();
    const parts = { layer, local, remote, clock: systemClock, newId, unite: uniteLists, drainMs: 20 };
    const access = createStoreAccess({ ...parts, onBuried: (one) => buried.push(one) });
    let closed = false;
    const made = {
      access,
      buried,
      directory,
      local,
      remote,
      redis,
      save: (...writes: Write[]) => access.commit({ id: newId(), writes }, soon(20_000)),
      async append(key: string, what: string) {
        const known = (await access.get("turns", key, soon(20_000))).value;
        const list = Array.isArray(known?.value) ? known.value : [];
        return made.save(put(key, [...list, what], known?.version ?? 0));
      },
      /** Waits until the shared store has everything. */
      inStep: () =>
        vi.waitFor(async () => {
          await access.get("turns", "any", soon());
          expect(access.status()).toMatchObject({ state: "ok", backlog: null });
        }, PATIENCE),
      /** Ends without a word to anybody, as far as a process can that goes on. */
      async close() {
        if (closed) return;
        closed = true;
        await access.close();
        await redis.close?.();
      },
    };
    open.push(made);
    open.push({ close: () => rmSync(directory, { recursive: true, force: true }) });
    return made;
  }

  it("fault 45: two instances that were split are united, chains of work and deletions too", async () => {
    const server = await startRedis();
    open.push(server);
    const [ours, theirs] = [instance(server.url), instance(server.url)];
    await ours.append("talk", "0");
    await ours.save(put("gone", 1));
    ours.remote.state = "refuse";
    for (const what of ["1", "2", "3"]) expect(await ours.append("talk", what)).toMatchObject({ by: "embedded" });
    await ours.save(remove("gone"), put("x", "ours"));
    for (const what of ["a", "b"]) expect(await theirs.append("talk", what)).toMatchObject({ by: "shared" });
    ours.remote.state = "up";
    await ours.inStep();
    const places = ["talk", "gone", "x"].map(placeOf);
    const [talk, gone, x] = await ours.redis.look(places, soon());
    expect(talk?.value).toEqual(["0", "a", "b", "1", "2", "3"]);
    expect([gone?.value, x?.value]).toEqual([undefined, "ours"]);
    expect(await ours.local.look(places, soon())).toEqual([talk, gone, x]);
    await theirs.append("talk", "c");
    expect(await theirs.local.look([placeOf("talk")], soon())).toEqual(
      await ours.redis.look([placeOf("talk")], soon()),
    );
    expect([...ours.buried, ...theirs.buried]).toEqual([]);
  });

  it("fault 44: a long replay, with Redis killed in the middle of it, applies each operation once and in order", async () => {
    const server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    open.push(server);
    const ours = instance(server.url);
    ours.remote.state = "refuse";
    const COUNT = 1_500;
    const saving = Array.from({ length: COUNT }, (_, index) =>
      ours.save(put(`own/${index}`, index), put("last", index)),
    );
    await Promise.all(saving);
    for (const what of ["1", "2", "3"]) await ours.append("talk", what);
    const commitAll = ours.redis.commitAll.bind(ours.redis);
    let batches = 0;
    ours.redis.commitAll = async (operations, context) => {
      batches += 1;
      const sent = commitAll(operations, context);
      if (batches === 2) await Promise.all([server.kill(), sent.catch(() => undefined)]);
      return sent;
    };
    ours.remote.state = "up";
    await vi.waitFor(() => expect(batches).toBeGreaterThanOrEqual(2), PATIENCE);
    await server.restart();
    // Callers are not held up by the replay.
    for (const what of ["4", "5"]) await ours.append("talk", what);
    await ours.inStep();
    expect(batches).toBeLessThan(40);
    const places = Array.from({ length: COUNT }, (_, index) => placeOf(`own/${index}`));
    for (let from = 0; from < COUNT; from += 500) {
      const seen = await ours.redis.look(places.slice(from, from + 500), soon());
      expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => ({ version: 1, value: from + index })));
    }
    const [last, talk] = await ours.redis.look([placeOf("last"), placeOf("talk")], soon());
    expect(last).toEqual({ version: COUNT, value: COUNT - 1 });
    expect(talk).toEqual({ version: 5, value: ["1", "2", "3", "4", "5"] });
    expect(ours.buried).toEqual([]);
  });

  it("fault 43: a Redis that comes back with an old copy gets what is newer, deletions too", async () => {
    const server = await startRedis();
    open.push(server);
    const ours = instance(server.url);
    await ours.save(put("deleted", "old"), put("again", "old"), put("kept", "old"));
    await server.command("SAVE");
    const dump = join(server.directory, "dump.rdb");
    copyFileSync(dump, `${dump}.old`);
    await ours.save(remove("deleted"), remove("again"));
    await ours.save(put("again", "new", 0), put("kept", "new", 1));
    await ours.append("talk", "1");
    await server.kill();
    copyFileSync(`${dump}.old`, dump);
    await server.restart();
    const places = ["deleted", "again", "kept", "talk"].map(placeOf);
    await vi.waitFor(async () => {
      await ours.access.get("turns", "kept", soon());
      expect(await ours.redis.look(places, soon())).toEqual([
        { version: 2, value: undefined },
        { version: 3, value: "new" },
        { version: 2, value: "new" },
        { version: 1, value: ["1"] },
      ]);
    }, PATIENCE);
    await ours.inStep();
    expect(await ours.local.look(places, soon())).toEqual(await ours.redis.look(places, soon()));
  });
});
