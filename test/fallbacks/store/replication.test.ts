import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import { createOutbox } from "../../../src/fallbacks/store/outbox.ts";
import { draftOf } from "../../../src/fallbacks/store/outbox-entry.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createIds, createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: Json): Write => ({ kind: "put", collection: "documents", key, value });
const remove = (key: string): Write => ({ kind: "delete", collection: "documents", key });

function instance(parts: { clock: ManualClock; remote: Store; local?: Store }) {
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
    read: async (key: string) => {
      const { value, by } = await access.get("documents", key, context());
      return { value: value?.value, by };
    },
  };
}

describe("two instances that do the same under the same operation id", () => {
  it("do not suspect the remote store of a loss, and bring nothing back that was deleted", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const [ours, theirs] = [instance({ clock, remote }), instance({ clock, remote })];
    await ours.save("add", put("secret", "x"));
    await theirs.save("delete", remove("secret"));
    await theirs.save("ticket-move/1", put("ticket", "resolved"));
    expect(await ours.save("ticket-move/1", put("ticket", "resolved"))).toBe("applied by scripted");
    expect(await ours.read("ticket")).toEqual({ value: "resolved", by: "scripted" });
    expect(ours.access.status()).toMatchObject({ state: "ok", backlog: null });
    await clock.advance(20_000);
    for (const each of [ours, theirs]) expect(await each.read("secret")).toEqual({ value: undefined, by: "scripted" });
  });

  it("do not when one of them was away, either", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const [ours, theirs] = [instance({ clock, remote }), instance({ clock, remote })];
    await theirs.save("sample", put("sample", true));
    remote.script = "refuse";
    await ours.save("own", put("own", true));
    await ours.save("sample", put("sample", true));
    remote.script = "up";
    await clock.advance(30_000);
    expect(await ours.read("sample")).toEqual({ value: true, by: "scripted" });
    expect(await ours.save("next", put("next", true))).toBe("applied by scripted");
    expect(await ours.read("next")).toEqual({ value: true, by: "scripted" });
  });

  it("still find out that the remote store has lost data", async () => {
    const clock = createManualClock();
    const inside = { store: createMemoryStore() };
    const remote: Store = {
      name: "losable",
      durability: "disk",
      commit: (operation, ctx) => inside.store.commit(operation, ctx),
      commitAll: (operations, ctx) => inside.store.commitAll(operations, ctx),
      look: (places, ctx) => inside.store.look(places, ctx),
      graves: (request, ctx) => inside.store.graves(request, ctx),
      forgetGraves: (before, limit, ctx) => inside.store.forgetGraves(before, limit, ctx),
      get: (collection, key, ctx) => inside.store.get(collection, key, ctx),
      list: (request, ctx) => inside.store.list(request, ctx),
    };
    const ours = instance({ clock, remote });
    await ours.save("first", put("first", true));
    inside.store = createMemoryStore();
    await inside.store.commit({ id: "sample", writes: [put("sample", true)] }, ours.context());
    expect(await ours.save("sample", put("sample", true))).toBe("applied by memory");
    await clock.advance(5_000);
    expect(await ours.read("first")).toEqual({ value: true, by: "losable" });
  });
});

describe("a journal that cannot be written", () => {
  function fillable(clock: ManualClock) {
    const memory = createMemoryStore();
    const disk = { full: false, writes: 0 };
    const local: Store = {
      ...memory,
      async commit(operation, ctx) {
        disk.writes += 1;
        if (disk.full) throw new LayerError("server", "the disk is full");
        return memory.commit(operation, ctx);
      },
      async commitAll(operations, ctx) {
        disk.writes += 1;
        if (disk.full) throw new LayerError("server", "the disk is full");
        return memory.commitAll(operations, ctx);
      },
    };
    return { disk, ...instance({ clock, remote: createScriptedStore(), local }) };
  }

  it("is found to be good again without anybody's write, and is left alone while all is well", async () => {
    const clock = createManualClock();
    const { access, disk, save } = fillable(clock);
    await save("1", put("a", 1));
    const since = clock.wall();
    disk.full = true;
    await expect(save("2", put("a", 2))).rejects.toThrow("disk is full");
    await clock.advance(10_000);
    expect(access.status()).toMatchObject({ state: "down", since, lastError: { text: "the disk is full" } });
    disk.full = false;
    await clock.advance(1_000);
    expect(access.status()).toMatchObject({ state: "ok", by: "scripted" });
    // The outbox is tidied when nobody writes.
    await clock.advance(100);
    expect(clock.pending).toBe(0);
    const { writes } = disk;
    await clock.advance(60_000);
    expect(disk.writes).toBe(writes);
    expect(await save("3", put("a", 3))).toBe("applied by scripted");
  });

  it("is not asked any more when it is closed", async () => {
    const clock = createManualClock();
    const { access, disk, save } = fillable(clock);
    disk.full = true;
    await expect(save("1", put("a", 1))).rejects.toThrow("disk is full");
    await access.close();
    expect(clock.pending).toBe(0);
  });

  it("is not blamed for an operation that no store takes", async () => {
    const clock = createManualClock();
    const { access, save } = fillable(clock);
    await expect(save("", put("a", 1))).rejects.toMatchObject({ errorClass: "invalid_request" });
    expect(access.status().state).toBe("ok");
  });
});

