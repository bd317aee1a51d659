import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { StoreAccess } from "../../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock, settle } from "../../support/manual-clock.ts";
import { createScriptedStore, type Script, type ScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

/** Ids of this test that reached the remote store; the program sends some of its own. */
const sent = ({ commits }: ScriptedStore) => commits.filter((id) => !/^[0-9a-f]{32}$/.test(id));

interface Rig {
  readonly clock: ManualClock;
  readonly local: Store;
  readonly remote: ScriptedStore;
  readonly access: StoreAccess;
  readonly context: () => ReturnType<typeof createContext>;
  /** One write with an id of its own; resolves to who acknowledged it and with what. */
  readonly save: (id: string, ...writes: Write[]) => Promise<string>;
  readonly read: (key: string) => Promise<{ readonly value: Json | undefined; readonly by: string }>;
  readonly outbox: () => Promise<number>;
}

function rig(parts: { remote?: ScriptedStore; local?: Store; clock?: ManualClock; single?: boolean } = {}): Rig {
  const remote = parts.remote ?? createScriptedStore();
  const { access, clock, local } = createTestAccess({
    ...(parts.clock && { clock: parts.clock }),
    ...(parts.local && { local: parts.local }),
    ...(!parts.single && { remote }),
  });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  return {
    clock,
    local,
    remote,
    access,
    context,
    async save(id, ...writes) {
      const { value, by } = await access.commit({ id, writes }, context());
      return `${value.status} by ${by}`;
    },
    async read(key) {
      const { value, by } = await access.get("meta", key, context());
      return { value: value?.value, by };
    },
    outbox: async () => (await local.list({ collection: "outbox", limit: 100 }, context())).length,
  };
}

describe("access to a single store", () => {
  it("is the layer and nothing more", async () => {
    const { access, save, read, outbox } = rig({ single: true });
    expect(await save("one", put("a", 1))).toBe("applied by memory");
    expect(await read("a")).toEqual({ value: 1, by: "memory" });
    expect(await outbox()).toBe(0);
    expect(access.durability()).toBe("memory");
    expect(access.status()).toMatchObject({ state: "ok", configured: false, backlog: null });
  });
});

describe("access to a remote store with a local journal", () => {
  it("saves in both places and reads from the remote one", async () => {
    const { access, clock, local, remote, save, read, outbox, context } = rig();
    expect(await save("one", put("a", 1))).toBe("applied by scripted");
    expect(await read("a")).toEqual({ value: 1, by: "scripted" });
    expect((await local.get("meta", "a", context()))?.value).toBe(1);
    expect(await outbox()).toBe(1);
    await clock.advance(100);
    expect(await outbox()).toBe(0);
    await remote.inside.commit({ id: "other", writes: [put("theirs", 2)] }, context());
    expect(await read("theirs")).toEqual({ value: 2, by: "scripted" });
    expect(access.durability()).toBe("disk");
    expect(access.status()).toMatchObject({ state: "ok", by: "scripted", backlog: null });
  });

  it("goes on with the journal in an outage, and replays in order, once, before the remote one is read again", async () => {
    const { access, clock, remote, save, read, outbox } = rig();
    await save("1", put("a", 1));
    remote.script = "refuse";
    expect(await save("2", put("a", 2))).toBe("applied by memory");
    expect(await save("3", put("a", 3))).toBe("applied by memory");
    expect(await read("a")).toEqual({ value: 3, by: "memory" });
    expect(access.durability()).toBe("memory");
    expect(access.status()).toMatchObject({ state: "degraded", by: "memory", backlog: { operations: 2 } });
    expect(await outbox()).toBe(2);
    await clock.advance(20_000);
    expect(await outbox()).toBe(2);
    expect(access.status().backlog?.oldestS).toBe(20);

    remote.script = "up";
    expect(await read("a")).toEqual({ value: 3, by: "memory" });
    await clock.advance(60_000);
    expect(sent(remote)).toEqual(["1", "2", "3"]);
    expect(await outbox()).toBe(0);
    expect(await read("a")).toEqual({ value: 3, by: "scripted" });
    expect(access.status()).toMatchObject({ state: "ok", by: "scripted", backlog: null, reason: null });
    expect(clock.pending).toBe(0);
  });

  it("shows itself as recovering while it catches up, in receipts too, and keeps the order of what is saved meanwhile", async () => {
    const { access, clock, remote, save, read, context } = rig();
    remote.script = "refuse";
    await save("1", put("a", 1));
    await clock.advance(0);
    for (let number = 2; number <= 250; number += 1) await save(String(number), put("a", number));
    // The remote store takes one operation at a time while this test holds the gate.
    let release: () => void = () => {};
    const calls = { made: 0 };
    remote.beforeCommit = async () => {
      calls.made += 1;
      if (calls.made === 120) await new Promise<void>((resolve) => (release = resolve));
    };
    remote.script = "up";
    for (let second = 0; second < 10 && calls.made === 0; second += 1) await clock.advance(1_000);
    for (let turn = 0; turn < 100 && calls.made < 120; turn += 1) await settle();
    expect(calls.made).toBe(120);
    expect(access.status()).toMatchObject({ state: "recovering", by: "memory", reason: "recovering" });
    // Those of the batch that is under way are still counted.
    expect(access.status().backlog?.operations).toBeGreaterThanOrEqual(131);
    const during = context();
    const { degraded } = await access.get("meta", "a", during);
    expect(degraded).toMatchObject({ layer: "store", by: "memory", reason: "recovering", mode: "not_durable" });
    expect(during.trail.list()).toEqual([degraded]);
    expect(degraded?.since).toEqual(access.status().since);
    expect(await save("251", put("a", 251))).toBe("applied by memory");
    release();
    await clock.advance(0);
    for (let turn = 0; turn < 200 && access.status().state !== "ok"; turn += 1) await settle();
    expect(await read("a")).toEqual({ value: 251, by: "scripted" });
    expect(sent(remote)).toEqual(Array.from({ length: 251 }, (_, index) => String(index + 1)));
  });

  it("waits for a hung remote store once or twice, then not at all", async () => {
    const { access, clock, remote, save } = rig();
    remote.script = "hang";
    const first = save("1", put("a", 1));
    await clock.advance(100);
    expect(await first).toBe("applied by memory");
    // Behind now: nobody waits for the replay that is under way.
    expect(await save("2", put("a", 2))).toBe("applied by memory");
    expect(access.status().backlog?.operations).toBe(2);
  });

  it("applies once what was applied although no answer came", async () => {
    const { clock, remote, save, read, outbox } = rig();
    await save("0", put("b", 0));
    remote.script = "deaf";
    const first = save("1", put("a", 1));
    await clock.advance(100);
    expect(await first).toBe("applied by memory");
    remote.script = "up";
    await clock.advance(30_000);
    expect(sent(remote)).toEqual(["0", "1", "1"]);
    expect(await read("a")).toEqual({ value: 1, by: "scripted" });
    expect((await remote.inside.get("meta", "a", rig().context()))?.version).toBe(1);
    expect(await outbox()).toBe(0);
  });

  it("lets the remote store decide a conflict and mends the local copy", async () => {
    const { local, remote, save, outbox, context } = rig();
    await save("1", put("a", "ours"));
    await remote.inside.commit({ id: "other", writes: [put("a", "theirs")] }, context());
    expect(await save("2", put("a", "late", 1), put("b", "with it"))).toBe("conflict by scripted");
    expect(await local.get("meta", "a", context())).toEqual({ key: "a", value: "theirs", version: 2 });
    expect(await local.get("meta", "b", context())).toBeUndefined();
    expect(await outbox()).toBe(0);
    // The same operation, when the record is as it expects, is a new chance.
    await remote.inside.commit({ id: "gone", writes: [{ kind: "delete", collection: "meta", key: "a" }] }, context());
    await remote.inside.commit({ id: "back", writes: [put("a", "again")] }, context());
    expect(await save("2", put("a", "late", 4), put("b", "with it"))).toBe("applied by scripted");
    for (const key of ["a", "b"]) {
      expect(await local.get("meta", key, context())).toEqual(await remote.inside.get("meta", key, context()));
    }
  });

  it("does not refuse for an old local copy what the remote store accepts", async () => {
    const { local, remote, save, context } = rig();
    await remote.inside.commit({ id: "other", writes: [put("a", "theirs")] }, context());
    expect(await save("1", put("a", "ours", 1))).toBe("applied by scripted");
    expect(await local.get("meta", "a", context())).toEqual({ key: "a", value: "ours", version: 2 });
  });

  it("puts a replay that conflicts on the dead-letter list and goes on", async () => {
    const { access, clock, local, remote, save, read, outbox, context } = rig();
    await save("1", put("a", 1));
    remote.script = "refuse";
    await save("2", put("a", "ours", 1));
    await save("3", put("b", "fine"));
    await remote.inside.commit({ id: "other", writes: [put("a", "theirs")] }, context());
    remote.script = "up";
    await clock.advance(30_000);
    expect(await outbox()).toBe(0);
    expect(await read("a")).toEqual({ value: "theirs", by: "scripted" });
    expect(await read("b")).toEqual({ value: "fine", by: "scripted" });
    expect((await local.get("meta", "a", context()))?.value).toBe("theirs");
    const dead = await local.list({ collection: "meta", prefix: "dead/", limit: 10 }, context());
    expect(dead).toHaveLength(1);
    expect(dead[0]?.value).toMatchObject({ reason: "conflict at a", entry: { operation: { id: "2" } } });
    expect(access.status()).toMatchObject({ state: "ok", action: expect.stringContaining("1 operations") });
  });

  it("does not send for ever what the remote store calls invalid", async () => {
    const { clock, local, remote, save, outbox, read, context } = rig();
    remote.script = "refuse";
    await save("1", put("a", 1));
    remote.script = "invalid";
    await clock.advance(1_000);
    expect(await outbox()).toBe(0);
    expect(await local.list({ collection: "meta", prefix: "dead/", limit: 10 }, context())).toHaveLength(1);
    remote.script = "up";
    await clock.advance(1_000);
    expect(await read("a")).toEqual({ value: undefined, by: "scripted" });
    remote.script = "invalid";
    await expect(save("2", put("b", 1))).rejects.toMatchObject({ errorClass: "invalid_request" });
    remote.script = "up";
    await clock.advance(30_000);
    expect(await read("b")).toEqual({ value: undefined, by: "scripted" });
    expect(await local.get("meta", "b", context())).toBeUndefined();
    expect(remote.commits).not.toContain("2");
  });

  it("finds what an earlier process left behind, a record that nobody can read too", async () => {
    const before = rig();
    before.remote.script = "refuse";
    await before.save("1", put("a", 1));
    const { local, remote, clock } = before;
    const broken: Write = { kind: "put", collection: "outbox", key: "0000000000000002", value: { what: "ever" } };
    await local.commit({ id: "broken", writes: [broken] }, before.context());
    // The process ends here, without a word; a new one starts on the same journal.
    remote.script = "up";
    const after = rig({ local, remote, clock: createManualClock(clock.now() + 60_000) });
    expect(await after.read("a")).toEqual({ value: 1, by: "memory" });
    await after.save("2", put("a", 2));
    await after.clock.advance(30_000);
    expect(sent(remote)).toEqual(["1", "2"]);
    expect(await after.read("a")).toEqual({ value: 2, by: "scripted" });
    const dead = await local.list({ collection: "meta", prefix: "dead/", limit: 10 }, after.context());
    expect(dead.map((record) => record.value)).toMatchObject([{ reason: "unreadable", entry: { what: "ever" } }]);
  });

  it("refuses a write that the journal cannot take, before the remote store hears of it, and says so", async () => {
    const memory = createMemoryStore();
    let full = true;
    const local: Store = {
      ...memory,
      commit: (operation, ctx) =>
        full ? Promise.reject(new LayerError("server", "the disk is full")) : memory.commit(operation, ctx),
      commitAll: (operations, ctx) =>
        full ? Promise.reject(new LayerError("server", "the disk is full")) : memory.commitAll(operations, ctx),
    };
    const { access, remote, save } = rig({ local });
    await expect(save("1", put("a", 1))).rejects.toThrow(/disk is full/);
    expect(sent(remote)).toEqual([]);
    expect(access.status()).toMatchObject({ state: "down", lastError: { text: "the disk is full" } });
    full = false;
    expect(await save("2", put("a", 1))).toBe("applied by scripted");
    expect(access.status().state).toBe("ok");
  });

  it("keeps concurrent writes in one order in both places", async () => {
    const { local, remote, save, context } = rig();
    await Promise.all(Array.from({ length: 20 }, (_, index) => save(String(index), put("a", index))));
    expect(await local.get("meta", "a", context())).toEqual(await remote.inside.get("meta", "a", context()));
  });

  it("lets nobody save between the last look at the outbox and the end", async () => {
    const memory = createMemoryStore();
    let saving: Promise<string> | undefined;
    let replaying = false;
    const local: Store = {
      ...memory,
      async list(request, ctx) {
        const found = await memory.list(request, ctx);
        if (replaying && request.collection === "outbox" && found.length === 0) saving ??= save("2", put("a", 2));
        return found;
      },
    };
    const { clock, remote, save, read, outbox } = rig({ local });
    remote.script = "refuse";
    await save("1", put("a", 1));
    remote.script = "up";
    replaying = true;
    await clock.advance(30_000);
    // It has waited for the end, which nobody can save in the middle of.
    expect(await saving).toBe("applied by scripted");
    await clock.advance(100);
    expect(await outbox()).toBe(0);
    expect(await read("a")).toEqual({ value: 2, by: "scripted" });
  });

  it("leaves no timer behind when it closes", async () => {
    const { access, clock, remote, save } = rig();
    remote.script = "refuse";
    await save("1", put("a", 1));
    await settle();
    expect(clock.pending).toBe(1);
    remote.script = "up";
    await clock.advance(60_000);
    await save("2", put("a", 2));
    await settle();
    expect(clock.pending).toBe(1);
    await access.close();
    expect(clock.pending).toBe(0);
  });

  it("closes in the middle of an outage, and what waits stays", async () => {
    const { access, clock, remote, save, outbox } = rig();
    remote.script = "hang";
    const first = save("1", put("a", 1));
    await clock.advance(100);
    await first;
    await clock.advance(1_050);
    await access.close();
    expect(clock.pending).toBe(0);
    expect(await outbox()).toBe(1);
  });
});

describe("access under any schedule of outages", () => {
  const script = fc.constantFrom<Script>("up", "refuse", "hang", "deaf");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("save" as const), key: fc.constantFrom("a", "b"), compare: fc.boolean() }),
    fc.record({ kind: fc.constant("switch" as const), script }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 100, 3_000, 30_000) }),
    fc.record({ kind: fc.constant("restart" as const) }),
  );

  it("ends with the same records in both places, and every acknowledged operation in them once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        let now = rig();
        const { clock, local, remote } = now;
        const acknowledged: { readonly id: string; readonly key: string }[] = [];
        const saving: Promise<void>[] = [];
        const save = async (id: string, key: string, compare: boolean) => {
          const { access, context } = now;
          const known = compare ? (await access.get("meta", key, context())).value : undefined;
          const list = Array.isArray(known?.value) ? known.value : [];
          const writes = compare ? [put(key, [...list, id], known?.version ?? 0)] : [put(`${key}/${id}`, id)];
          const { value } = await access.commit({ id, writes }, context());
          if (value.status === "applied") acknowledged.push({ id, key });
        };
        for (const [index, event] of steps.entries()) {
          if (event.kind === "switch") remote.script = event.script;
          else if (event.kind === "wait") await clock.advance(event.ms);
          else if (event.kind === "save") saving.push(save(`op-${index}`, event.key, event.compare));
          else {
            await clock.advance(10_000);
            await Promise.all(saving);
            await now.access.close();
            now = rig({ clock, local, remote });
          }
        }
        await clock.advance(10_000);
        await Promise.all(saving);
        remote.script = "up";
        for (let round = 0; round < 20; round += 1) {
          await now.read("a");
          await clock.advance(60_000);
        }
        expect(now.access.status()).toMatchObject({ state: "ok", backlog: null, action: "none" });
        const all = async (store: Store) =>
          (await store.list({ collection: "meta", limit: 1_000 }, now.context())).map(({ key, value }) => ({
            key,
            value,
          }));
        expect(await all(local)).toEqual(await all(remote.inside));
        const kept = (await all(remote.inside)).flatMap(({ value }) => value);
        expect(new Set(kept)).toEqual(new Set(acknowledged.map(({ id }) => id)));
        expect(kept).toHaveLength(acknowledged.length);
      }),
      { numRuns: 60 },
    );
  });
});
