import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Unite } from "../../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createRecentPlaces } from "../../../src/fallbacks/store/recent-places.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { uniteLists, wrapStore } from "./link-store.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});
const remove = (key: string): Write => ({ kind: "delete", collection: "meta", key });

function instance(parts: { clock: ManualClock; remote: Store; local?: Store; unite?: Unite }) {
  const { access, local } = createTestAccess(parts);
  const context = () => createContext({ clock: parts.clock, requestId: "test", deadlineMs: 5_000 });
  return {
    access,
    local,
    context,
    save: async (id: string, ...writes: Write[]) => {
      const { value, by } = await access.commit({ id, writes }, context());
      return `${value.status} by ${by}`;
    },
    read: async (key: string) => (await access.get("meta", key, context())).value?.value,
    dead: async () => (await access.deadLetters?.listDead(10, context()))?.map(({ reason }) => reason),
  };
}

describe("an empty remote store that two instances fill at once", () => {
  it("does not get back what one of them has deleted, while the other's copy is on its way", async () => {
    const clock = createManualClock();
    const first = createScriptedStore();
    const [ours, theirs] = [instance({ clock, remote: first }), instance({ clock, remote: first })];
    await ours.save("ours", put("words", "of a user", 0));
    await theirs.save("theirs", put("other", 1));
    await theirs.save("deleted", remove("words"));
    await clock.advance(1_000);
    const fresh = createMemoryStore();
    const gate: { open?: () => void } = {};
    const held: Store = {
      ...fresh,
      name: "scripted",
      async commit(operation, ctx) {
        if (operation.writes.some(({ key }) => key === "words") && !gate.open) {
          await new Promise<void>((resolve) => {
            gate.open = resolve;
          });
        }
        return fresh.commit(operation, ctx);
      },
    };
    const later = instance({ clock, remote: held, local: ours.local });
    await later.read("words");
    for (let step = 0; step < 500 && !gate.open; step += 1) await clock.advance(10);
    const open = instance({ clock, remote: { ...fresh, name: "scripted" }, local: theirs.local });
    await open.read("words");
    await open.access.settle(open.context());
    gate.open?.();
    await clock.advance(30_000);
    expect(gate.open).toBeDefined();
    const [seen] = await fresh.look([{ collection: "meta", key: "words" }], open.context());
    expect(seen).toEqual({ version: 2, value: undefined });
    for (const each of [later, open]) expect(each.access.status().state).toBe("ok");
  });
});

describe("an operation that the remote store has refused", () => {
  it("is applied when it comes again under its id after a new start, with the remote store away", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const before = instance({ clock, remote });
    await before.save("first", put("first", 1));
    await remote.inside.commit({ id: "other", writes: [put("a", "theirs", 0)] }, before.context());
    expect(await before.save("again", put("a", "ours", 0))).toBe("conflict by scripted");
    await before.save("out of the way", remove("a"));
    await clock.advance(1_000);
    await before.access.close();
    const after = instance({ clock, remote, local: before.local });
    await after.read("a");
    remote.script = "refuse";
    expect(await after.save("again", put("a", "ours", 0))).toBe("applied by memory");
    expect(await after.read("a")).toBe("ours");
    remote.script = "up";
    await clock.advance(60_000);
    expect((await remote.inside.get("meta", "a", after.context()))?.value).toBe("ours");
    expect(after.access.status()).toMatchObject({ state: "ok", action: "none" });
  });
});

