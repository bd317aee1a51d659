import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createLeases } from "../../src/fallbacks/store/leases.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createModelRetire } from "../../src/retrieval/model-retire.ts";
import type { RetireStore } from "../../src/retrieval/model-retire-records.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

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
  const index = { script: "up" as "up" | "away" | "broken", hold: async () => {} };

  function server(
    spaces: readonly (typeof OLD)[],
    options: { readonly alone?: boolean; readonly wrap?: (access: RetireStore) => RetireStore } = {},
  ) {
    const { access } = createTestAccess({ clock, local: store });
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
          if (index.script === "broken") throw new LayerError("server", "broken by the script");
          if (index.script === "away") return "away";
          return held.delete(nameOf(space)) ? "discarded" : "none";
        },
      },
      store: options.wrap?.(access) ?? access,
      leases: options.alone ? undefined : createLeases(access, { clock, newId }),
      clock,
      newId,
      isChanging: () => state.changing,
      info: (fields) => void logged.push(fields),
      report: (_error, fields) => void reports.push(fields),
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

  const recorded = async () =>
    (await store.list({ collection: "meta", prefix: "vector-space/", limit: 100 }, context())).map(({ key }) => key);
  return { clock, store, index, held, discards, context, server, usedBefore, recorded };
}

describe("what a remote index holds of former models", () => {
  it("is deleted a day after all servers have changed over, and no earlier", async () => {
    const { clock, held, server, usedBefore, recorded } = createRig();
    await usedBefore();
    const { retire, logged, reports } = server([NEW]);
    await clock.advance(DAY_MS);
    expect([...held]).toEqual([nameOf(OLD), nameOf(NEW)]);
    const [former] = retire.former;
    expect(former).toMatchObject(OLD);
    expect(former?.unusedS).toBeGreaterThan(23.5 * 3_600);
    expect(former?.unusedS).toBeLessThanOrEqual(24 * 3_600);
    await clock.advance(HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(logged).toEqual([{ layer: "vectors", space: OLD.name, dimension: OLD.dimension }]);
    expect(retire.former).toEqual([]);
    expect(await recorded()).toEqual([`vector-space/8/${NEW.name}`]);
    await clock.advance(2 * DAY_MS);
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
    await clock.advance(24 * HOUR_MS + 60_000);
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
    expect(reports).toEqual([{ doing: "looking for vectors that nobody uses any more" }]);
    index.script = "up";
    await clock.advance(HOUR_MS);
    expect([...held]).toEqual([nameOf(NEW)]);
    expect(logged).toHaveLength(1);
    await retire.close();
  });

  it("stays, and nothing is written, while the store that all servers share is away", async () => {
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
    const before = await store.list({ collection: "meta", limit: 100 }, context());
    await clock.advance(3 * DAY_MS);
    expect(await store.list({ collection: "meta", limit: 100 }, context())).toEqual(before);
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
    expect(discards).toEqual([nameOf(OLD)]);
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
});
