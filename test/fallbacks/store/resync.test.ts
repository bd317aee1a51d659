import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CallContext, createContext } from "../../../src/fallbacks/core/context.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { StoreAccess, Unite } from "../../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Operation, Store, StoredRecord, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { uniteLists } from "./link-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

type Script = "up" | "refuse" | "deaf";

interface Losable extends Store {
  script: Script;
  /** Forgets all but this share of what was applied to it, the newest first: as a server with an old copy does. */
  lose(share: number): Promise<void>;
  readonly inside: () => Store;
}

/** A remote store for tests that can be away, and can come back with less than it had. */
function createLosable(): Losable {
  let history: Operation[] = [];
  let inside = createMemoryStore();
  const context = createContext({ clock: createManualClock(), requestId: "losable", deadlineMs: 1 });

  const gate = () => {
    if (losable.script === "refuse") throw new LayerError("network", "refused by the script");
  };
  const losable: Losable = {
    name: "losable",
    durability: "disk",
    script: "up",
    inside: () => inside,
    async lose(share) {
      history = history.slice(0, Math.floor(history.length * share));
      inside = createMemoryStore();
      for (const operation of history) await inside.commit(operation, context);
    },
    async commit(operation, ctx) {
      gate();
      const committed = await inside.commit(operation, ctx);
      if (committed.status === "applied") history.push(operation);
      return losable.script === "deaf" ? new Promise<never>(() => {}) : committed;
    },
    async commitAll(operations, ctx) {
      gate();
      const outcomes = await inside.commitAll(operations, ctx);
      history.push(...operations.filter((_, index) => outcomes[index]?.status === "applied"));
      return losable.script === "deaf" ? new Promise<never>(() => {}) : outcomes;
    },
    async look(places, ctx) {
      gate();
      return inside.look(places, ctx);
    },
    async graves(request, ctx) {
      gate();
      return inside.graves(request, ctx);
    },
    async forgetGraves(before, limit, ctx) {
      gate();
      return inside.forgetGraves(before, limit, ctx);
    },
    async get(collection, key, ctx) {
      gate();
      return inside.get(collection, key, ctx);
    },
    async list(request, ctx) {
      gate();
      return inside.list(request, ctx);
    },
  };
  return losable;
}

interface Rig {
  readonly access: StoreAccess;
  readonly clock: ManualClock;
  readonly local: Store;
  readonly remote: Losable;
  readonly context: () => CallContext;
  readonly save: (id: string, ...writes: Write[]) => Promise<string>;
  readonly read: (key: string) => Promise<{ readonly value: Json | undefined; readonly by: string }>;
  readonly all: (store: Store) => Promise<readonly StoredRecord[]>;
}

function rig(parts: { remote?: Losable; local?: Store; clock?: ManualClock; unite?: Unite } = {}): Rig {
  const { remote = createLosable() } = parts;
  const { access, clock, local } = createTestAccess({ ...parts, remote });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  return {
    access,
    clock,
    local,
    remote,
    context,
    async save(id: string, ...writes: Write[]) {
      const { value, by } = await access.commit({ id, writes }, context());
      return `${value.status} by ${by}`;
    },
    async read(key: string) {
      const { value, by } = await access.get("meta", key, context());
      return { value: value?.value, by };
    },
    all: (store: Store) => store.list({ collection: "meta", limit: 1_000 }, context()),
  };
}