describe("an operation that the remote store fails to take again and again", () => {
  /** A remote store that is there, but too slow for the record `big` while it is. */
  function slow() {
    const scripted = createScriptedStore();
    const link = { slow: true, tries: 0 };
    const remote: Store = {
      ...scripted,
      async commitAll(operations, ctx) {
        if (link.slow && operations.some(({ writes }) => writes.some(({ key }) => key === "big"))) {
          link.tries += 1;
          throw new LayerError("timeout", "Redis did not answer within 100 ms");
        }
        return scripted.commitAll(operations, ctx);
      },
      probe: async (ctx) => void (await scripted.get("meta", "probe", ctx)),
    };
    return { link, remote, scripted };
  }

  it("lets those pass that have nothing to do with it, waits longer each time, and is sent when it can be", async () => {
    const clock = createManualClock();
    const { link, remote, scripted } = slow();
    const { access, save, read, context } = instance({ clock, remote });
    const thereIs = async (key: string) => (await scripted.inside.get("documents", key, context()))?.value;
    await save("big 1", put("big", 1));
    await save("small", put("small", 1));
    await save("both", put("big", 2), put("other", 2));
    await save("behind both", put("other", 3));
    await clock.advance(120_000);
    expect(await thereIs("small")).toBe(1);
    expect(await thereIs("other")).toBeUndefined();
    const { tries } = link;
    for (let count = 0; count < 150; count += 1) await save(`later ${count}`, put(`later ${count}`, count));
    await clock.advance(600_000);
    expect(link.tries - tries).toBeLessThan(15);
    expect(await thereIs("later 149")).toBe(149);
    expect(access.status()).toMatchObject({ backlog: { operations: 3 } });
    expect(await read("big")).toEqual({ value: 2, by: "memory" });

    link.slow = false;
    await clock.advance(70_000);
    expect(access.status()).toMatchObject({ state: "ok", backlog: null, action: "none" });
    expect(scripted.commits.filter((id) => /^(small|big 1|both|behind both)$/.test(id))).toEqual([
      "small",
      "big 1",
      "both",
      "behind both",
    ]);
    expect(await read("big")).toEqual({ value: 2, by: "scripted" });
    expect(await save("last", put("last", 1))).toBe("applied by scripted");
    expect(await read("last")).toEqual({ value: 1, by: "scripted" });
  });

  it("is sent under a new number after a new start too, which is no sign of a loss", async () => {
    const clock = createManualClock();
    const { link, remote } = slow();
    const before = instance({ clock, remote });
    await before.save("big", put("big", 1));
    await before.save("small", put("small", 1));
    await clock.advance(120_000);
    await before.access.close();
    link.slow = false;
    const after = instance({ clock, remote, local: before.local });
    await after.read("big");
    await clock.advance(5_000);
    expect(await after.read("big")).toEqual({ value: 1, by: "scripted" });
    expect(await after.save("next", put("next", 1))).toBe("applied by scripted");
    expect(await after.read("next")).toEqual({ value: 1, by: "scripted" });
  });

  it("keeps its place when the store itself was away, however long", async () => {
    const clock = createManualClock();
    const scripted = createScriptedStore();
    const { access, save } = instance({ clock, remote: scripted });
    scripted.script = "refuse";
    for (const id of ["1", "2", "3"]) await save(id, put(id, 1));
    await clock.advance(3_600_000);
    scripted.script = "up";
    await clock.advance(300_000);
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    expect(scripted.commits.filter((id) => id.length === 1)).toEqual(["1", "2", "3"]);
  });
});

it("the backlog is the sum of what waits, and as old as the first of it", async () => {
  const clock = createManualClock();
  const context = createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  const local = createMemoryStore();
  const outbox = createOutbox({ local, clock, newId: createIds() });
  const save = async (id: string) => {
    const draft = draftOf({ id, writes: [put(id, id)] }, clock.wall());
    const [saved] = await outbox.saveAll([{ ...draft, localId: id }], context);
    return saved?.entry ?? "";
  };
  const first = await save("1");
  const one = outbox.backlog().bytes;
  expect(one).toBeGreaterThan(50);
  await clock.advance(2_000);
  await save("2");
  await clock.advance(1_000);
  expect(outbox.backlog()).toEqual({ operations: 2, bytes: 2 * one, oldestS: 3 });
  const again = createOutbox({ local, clock, newId: createIds() });
  await again.load(context);
  expect(again.backlog()).toEqual(outbox.backlog());
  await outbox.remove([first, first], context);
  expect(outbox.backlog()).toEqual({ operations: 1, bytes: one, oldestS: 1 });
  const [second] = await outbox.page(10, context);
  if (second) await outbox.bury(second, "for the test", context);
  expect(outbox.backlog()).toEqual({ operations: 0, bytes: 0, oldestS: 0 });
});
