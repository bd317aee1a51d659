import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../src/fallbacks/store/redis.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { createGatedReader } from "./gated-reader.ts";
import { createHarness, type Harness } from "./harness.ts";
import { storedDocuments } from "./stored-documents.ts";

const HASH = "hash-7-512";
const seal = (years: number | string) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\w+) years/.exec(quote)?.[1] ?? "").join();
}

function twoInstances(store: Store, options = {}): readonly [Harness, Harness] {
  return [
    createHarness({ store, options: { shared: true, ...options } }),
    createHarness({ store, options: { shared: true } }),
  ];
}

describe("fault 70: the same document twice, edited, deleted while it is read", () => {
  it("the same content twice at the same time is one version", async () => {
    const store = createMemoryStore();
    const [a, b] = twoInstances(store);
    const infos = await Promise.all([a, b, a, b].map(({ knowledge, context }) => knowledge.add(seal(1), context())));
    expect(new Set(infos.map(({ documentId }) => documentId)).size).toBe(1);
    expect(infos.map(({ version }) => version)).toEqual([1, 1, 1, 1]);
    expect((await storedDocuments(store, a.context())).size).toBe(1);
    for (const instance of [a, b]) expect(await instance.mirror.count(HASH, instance.context())).toBe(1);
  });

  it("of two edits at the same time the one that was received later stays, whichever is read faster", async () => {
    for (const slow of ["1", "2"]) {
      const store = createMemoryStore();
      const reader = createGatedReader(`lasts ${slow} years`);
      const [a, b] = twoInstances(store, { reader });
      const first = await a.knowledge.reserve("pump.md", a.context());
      const second = await b.knowledge.reserve("pump.md", b.context());
      // The gated reader is that of the first instance: it reads the slow one.
      const slowly = a.knowledge.add(seal(slow), a.context(), { reservation: slow === "1" ? first : second });
      const ended = slowly.then(
        () => "live",
        (error: { readonly code: string }) => error.code,
      );
      await reader.waiting;
      await b.knowledge.add(seal(slow === "1" ? "2" : "1"), b.context(), {
        reservation: slow === "1" ? second : first,
      });
      reader.open();
      expect(await ended).toBe(slow === "1" ? "document_superseded" : "live");
      for (const instance of [a, b]) {
        expect(await answer(instance)).toBe("2");
        expect(await instance.mirror.count(HASH, instance.context())).toBe(1);
      }
      await storedDocuments(store, a.context());
    }
  });

  it("in one process the later one waits for the earlier one, however long that is read", async () => {
    const reader = createGatedReader("lasts 1 years");
    const harness = createHarness({ options: { reader } });
    const { knowledge, context } = harness;
    const slow = knowledge.add(seal(1), context());
    const fast = knowledge.add(seal(2), context());
    await reader.waiting;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(knowledge.documents).toBe(0);
    reader.open();
    expect([(await slow).version, (await fast).version]).toEqual([1, 2]);
    expect(await answer(harness)).toBe("2");
  });

  it.each(["the same process", "another process"])("a deletion by %s wins over what is being read", async (by) => {
    const store = createMemoryStore();
    const reader = createGatedReader("lasts 2 years");
    const [a, b] = twoInstances(store, { reader });
    const deleting = by === "the same process" ? a : b;
    const { documentId } = await a.knowledge.add(seal(1), a.context());
    const adding = a.knowledge.add(seal(2), a.context());
    const ended = expect(adding).rejects.toMatchObject({ code: "document_superseded", field: "name" });
    await reader.waiting;
    await deleting.knowledge.remove(documentId, deleting.context());
    reader.open();
    await ended;
    for (const instance of [a, b]) {
      expect(await answer(instance)).toBe("");
      expect([instance.knowledge.documents, await instance.mirror.count(HASH, instance.context())]).toEqual([0, 0]);
    }
    expect((await storedDocuments(store, a.context())).size).toBe(0);
    expect(await a.knowledge.add(seal(3), a.context())).toMatchObject({ version: 2 });
  });

  it("a return to an older version wins over what was being read before it", async () => {
    const reader = createGatedReader("lasts 3 years");
    const harness = createHarness({ options: { reader } });
    const { knowledge, context } = harness;
    const one = await knowledge.add(seal(1), context());
    await knowledge.add(seal(2), context());
    const adding = knowledge.add(seal(3), context());
    const ended = expect(adding).rejects.toMatchObject({ code: "document_superseded" });
    await reader.waiting;
    await knowledge.rollback(one.documentId, undefined, context());
    reader.open();
    await ended;
    expect(await answer(harness)).toBe("1");
  });

  it("a reservation that is used twice, as after a crash, is one version; and later ones stay", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    const reservation = await knowledge.reserve("pump.md", context());
    const first = await knowledge.add(seal(1), context(), { reservation });
    expect(await knowledge.add(seal(1), context(), { reservation })).toEqual(first);
    await knowledge.add(seal(2), context());
    await expect(knowledge.add(seal(1), context(), { reservation })).rejects.toMatchObject({
      code: "document_superseded",
    });
    expect(await answer(harness)).toBe("2");
  });
});

describeWithRedis("fault 70: two instances over one Redis", () => {
  it("agree on one live version, however their changes meet", async () => {
    const redis = await startRedis();
    const stores = [1, 2].map(() => createRedisStore({ url: redis.url, clock: systemClock, silenceMs: 5_000 }));
    const instances = stores.map((store) => createHarness({ store, options: { shared: true } }));
    try {
      const editions = [1, 2, 3, 4, 5, 6];
      const added = await Promise.allSettled(
        editions.map((edition) => {
          const { knowledge, context } = instances[edition % 2] as Harness;
          return knowledge.add(seal(edition), context());
        }),
      );
      for (const result of added) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "document_superseded" });
      }
      const [a, b] = instances as [Harness, Harness];
      const found = [await answer(a), await answer(b)];
      expect(found[0]).toMatch(/^\d$/);
      expect(found[1]).toBe(found[0]);
      const live = await storedDocuments(stores[0] as Store, a.context());
      const versions = await b.knowledge.versions(live.get("pump.md") ?? "", b.context());
      expect(versions).toHaveLength(added.filter(({ status }) => status === "fulfilled").length);
      await a.knowledge.remove(live.get("pump.md") ?? "", a.context());
      expect([await answer(a), await answer(b)]).toEqual(["", ""]);
    } finally {
      for (const { knowledge } of instances) await knowledge.close();
      for (const store of stores) await store.close?.();
      await redis.close();
    }
  });
});