describe("a remote store that has lost data", () => {
  it("is found out by a read, is not read from, and is filled again while the status says so", async () => {
    const { access, clock, local, remote, save, read, all } = rig();
    for (let number = 0; number < 150; number += 1) await save(`${number}`, put(`k${number}`, number));
    await remote.lose(0);
    expect(await read("k7")).toEqual({ value: 7, by: "memory" });
    expect(access.status()).toMatchObject({ state: "recovering", by: "memory", reason: "recovering" });
    expect(access.status().backlog).not.toBeNull();
    await clock.advance(2_000);
    expect(await read("k7")).toEqual({ value: 7, by: "losable" });
    expect(await all(remote.inside())).toEqual(await all(local));
    expect(access.status()).toMatchObject({ state: "ok", backlog: null, action: "none" });
  });

  it("shows how much is left to compare", async () => {
    const { access, clock, remote, save, read } = rig();
    for (let number = 0; number < 750; number += 1) await save(`${number}`, put(`k${number}`, number));
    await remote.lose(0);
    const backlogs: (number | undefined)[] = [];
    const look = remote.look.bind(remote);
    remote.look = (places, context) => {
      backlogs.push(access.status().backlog?.operations);
      return look(places, context);
    };
    await read("k7");
    await clock.advance(2_000);
    expect(backlogs).toContain(750);
    expect(backlogs).toContain(250);
  });

  it("never makes the journal forget: a conflict with an empty store is no reason to mend", async () => {
    const { clock, local, remote, save, read, context } = rig();
    await save("1", put("a", 1));
    await remote.lose(0);
    expect(await save("2", put("a", 2, 7))).toBe("conflict by memory");
    expect((await local.get("meta", "a", context()))?.value).toBe(1);
    await clock.advance(2_000);
    expect(await read("a")).toEqual({ value: 1, by: "losable" });
  });

  it("sends a deletion that waited, although the old copy still has the record", async () => {
    const { clock, remote, save, read } = rig();
    await save("1", put("a", 1));
    await save("2", put("b", 2));
    remote.script = "refuse";
    await save("3", { kind: "delete", collection: "meta", key: "a" });
    await remote.lose(0.5);
    remote.script = "up";
    await clock.advance(30_000);
    expect(await read("a")).toEqual({ value: undefined, by: "losable" });
    expect(await read("b")).toEqual({ value: 2, by: "losable" });
  });

  it("keeps what another instance wrote meanwhile, and what it overtook for a person to look at", async () => {
    const { access, clock, local, remote, save, read, context } = rig();
    await save("1", put("a", 1));
    remote.script = "refuse";
    await save("2", put("a", "ours", 1));
    await remote.lose(0);
    const theirs = [1, 2, 3].map((number) => put("a", `theirs ${number}`));
    await remote.inside().commit({ id: "theirs", writes: theirs }, context());
    remote.script = "up";
    await clock.advance(30_000);
    expect(await read("a")).toEqual({ value: "theirs 3", by: "losable" });
    expect((await local.get("meta", "a", context()))?.value).toBe("theirs 3");
    const dead = await local.list({ collection: "meta", prefix: "dead/", limit: 10 }, context());
    expect(dead.map(({ value }) => value)).toMatchObject([{ entry: { operation: { id: "2" } } }]);
    // What is kept for a person stays here: it is no part of what is copied.
    await remote.lose(0);
    await read("a");
    await clock.advance(30_000);
    expect(access.status().state).toBe("ok");
    expect((await remote.list({ collection: "meta", limit: 10 }, context())).map(({ key }) => key)).toEqual(["a"]);
  });

  it("starts over when it is emptied again while it is being filled", async () => {
    const { access, clock, local, remote, save, read, all } = rig();
    for (let number = 0; number < 950; number += 1) await save(`${number}`, put(`k${number}`, number));
    await remote.lose(0);
    let looks = 0;
    const look = remote.look.bind(remote);
    remote.look = async (places, context) => {
      looks += 1;
      if (looks === 2) await remote.lose(0);
      return look(places, context);
    };
    await read("k7");
    await clock.advance(10_000);
    expect(access.status().state).toBe("ok");
    expect(looks).toBeGreaterThan(3);
    expect(await all(remote.inside())).toEqual(await all(local));
  });

  it("starts over when it is put back to a copy of itself from the time when it was being filled", async () => {
    const { access, clock, context, local, remote, save, read, all } = rig();
    for (let from = 0; from < 1_500; from += 100) {
      await save(`${from}`, ...Array.from({ length: 100 }, (_, index) => put(`k${from + index}`, index)));
    }
    await remote.lose(0);
    let looks = 0;
    const look = remote.look.bind(remote);
    remote.look = async (places, context) => {
      looks += 1;
      // What began the filling is still there, and some of what came after it is not.
      if (looks === 3) await remote.lose(0.5);
      return look(places, context);
    };
    await read("k7");
    await clock.advance(10_000);
    expect(access.status().state).toBe("ok");
    expect(looks).toBeGreaterThan(3);
    const places = Array.from(
      { length: 1_000 },
      (_, index) => ({ collection: "meta", key: `k${index + 500}` }) as const,
    );
    expect((await remote.inside().look(places, context())).every(({ version }) => version === 1)).toBe(true);
    expect(await all(remote.inside())).toEqual(await all(local));
  });

  it("fault 43: does not bring back what was deleted, nor the older self of what was made again", async () => {
    const { access, clock, local, remote, save, read, context } = rig();
    const remove = (key: string): Write => ({ kind: "delete", collection: "meta", key });
    await save("1", put("a", 1));
    await save("2", put("b", "old"));
    await save("3", remove("a"));
    await save("4", remove("b"));
    await save("5", put("b", "new", 0));
    await save("6", put("c", "kept"));
    const other = await remote.inside().commit({ id: "theirs", writes: [remove("c")] }, context());
    expect(other.status).toBe("applied");
    // The copy is from before the deletions, and the deletion by another instance comes after it.
    await remote.lose(0.4);
    expect((await remote.inside().list({ collection: "meta", limit: 10 }, context())).map(({ key }) => key)).toEqual([
      "a",
      "b",
    ]);
    await remote.inside().commit({ id: "theirs", writes: [put("c", "kept"), remove("c")] }, context());
    await read("b");
    await clock.advance(5_000);
    expect(access.status()).toMatchObject({ state: "ok", action: "none" });
    const places = ["a", "b", "c"].map((key) => ({ collection: "meta", key }) as const);
    expect(await remote.inside().look(places, context())).toEqual([
      { version: 2, value: undefined },
      { version: 3, value: "new" },
      { version: 2, value: undefined },
    ]);
    expect((await local.look(places, context())).slice(0, 2)).toEqual(
      (await remote.look(places, context())).slice(0, 2),
    );
    expect(await read("a")).toEqual({ value: undefined, by: "losable" });
    // A record that another one has deleted is an old copy here, and no reason to refuse.
    expect(await save("7", put("c", "again", 0))).toBe("applied by losable");
    expect(await local.look(places, context())).toEqual(await remote.inside().look(places, context()));
  });

  it.each([
    { unite: uniteLists, value: ["first", "theirs", "ours"], dead: 0 },
    { unite: undefined, value: ["first", "theirs"], dead: 1 },
  ])("has what another instance put over a loss united with what was lost, or kept for a person: $dead", async (it) => {
    const { unite, value, dead } = it;
    const clock = createManualClock();
    const remote = createLosable();
    const { access, context, local, read, save } = rig({ clock, remote, ...(unite && { unite }) });
    await save("1", put("a", ["first"], 0));
    await save("2", put("b", 1));
    await save("3", put("a", ["first", "ours"], 1));
    await remote.lose(0.5);
    expect(await remote.inside().get("meta", "a", context())).toMatchObject({ version: 1 });
    await remote.inside().commit({ id: "theirs", writes: [put("a", ["first", "theirs"], 1)] }, context());
    await read("a");
    await clock.advance(30_000);
    expect(await read("a")).toEqual({ value, by: "losable" });
    expect(await local.get("meta", "a", context())).toEqual(await remote.inside().get("meta", "a", context()));
    expect(await local.list({ collection: "meta", prefix: "dead/", limit: 10 }, context())).toHaveLength(dead);
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
  });

  it("is filled many records at a time", async () => {
    const { access, clock, local, remote, save, read, all } = rig();
    for (let from = 0; from < 3_000; from += 100) {
      await save(`${from}`, ...Array.from({ length: 100 }, (_, index) => put(`k${from + index}`, index)));
    }
    await remote.lose(0);
    let calls = 0;
    for (const name of ["look", "commit", "get"] as const) {
      const call = remote[name].bind(remote) as (...args: unknown[]) => unknown;
      Object.assign(remote, {
        [name]: (...args: unknown[]) => {
          calls += 1;
          return call(...args);
        },
      });
    }
    await read("k7");
    await clock.advance(5_000);
    expect(access.status().state).toBe("ok");
    expect(calls).toBeLessThan(40);
    expect(await all(remote.inside())).toEqual(await all(local));
  });

  it("is told what was saved while there was none configured, and only then", async () => {
    const before = rig();
    await before.save("1", put("a", 1));
    const { clock, local, remote, context } = before;
    await before.access.close();
    const { access } = createTestAccess({ clock, local });
    await access.commit({ id: "2", writes: [put("a", 2), put("b", 2)] }, context());
    await access.close();
    const after = rig({ clock, local, remote });
    expect(await after.read("a")).toEqual({ value: 2, by: "memory" });
    await clock.advance(2_000);
    expect(await after.read("b")).toEqual({ value: 2, by: "losable" });
    expect(await after.all(remote.inside())).toEqual(await after.all(local));
    await after.access.close();
    expect(await rig({ clock, local, remote }).read("b")).toEqual({ value: 2, by: "losable" });
  });

  it("is never the local store itself, shown as a remote one for a drill", async () => {
    const inner = createMemoryStore();
    const view = Object.defineProperty({ ...inner }, "name", { value: "view" });
    const { access, clock, local } = createTestAccess({ local: inner, remote: view });
    const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
    for (let number = 0; number < 5; number += 1) {
      await access.commit({ id: `${number}`, writes: [put("a", number)] }, context());
      await access.commit({ id: `no ${number}`, writes: [put("a", number, 99)] }, context());
      expect((await access.get("meta", "a", context())).by).toBe("view");
    }
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    expect((await local.get("meta", "a", context()))?.value).toBe(4);
  });

  it("is not suspected because of an answer that comes when nobody waits for it any more", async () => {
    const { clock, remote, save } = rig();
    const commitAll = remote.commitAll.bind(remote);
    remote.commitAll = async (operations, context) => {
      const outcomes = await commitAll(operations, context);
      remote.commitAll = commitAll;
      await new Promise<void>((resolve) => clock.after(30_000, resolve));
      return outcomes;
    };
    const first = save("1", put("a", 1));
    await clock.advance(100);
    expect(await first).toBe("applied by memory");
    await clock.advance(5_000);
    expect(await save("2", put("a", 2))).toBe("applied by losable");
    await clock.advance(30_000);
    expect(await save("3", put("a", 3))).toBe("applied by losable");
  });

  it("ends with every acknowledged operation in both places, once, whatever is lost and when", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("save" as const), key: fc.constantFrom("a", "b"), compare: fc.boolean() }),
      fc.record({ kind: fc.constant("switch" as const), script: fc.constantFrom<Script>("up", "refuse", "deaf") }),
      fc.record({ kind: fc.constant("lose" as const), share: fc.constantFrom(0, 0.5, 0.9) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 100, 3_000, 30_000) }),
      fc.record({ kind: fc.constant("restart" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        let now = rig();
        const { clock, local, remote } = now;
        const acknowledged: string[] = [];
        const saving: Promise<void>[] = [];
        const save = async (id: string, key: string, compare: boolean) => {
          const { access, context } = now;
          const known = compare ? (await access.get("meta", key, context())).value : undefined;
          const list = Array.isArray(known?.value) ? known.value : [];
          const writes = compare ? [put(key, [...list, id], known?.version ?? 0)] : [put(`${key}/${id}`, id)];
          const { value } = await access.commit({ id, writes }, context());
          if (value.status === "applied") acknowledged.push(id);
        };
        for (const [index, event] of steps.entries()) {
          if (event.kind === "switch") remote.script = event.script;
          else if (event.kind === "lose") await remote.lose(event.share);
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
        expect(await now.all(local)).toEqual(await now.all(remote.inside()));
        const kept = (await now.all(remote.inside())).flatMap(({ value }) => value);
        expect(new Set(kept)).toEqual(new Set(acknowledged));
        expect(kept).toHaveLength(acknowledged.length);
      }),
      { numRuns: 100 },
    );
  });
});
