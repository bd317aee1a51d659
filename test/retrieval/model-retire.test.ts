import { describe, expect, it } from "vitest";
import { asLayerError, LayerError } from "../../src/fallbacks/core/errors.ts";
import { createLeases } from "../../src/fallbacks/store/leases.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createModelRetire } from "../../src/retrieval/model-retire.ts";
import type { RetireStore } from "../../src/retrieval/model-retire-records.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OLD = { name: "model-old", dimension: 4 };
const NEW = { name: "model-new", dimension: 8 };
const nameOf = ({ name, dimension }: typeof OLD) => `${name}/${dimension}`;

/** Servers on one clock, store and index; what the index holds is a set of names. */
function createRig() {
  const clock = createManualClock();
  const store = createMemoryStore();
  const held = new Set([OLD, NEW].map(nameOf));
  const discards: string[] = [];
  const context = () => testContext({ clock });
  const index = { script: "up" as "up" | "away" | "broken", hold: async () => {}, refuses: new Set<string>() };

  function server(
    spaces: readonly (typeof OLD)[],
    options: {
      readonly alone?: boolean;
      readonly wrap?: (access: RetireStore) => RetireStore;
      /** How far its wall clock is ahead, in ms. */
      readonly aheadMs?: number;
    } = {},
  ) {
    const { aheadMs = 0 } = options;
    const own: ManualClock = { ...clock, wall: () => new Date(clock.wall().getTime() + aheadMs) };
    const { access } = createTestAccess({ clock: own, local: store });
    const newId = createIds();
    const uses = new Map(spaces.map(({ name, dimension }) => [name, dimension]));
    const logged: object[] = [];
    const reports: object[] = [];
    const state = { changing: false };
    const retire = createModelRetire({
      remote: {
        inUse: () => uses,
        async discard(space) {
          discards.push(nameOf(space));
          await index.hold();
          if (index.refuses.has(nameOf(space))) throw new LayerError("invalid_request", `kept: ${space.name}`);
          if (index.script === "broken") throw new LayerError("server", "broken by the script");
          if (index.script === "away") return "away";
          return held.delete(nameOf(space)) ? "discarded" : "none";
        },
      },
      store: options.wrap?.(access) ?? access,
      leases: options.alone ? undefined : createLeases(access, { clock: own, newId }),
      clock: own,
      newId,
      isChanging: () => state.changing,
      info: (fields) => void logged.push(fields),
      report: (error, fields) => void reports.push({ ...fields, error: asLayerError(error).message }),
    });
    retire.start();
    return { retire, uses, logged, reports, state };
  }

  /** A server that has used the old model for an hour and is no more. */
  async function usedBefore(): Promise<void> {
    const { retire } = server([OLD]);
    await clock.advance(HOUR_MS);
    await retire.close();
  }

  const records = () => store.list({ collection: "meta", prefix: "vector-space/", limit: 100 }, context());
  const recorded = async () => (await records()).map(({ key }) => key);
  return { clock, store, index, held, discards, context, server, usedBefore, records, recorded };
}

