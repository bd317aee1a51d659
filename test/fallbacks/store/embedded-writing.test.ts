import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Operation, Store } from "../../../src/fallbacks/store/port.ts";
import { startWritingThread, type WritingThread } from "../../../src/fallbacks/store/writing-thread.ts";
import { context, put, remove, single } from "./embedded-operations.ts";
import { child, createThreadPool, killAfter, newDirectories } from "./embedded-rig.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();

/** A store on a thread of the pool, and how many operations went to it in each message. */
function watched(): { readonly store: ReturnType<typeof createEmbeddedStore>; readonly groups: number[] } {
  const groups: number[] = [];
  const start = (): WritingThread => {
    const thread = startThread();
    return {
      ...thread,
      post(message) {
        if (message.type === "group") groups.push(message.tasks.length);
        thread.post(message);
      },
    };
  };
  return { store: createEmbeddedStore({ directory: newDirectory(), startThread: start }), groups };
}

describe("writes of the embedded store", () => {
  it("puts what comes together into one group, and no more than 512 or about 4 MB", async () => {
    const { store, groups } = watched();
    await Promise.all(Array.from({ length: 64 }, (_, index) => store.commit(single(`a${index}`, 1), context)));
    expect(groups.splice(0)).toEqual([64]);
    const many = Array.from({ length: 1_100 }, (_, index) => single(`b${index}`, 1));
    await store.commitAll(many, context);
    expect(groups.splice(0)).toEqual([512, 512, 76]);
    const large = Array.from({ length: 5 }, (_, index) => single(`c${index}`, "x".repeat(1_500_000)));
    await store.commitAll([...large, single("d", "x".repeat(9_000_000)), single("e", 1)], context);
    expect(groups).toEqual([2, 2, 1, 1, 1]);
    await store.close();
  });

  it("keeps the order of calls, whatever they are", async () => {
    const { store } = watched();
    const outcomes = await Promise.all([
      store.commit({ id: "1", writes: [put("a", 1, { expect: 0 })] }, context),
      store.commitAll([{ id: "2", writes: [put("a", 2, { expect: 1 })] }], context),
      store.commit({ id: "3", writes: [remove("a")] }, context),
      store.forgetGraves(Date.now() + 60_000, 5, context),
      store.commit({ id: "4", writes: [put("a", 4, { expect: 0 })] }, context),
    ]);
    const applied = { status: "applied" };
    expect(outcomes).toEqual([applied, [applied], applied, 1, applied]);
    expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: 4, version: 1 });
    await store.close();
  });

  it("starts no thread to read, nor to close", async () => {
    const directory = newDirectory();
    const first = createEmbeddedStore({ directory, startThread });
    await first.commit(single("a", 1), context);
    await first.close();
    const store = createEmbeddedStore({
      directory,
      startThread: () => {
        throw new Error("a thread was started");
      },
    });
    await store.open();
    expect((await store.get("meta", "a", context))?.value).toBe(1);
    expect(await store.look([{ collection: "meta", key: "a" }], context)).toHaveLength(1);
    expect(await store.list({ collection: "meta", limit: 5 }, context)).toHaveLength(1);
    expect(await store.graves({ collection: "meta", limit: 5 }, context)).toEqual([]);
    await store.close();
  });

  it("finishes what was asked for when it is closed", async () => {
    const directory = newDirectory();
    const store = createEmbeddedStore({ directory, startThread });
    const writes = Array.from({ length: 700 }, (_, index) => store.commit(single(`${index}`, 1), context));
    let done = 0;
    for (const write of writes) void write.then(() => (done += 1));
    await store.open();
    await store.close();
    expect(done).toBe(700);
    const again = createEmbeddedStore({ directory, startThread });
    expect(await again.list({ collection: "meta", limit: 1000 }, context)).toHaveLength(700);
    await again.close();
    await expect(again.commit(single("late", 1), context)).rejects.toThrow(/closed/);
  });

  it("fails what its thread had when that dies, and goes on with a new one", async () => {
    const kills: (() => Promise<void>)[] = [];
    const start = (): WritingThread => {
      const thread = startWritingThread();
      return {
        ...thread,
        listen(onMessage, onEnd) {
          thread.listen(onMessage, onEnd);
          kills.push(async () => {
            await thread.end();
            onEnd("killed");
          });
        },
      };
    };
    const store = createEmbeddedStore({ directory: newDirectory(), startThread: start });
    await store.commit(single("before", 1), context);
    const batch = Array.from({ length: 20_000 }, (_, index) => single(`${index}`, "x".repeat(500)));
    const doubtful = store.commitAll(batch, context);
    const dying = expect(doubtful).rejects.toMatchObject({
      errorClass: "server",
      message: expect.stringMatching(/thread ended .* may have been saved/),
    });
    const isSeen = async (of: string) => (await store.get("meta", of, context)) !== undefined;
    await vi.waitFor(async () => expect(await isSeen("0")).toBe(true), { interval: 1 });
    await kills[0]?.();
    await dying;
    await store.commit(single("behind", 1), context);
    // Of those in doubt any first part, and nothing behind it.
    const seen = await Promise.all(batch.map(({ id }) => isSeen(id)));
    expect(seen.lastIndexOf(true)).toBeLessThan(seen.length - 1);
    expect(seen.lastIndexOf(true) + 1).toBe(seen.filter(Boolean).length);
    await store.commitAll(batch, context);
    expect(kills).toHaveLength(2);
    const places = batch.slice(0, 1_000).map(({ id }) => ({ collection: "meta", key: id }) as const);
    expect((await store.look(places, context)).every(({ version }) => version === 1)).toBe(true);
    await store.close();
  });

  it("remembers 50 000 operations, over a restart too", { timeout: 60_000 }, async () => {
    const directory = newDirectory();
    const store = createEmbeddedStore({ directory, startThread });
    const nothing = Array.from({ length: 49_990 }, (_, index) => ({ id: `nothing ${index}`, writes: [] }));
    const again = async (of: Store, id: string) => {
      await of.commit({ id, writes: [put(id, "again")] }, context);
      return (await of.get("meta", id, context))?.value;
    };
    await store.commitAll(
      Array.from({ length: 600 }, (_, index) => single(`old ${index}`, 1)),
      context,
    );
    await store.commitAll(nothing, context);
    // 50 590 in all, the first 600 in groups of 512 and 88: a group goes as a whole, so the second one is still there.
    expect(await again(store, "old 590")).toBe(1);
    await store.commitAll([...nothing.slice(0, 500), ...[1, 2].map((n) => ({ id: `more ${n}`, writes: [] }))], context);
    await store.close();
    const restarted = createEmbeddedStore({ directory, startThread });
    expect(await again(restarted, "old 599")).toBe(1);
    await restarted.commitAll(
      Array.from({ length: 512 }, (_, index) => ({ id: `new ${index}`, writes: [] })),
      context,
    );
    expect(await again(restarted, "old 0")).toBe("again");
    expect(await again(restarted, "nothing 600")).toBeUndefined();
    await restarted.close();
  });

  it("does at once what the memory store does, whoever writes at the same time", { timeout: 60_000 }, async () => {
    const key = fc.constantFrom("a", "b", "c", "\ud800", "é\u0000");
    const expected = fc.option(fc.nat({ max: 4 }), { nil: undefined });
    const write = fc.oneof(
      fc
        .tuple(key, fc.jsonValue(), expected)
        .map(([at, value, expect]) => put(at, value as null, expect === undefined ? {} : { expect })),
      key.map(remove),
    );
    const writes = fc.array(write, { maxLength: 4 });
    const call = fc.oneof(
      fc.record({ commit: fc.tuple(fc.nat({ max: 30 }), writes) }),
      fc.record({ all: fc.array(fc.tuple(fc.nat({ max: 30 }), writes), { maxLength: 5 }) }),
    );
    const operation = ([id, of]: [number, Operation["writes"]]): Operation => ({ id: `${id}`, writes: of });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), async (calls) => {
        const stores = [createMemoryStore(), createEmbeddedStore({ directory: newDirectory(), startThread })];
        const seen = await Promise.all(
          stores.map(async (store) => {
            // All at once; the answers are those of one after the other.
            const outcomes = await Promise.all(
              calls.map((one) =>
                "commit" in one
                  ? store.commit(operation(one.commit), context)
                  : store.commitAll(one.all.map(operation), context),
              ),
            );
            const records = await store.list({ collection: "meta", limit: 100 }, context);
            const graves = await store.graves({ collection: "meta", limit: 100 }, context);
            await store.close?.();
            return { outcomes, records, graves: graves.map(({ key: name, version }) => [name, version]) };
          }),
        );
        expect(seen[1]).toEqual(seen[0]);
      }),
      { numRuns: 40 },
    );
  });

  it("a process.exit while it writes ends with its code, and not before the group that is being written is whole", async () => {
    const directory = newDirectory();
    const { status, stderr } = spawnSync(process.execPath, [child, directory, "exit"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, ""]);
    const store = createEmbeddedStore({ directory, startThread });
    const group = await store.list({ collection: "meta", prefix: "group/", limit: 1000 }, context);
    expect(group).toHaveLength(300);
    await store.close();
  });

  it("has all that it acknowledged, whole and once, when it is killed again and again under load", async () => {
    const directory = newDirectory();
    const told = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      for (const line of await killAfter(400, directory, "load")) {
        // Told twice: done twice.
        expect(told.has(line)).toBe(false);
        told.add(line);
      }
    }
    const store = createEmbeddedStore({ directory, startThread });
    let stored = 0;
    for (let writer = 0; writer < 64; writer += 1) {
      const name = `w${writer}`;
      const count = ((await store.get("meta", `count/${name}`, context))?.value ?? 0) as number;
      const turns = await store.list({ collection: "meta", prefix: `turn/${name}/`, limit: 1000 }, context);
      expect(turns.map(({ value, version }) => [value, version])).toEqual(
        Array.from({ length: count }, (_, index) => [index, 1]),
      );
      for (let index = 0; index < count; index += 1) if (told.delete(`${name}/${index}`)) stored += 1;
    }
    expect([...told]).toEqual([]);
    expect(stored).toBeGreaterThan(1_200);
    await store.close();
  });
});
