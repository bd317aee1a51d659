import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createHarness, type Harness } from "./harness.ts";

const words = ["red", "blue", "green", "white", "black", "grey", "pink"];

async function filled(harness: Harness): Promise<Harness> {
  for (const word of words) {
    await harness.knowledge.add({ name: `${word}.txt`, content: `The kettle is ${word}.` }, harness.context());
  }
  return harness;
}

async function found({ knowledge, context }: Harness): Promise<number> {
  return (await knowledge.search("kettle", {}, context())).passages.length;
}

it("are what a search goes by that says nothing else, and survive a restart", async () => {
  const store = createMemoryStore();
  const harness = await filled(createHarness({ store }));
  const { knowledge, context } = harness;
  expect(await knowledge.settings(context())).toEqual({ k: 5, scoreThreshold: 0.01 });
  expect(await found(harness)).toBe(5);
  const { revision } = knowledge;
  expect(await knowledge.configure({ k: 2 }, context())).toEqual({ k: 2, scoreThreshold: 0.01 });
  expect(knowledge.revision).toBe(revision + 1);
  expect(await found(harness)).toBe(2);
  expect((await knowledge.search("kettle", { k: 7, scoreThreshold: 0 }, context())).passages).toHaveLength(7);
  await knowledge.configure({ scoreThreshold: 1 }, context());
  expect(await found(harness)).toBe(0);
  expect((await knowledge.search("kettle", { scoreThreshold: 0 }, context())).passages).toHaveLength(2);
  const after = createHarness({ store });
  await after.knowledge.load(after.context());
  expect(await after.knowledge.settings(after.context())).toEqual({ k: 2, scoreThreshold: 1 });
});

it("are seen by other instances", async () => {
  const store = createMemoryStore();
  const [a, b] = [1, 2].map(() => createHarness({ store, options: { shared: true } })) as [Harness, Harness];
  await filled(a);
  await b.knowledge.load(b.context());
  await a.knowledge.configure({ k: 3 }, a.context());
  expect(await found(b)).toBe(3);
  await Promise.all([
    a.knowledge.configure({ k: 4 }, a.context()),
    b.knowledge.configure({ scoreThreshold: 0.01 }, b.context()),
  ]);
  for (const { knowledge, context } of [a, b]) {
    expect(await knowledge.settings(context())).toEqual({ k: 4, scoreThreshold: 0.01 });
  }
});

it.each([
  ["k", { k: 0 }],
  ["k", { k: 21 }],
  ["k", { k: 1.5 }],
  ["score_threshold", { scoreThreshold: -0.1 }],
  ["score_threshold", { scoreThreshold: Number.NaN }],
])("are refused, naming the field %s: %j", async (field, given) => {
  const { knowledge, context } = createHarness();
  await expect(knowledge.configure(given, context())).rejects.toMatchObject({ code: "invalid_request", field });
  await expect(knowledge.search("x", given, context())).rejects.toMatchObject({ code: "invalid_request", field });
  expect(await knowledge.settings(context())).toEqual({ k: 5, scoreThreshold: 0.01 });
});

it("that somebody else has written there are passed over where they cannot be", async () => {
  const { access } = createTestAccess();
  const harness = createHarness({ options: { store: access } });
  const value = { k: 700, scoreThreshold: "low", more: 1 };
  const writes = [{ kind: "put", collection: "meta", key: "knowledge_settings", value }] as const;
  await access.commit({ id: "1", writes }, harness.context());
  await harness.knowledge.load(harness.context());
  expect(await harness.knowledge.settings(harness.context())).toEqual({ k: 5, scoreThreshold: 0.01 });
});

it("that are being saved count here too, though whoever changes them goes away", async () => {
  const inside = createMemoryStore();
  const leaving = new AbortController();
  const store: Store = {
    ...inside,
    async commit(operation, context) {
      const committed = await inside.commit(operation, context);
      leaving.abort();
      context.signal.throwIfAborted();
      return committed;
    },
  };
  const { knowledge, context } = createHarness({ store });
  expect(await knowledge.configure({ k: 9 }, context(leaving.signal))).toMatchObject({ k: 9 });
  expect(await knowledge.settings(context())).toMatchObject({ k: 9 });
});