describe("an entry that the remote store had before its process was killed", () => {
  /** Ends without a word, after its batch was acknowledged; comes back after this time, with all ids forgotten. */
  async function killed(writes: readonly Write[], meanwhile: readonly Write[], ms: number) {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const before = instance({ clock, remote });
    await before.save("first", put("first", 1));
    await clock.advance(1_000);
    // What it would take out of its outbox stays there.
    const kept = createMemoryStore();
    await before.save("last", ...writes);
    for (const collection of ["meta", "outbox", "replicas"] as const) {
      for (const { key, value, version } of await before.local.list({ collection, limit: 100 }, before.context())) {
        await kept.commit({ id: key, writes: [{ kind: "put", collection, key, value, version }] }, before.context());
      }
    }
    await remote.inside.commit({ id: "meanwhile", writes: meanwhile }, before.context());
    await clock.advance(ms);
    for (let number = 0; number < 50_001; number += 1) {
      await remote.inside.commit({ id: `${number}`, writes: [] }, before.context());
    }
    const after = instance({ clock, remote, local: kept });
    await after.access.settle(after.context());
    await clock.advance(30_000);
    expect(after.access.status()).toMatchObject({ state: "ok", backlog: null });
    const there = (await remote.inside.get("meta", "a", after.context()))?.value;
    return { there, here: await after.read("a"), dead: await after.dead() };
  }
  const LONG_MS = 20 * 60_000;

  it("does not overwrite what was put there since, and is kept for a person", async () => {
    const { there, here, dead } = await killed([put("a", "old")], [put("a", "new")], LONG_MS);
    expect([there, here]).toEqual(["new", "new"]);
    expect(dead).toHaveLength(1);
  });

  it("does not bring back what was deleted since", async () => {
    const { there, here } = await killed([put("a", "old", 0)], [remove("a")], LONG_MS);
    expect([there, here]).toEqual([undefined, undefined]);
  });

  it("is not sent again when all of it is there", async () => {
    const { there, dead } = await killed([put("a", "old")], [], LONG_MS);
    expect([there, dead]).toEqual(["old", []]);
  });
});

describe("a remote store that comes back old, and that another instance wrote to since more often", () => {
  it.each([
    { unite: uniteLists, value: ["first", "theirs 1", "theirs 2", "ours"], dead: 0 },
    { unite: undefined, value: ["first", "theirs 1", "theirs 2"], dead: 1 },
  ])("has what it lost united with what is there, or kept for a person: $dead", async ({ unite, value, dead }) => {
    const clock = createManualClock();
    const inside = { store: createMemoryStore() };
    const remote: Store = wrapStore(createMemoryStore(), "losable", (call) => call());
    for (const name of ["commit", "commitAll", "look", "graves", "forgetGraves", "get", "list"] as const) {
      Object.assign(remote, {
        [name]: (...args: unknown[]) => (inside.store[name] as (...args: unknown[]) => unknown)(...args),
      });
    }
    const ours = instance({ clock, remote, ...(unite && { unite }) });
    await ours.save("first", put("a", ["first"], 0));
    await clock.advance(1_000);
    const old = createMemoryStore();
    for (const collection of ["meta", "replicas"] as const) {
      for (const { key, value, version } of await inside.store.list({ collection, limit: 100 }, ours.context())) {
        await old.commit({ id: key, writes: [{ kind: "put", collection, key, value, version }] }, ours.context());
      }
    }
    expect(await ours.save("ours", put("a", ["first", "ours"], 1))).toBe("applied by losable");
    await clock.advance(1_000);
    inside.store = old;
    await old.commit({ id: "theirs 1", writes: [put("a", ["first", "theirs 1"], 1)] }, ours.context());
    await old.commit({ id: "theirs 2", writes: [put("a", ["first", "theirs 1", "theirs 2"], 2)] }, ours.context());
    await ours.read("a");
    await clock.advance(30_000);
    expect((await old.get("meta", "a", ours.context()))?.value).toEqual(value);
    expect(await ours.read("a")).toEqual(value);
    expect(await ours.dead()).toHaveLength(dead);
    expect(ours.access.status()).toMatchObject({ state: "ok", backlog: null });
  });

  it("is not asked about what this process wrote too long ago, or without comparing", () => {
    const recent = createRecentPlaces(2);
    const [a, b, c] = [put("a", 1, 0), put("b", 1, 0), put("c", 1, 0)];
    recent.wrote({ id: "1", writes: [a, put("d", 1)] }, 5);
    recent.wrote({ id: "2", writes: [b] }, 6);
    expect([a, b, c].map((place) => recent.isBehind(place, 5))).toEqual([false, true, false]);
    recent.wrote({ id: "3", writes: [a] }, 7);
    recent.wrote({ id: "4", writes: [c] }, 8);
    expect([a, b, c, put("d", 1)].map((place) => recent.isBehind(place, 4))).toEqual([true, false, true, false]);
    recent.clear();
    expect(recent.isBehind(c, 0)).toBe(false);
  });
});