describe("what a remote index holds of former models", () => {
  it("is deleted a day after all servers have changed over, and no earlier", async () => {
    const { clock, held, discards, server, usedBefore, recorded } = createRig();
    await usedBefore();
    const { retire, logged, reports } = server([NEW]);
    await clock.advance(DAY_MS);
    expect([...held]).toEqual([nameOf(OLD), nameOf(NEW)]);
    const [former] = retire.former;
    expect(former).toMatchObject(OLD);
    expect(former?.unusedS).toBeGreaterThanOrEqual(23.5 * 3_600);
    expect(former?.unusedS).toBeLessThanOrEqual(24 * 3_600);
    await clock.advance(HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(logged).toEqual([{ layer: "vectors", space: OLD.name, dimension: OLD.dimension }]);
    expect(retire.former).toEqual([]);
    expect(discards).toEqual([nameOf(OLD)]);
    // Whoever was cut off may have filled it again: it is looked for once a day, for 30 days.
    await clock.advance(29 * DAY_MS);
    expect(await recorded()).toEqual([`vector-space/4/${OLD.name}`, `vector-space/8/${NEW.name}`]);
    expect(discards.length).toBeGreaterThanOrEqual(1 + 28);
    expect(discards.length).toBeLessThanOrEqual(1 + 29);
    await clock.advance(2 * DAY_MS);
    expect(await recorded()).toEqual([`vector-space/8/${NEW.name}`]);
    const { length } = discards;
    await clock.advance(2 * DAY_MS);
    expect(discards).toHaveLength(length);
    expect(logged).toHaveLength(1);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(reports).toEqual([]);
    await retire.close();
    expect(clock.pending).toBe(0);
  });

  it("stays while one server of another version or configuration uses it, however long", async () => {
    const { clock, held, discards, server } = createRig();
    const servers = [server([OLD]), server([NEW]), server([NEW])];
    await clock.advance(3 * DAY_MS);
    expect(held.size).toBe(2);
    expect(discards).toEqual([]);
    for (const { retire } of servers) await retire.close();
  });

  it("is there when the former model is taken up again within a day, which begins anew after that", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const { retire } = server([NEW]);
    await clock.advance(23 * HOUR_MS);
    const back = server([OLD]);
    await clock.advance(HOUR_MS / 2);
    await back.retire.close();
    await clock.advance(23 * HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(3 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("is deleted once, by one of several servers", async () => {
    const { clock, held, discards, server, usedBefore } = createRig();
    await usedBefore();
    const servers = [server([NEW]), server([NEW])];
    await clock.advance(HOUR_MS / 8);
    servers.push(server([NEW]));
    await clock.advance(25 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(discards).toEqual([nameOf(OLD)]);
    expect(servers.flatMap(({ logged }) => logged)).toHaveLength(1);
    expect(servers.flatMap(({ reports }) => reports)).toEqual([]);
    for (const { retire } of servers) expect(retire.former).toEqual([]);
    for (const { retire } of servers) await retire.close();
  });

  it("is looked at by one server at a time", async () => {
    const { clock, index, held, discards, server, usedBefore } = createRig();
    await usedBefore();
    const servers = [server([NEW]), server([NEW])];
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    index.hold = () => released;
    while (discards.length === 0) await clock.advance(10_000);
    await clock.advance(30_000);
    expect(discards).toHaveLength(1);
    release();
    await clock.advance(HOUR_MS);
    expect(discards).toHaveLength(1);
    expect(held.size).toBe(1);
    for (const { retire } of servers) await retire.close();
  });

  it("waits while a server still changes over to the new space, but a week at most", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const calm = server([NEW]);
    const slow = server([NEW]);
    slow.state.changing = true;
    await clock.advance(3 * DAY_MS);
    expect(held.size).toBe(2);
    slow.state.changing = false;
    await clock.advance(DAY_MS);
    expect(held.size).toBe(2);
    await clock.advance(2 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    held.add(nameOf(OLD));
    const back = server([OLD]);
    await clock.advance(HOUR_MS);
    await back.retire.close();
    slow.state.changing = true;
    await clock.advance(7 * DAY_MS - HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(2 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    for (const { retire } of [calm, slow]) await retire.close();
  });

  it("is not counted as unused while no server runs", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const first = server([NEW]);
    await clock.advance(12 * HOUR_MS);
    await first.retire.close();
    await clock.advance(3 * DAY_MS);
    const second = server([NEW]);
    await clock.advance(11 * HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(3 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await second.retire.close();
  });

  it("fault 31: is not deleted earlier because the wall clock is set", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const { retire } = server([NEW]);
    await clock.advance(HOUR_MS);
    clock.setWall(new Date(clock.wall().getTime() + 400 * DAY_MS));
    await clock.advance(12 * HOUR_MS);
    clock.setWall(new Date(clock.wall().getTime() - 400 * DAY_MS));
    await clock.advance(10 * HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(3 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("fault 35: is deleted later when the index is away, and nothing else is told", async () => {
    const { clock, index, held, discards, server, usedBefore } = createRig();
    await usedBefore();
    const { retire, logged, reports } = server([NEW]);
    index.script = "away";
    await clock.advance(26 * HOUR_MS);
    expect(held.size).toBe(2);
    expect(discards.length).toBeGreaterThan(1);
    expect(discards.length).toBeLessThan(10);
    expect([logged, reports]).toEqual([[], []]);
    index.script = "broken";
    await clock.advance(HOUR_MS / 4);
    const doing = "deleting vectors that nobody uses any more";
    const { name: space, dimension } = OLD;
    expect(reports).toEqual([{ doing, space, dimension, error: "broken by the script" }]);
    index.script = "up";
    await clock.advance(HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(logged).toHaveLength(1);
    await retire.close();
  });

  it("stays, and nothing is counted, while the store that all servers share is away", async () => {
    const { clock, held, server, usedBefore, context, store } = createRig();
    await usedBefore();
    let away = false;
    const wrap = (access: RetireStore): RetireStore => ({
      ...access,
      async get(...args) {
        const served = await access.get(...args);
        const since = clock.wall();
        const degraded = { layer: "store", mode: "equal", by: "embedded", reason: "open", since } as const;
        return away ? { ...served, degraded } : served;
      },
    });
    const { retire } = server([NEW], { wrap });
    await clock.advance(DAY_MS / 2);
    away = true;
    const count = () => store.get("meta", "vector-spaces", context());
    const use = () => store.get("meta", `vector-space/8/${NEW.name}`, context());
    const [counted, used] = [await count(), await use()];
    await clock.advance(3 * DAY_MS);
    expect(await count()).toEqual(counted);
    // Said once, for the shared store to hear of when it is back, whatever becomes of this server until then.
    expect((await use())?.version).toBe((used?.version ?? 0) + 1);
    away = false;
    await clock.advance(DAY_MS / 2 - HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(3 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("stays when somebody goes back to it in the moment before", async () => {
    const { clock, held, discards, server, usedBefore } = createRig();
    await usedBefore();
    let asked = 0;
    const wrap = (access: RetireStore): RetireStore => ({
      ...access,
      async get(collection, key, context) {
        if (key.startsWith("vector-space/")) {
          asked += 1;
          const value = { space: OLD.name, dimension: OLD.dimension, at: "" };
          const write = { kind: "put", collection: "meta", key, value } as const;
          await access.commit({ id: `back-${asked}`, writes: [write] }, context);
        }
        return access.get(collection, key, context);
      },
    });
    const { retire } = server([NEW], { wrap });
    await clock.advance(26 * HOUR_MS);
    expect(asked).toBe(1);
    expect(held.size).toBe(2);
    expect(discards).toEqual([]);
    await retire.close();
  });

  it("is never deleted when no server has ever named it, nor under a dimension that nobody has used", async () => {
    const { clock, held, discards, server, usedBefore } = createRig();
    await usedBefore();
    held.add("model-of-others/4").add("model-old/5");
    const { retire } = server([NEW], { alone: true });
    await clock.advance(3 * DAY_MS);
    expect([...new Set(discards)]).toEqual([nameOf(OLD)]);
    expect([...held]).toEqual([nameOf(NEW), "model-of-others/4", "model-old/5"]);
    await retire.close();
  });

  it("is deleted also when it has the name of the space that is used now, with another dimension", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const swapped = { ...OLD, dimension: 6 };
    held.add(nameOf(swapped));
    const { retire, uses } = server([swapped]);
    // Until a vector has been seen, any of them may be the one that is used.
    uses.set(OLD.name, 0);
    await clock.advance(3 * DAY_MS);
    expect(held).toContain(nameOf(OLD));
    uses.set(OLD.name, 6);
    await clock.advance(2 * DAY_MS);
    expect(held).not.toContain(nameOf(OLD));
    expect(held).toContain(nameOf(swapped));
    await retire.close();
  });

  it("is counted anew when the count cannot be read", async () => {
    const { clock, store, held, server, usedBefore, context } = createRig();
    await usedBefore();
    const { retire } = server([NEW]);
    await clock.advance(20 * HOUR_MS);
    const write = { kind: "put", collection: "meta", key: "vector-spaces", value: { at: "?" } } as const;
    await store.commit({ id: "damage", writes: [write] }, context());
    await clock.advance(20 * HOUR_MS);
    expect(held.size).toBe(2);
    await clock.advance(6 * HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("is known to be used within a second or two, when a space comes into use between two looks", async () => {
    const { clock, server, recorded } = createRig();
    const { retire, uses } = server([NEW]);
    await clock.advance(60_000);
    uses.set(OLD.name, OLD.dimension);
    retire.used();
    await clock.advance(2_000);
    expect(await recorded()).toEqual([`vector-space/4/${OLD.name}`, `vector-space/8/${NEW.name}`]);
    await retire.close();
    expect(clock.pending).toBe(0);
  });

  it("fault 31: is not deleted earlier because the wall clocks of the servers differ", async () => {
    const { clock, held, server, usedBefore } = createRig();
    await usedBefore();
    const servers = [];
    const startMs = clock.now();
    for (let at = 0; at < 10; at += 1) {
      servers.push(server([NEW], { aheadMs: at % 2 === 0 ? 0 : 1_200_000 }));
      await clock.advance(90_000);
    }
    while (held.size === 2) await clock.advance(HOUR_MS / 4);
    const hours = (clock.now() - startMs) / HOUR_MS;
    expect(hours).toBeGreaterThanOrEqual(24);
    expect(hours).toBeLessThan(26);
    for (const { retire } of servers) await retire.close();
  });

  it("is deleted again within a day when a server that nobody heard has filled it again, and looked for from then on", async () => {
    const { clock, held, logged, retire } = await deletedOnce();
    await clock.advance(20 * DAY_MS);
    held.add(nameOf(OLD));
    await clock.advance(DAY_MS + HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(logged).toHaveLength(2);
    await clock.advance(25 * DAY_MS);
    held.add(nameOf(OLD));
    await clock.advance(DAY_MS + HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("fault 35: is not forgotten while the index cannot say that it has nothing of it", async () => {
    const { clock, index, held, retire, recorded } = await deletedOnce();
    held.add(nameOf(OLD));
    index.script = "away";
    await clock.advance(40 * DAY_MS);
    expect(await recorded()).toHaveLength(2);
    index.script = "up";
    await clock.advance(HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("is in use again as soon as a server says so, also after it was deleted", async () => {
    const { clock, held, server, records, retire } = await deletedOnce();
    const back = server([OLD]);
    held.add(nameOf(OLD));
    await clock.advance(5 * DAY_MS);
    expect(held.size).toBe(2);
    expect((await records())[0]?.value).toEqual({ space: OLD.name, dimension: OLD.dimension, at: expect.any(String) });
    for (const each of [back.retire, retire]) await each.close();
  });

  it("does not keep others from being deleted when it cannot be, is tried less and less, and told once", async () => {
    const { clock, index, held, discards, server } = createRig();
    const other = { name: "model-a", dimension: 4 };
    held.add(nameOf(other));
    index.refuses.add(nameOf(other));
    const before = server([OLD, other]);
    await clock.advance(HOUR_MS);
    await before.retire.close();
    const { retire, reports } = server([NEW]);
    await clock.advance(DAY_MS + HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW), nameOf(other)]);
    await clock.advance(9 * DAY_MS);
    const tries = () => discards.filter((name) => name === nameOf(other)).length;
    expect(tries()).toBeGreaterThanOrEqual(12);
    expect(tries()).toBeLessThanOrEqual(18);
    const doing = "deleting vectors that nobody uses any more";
    expect(reports).toEqual([{ doing, space: other.name, dimension: other.dimension, error: "kept: model-a" }]);
    expect(retire.former).toMatchObject([other]);
    index.refuses.clear();
    await clock.advance(DAY_MS + HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    await retire.close();
  });

  it("stays when the server that counts was stopped before the deletion for longer than its lease", async () => {
    const { clock, held, discards, server, usedBefore, recorded } = createRig();
    await usedBefore();
    let stopped: Promise<void> | undefined;
    let goOn = () => {};
    const stops: string[] = [];
    const wrap = (access: RetireStore): RetireStore => ({
      ...access,
      async get(...args) {
        const served = await access.get(...args);
        if (args[1].startsWith("vector-space/")) {
          stops.push(args[1]);
          await stopped;
        }
        return served;
      },
    });
    const { retire, reports } = server([NEW], { wrap });
    stopped = new Promise((resolve) => (goOn = resolve));
    while (stops.length === 0) await clock.advance(HOUR_MS / 4);
    const back = server([OLD]);
    await clock.advance(2 * HOUR_MS);
    goOn();
    await clock.advance(1);
    expect(discards).toEqual([]);
    await clock.advance(HOUR_MS);
    expect(held.size).toBe(2);
    expect(await recorded()).toEqual([`vector-space/4/${OLD.name}`, `vector-space/8/${NEW.name}`]);
    expect(reports).toEqual([]);
    for (const each of [back.retire, retire]) await each.close();
  });

  it("keeps the word of a server that goes back to it while it is being deleted", async () => {
    const { clock, index, held, discards, server, usedBefore, records } = createRig();
    await usedBefore();
    let goOn = () => {};
    const released = new Promise<void>((resolve) => (goOn = resolve));
    index.hold = () => released;
    const { retire } = server([NEW]);
    while (discards.length === 0) await clock.advance(HOUR_MS / 4);
    const back = server([OLD]);
    await clock.advance(60_000);
    goOn();
    await clock.advance(1);
    const value = { space: OLD.name, dimension: OLD.dimension, at: expect.any(String) };
    expect((await records())[0]?.value).toEqual(value);
    held.add(nameOf(OLD));
    await clock.advance(3 * DAY_MS);
    expect(held.size).toBe(2);
    for (const each of [back.retire, retire]) await each.close();
  });
});

/** A rig with one server, a day after it has deleted what the old model left. */
async function deletedOnce() {
  const rig = createRig();
  await rig.usedBefore();
  const server = rig.server([NEW]);
  while (rig.held.size === 2) await rig.clock.advance(HOUR_MS);
  await rig.clock.advance(DAY_MS);
  return { ...rig, ...server };
}
