import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Json, ListRequest, Store } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createHarness, type Harness } from "./harness.ts";
import { storedDocuments } from "./stored-documents.ts";

const text = (years: number) => `# Pump\n\nThe seal of the pump lasts ${years} years.\n`;

/** As versions of this program wrote it that knew of no versions of documents. */
function old(name: string, content: string): Json {
  const start = content.indexOf("The seal");
  const chunks = [{ heading: "", start, end: content.trimEnd().length }];
  return { name, title: "Pump", addedAt: "2025-05-05T05:05:05.000Z", text: content, chunks };
}

async function storeWith(records: Readonly<Record<string, Json>>): Promise<Store> {
  const store = createMemoryStore();
  const writes = Object.entries(records).map(
    ([key, value]) => ({ kind: "put", collection: "documents", key, value }) as const,
  );
  await store.commit({ id: "old", writes }, createHarness().context());
  return store;
}

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\d+) years/.exec(quote)?.[1] ?? "").join();
}

describe("documents that an older version has stored", () => {
  it("are found, have what is missing by default, and are changed as any other", async () => {
    const store = await storeWith({ doc_old: old("pump.md", text(1)) });
    const harness = createHarness({ store });
    const { knowledge, context } = harness;
    await knowledge.load(context());
    expect(await answer(harness)).toBe("1");
    const [info] = await knowledge.versions("doc_old", context());
    const addedAt = "2025-05-05T05:05:05.000Z";
    expect(info).toEqual({
      documentId: "doc_old",
      name: "pump.md",
      title: "Pump",
      addedAt,
      liveAt: addedAt,
      live: true,
      version: 1,
      chunks: 1,
      characters: text(1).length,
      url: null,
      audience: [],
      metadata: {},
      repeated: 0,
      similar: [],
    });
    const next = await knowledge.add({ name: "pump.md", content: text(2) }, context());
    expect(next.version).toBe(2);
    expect(await answer(harness)).toBe("2");
    expect(await storedDocuments(store, context())).toEqual(new Map([["pump.md", next.documentId]]));
    await knowledge.rollback(next.documentId, "doc_old", context());
    expect(await answer(harness)).toBe("1");
    await knowledge.remove("doc_old", context());
    expect((await storedDocuments(store, context())).size).toBe(0);
  });

  it("are deleted for good, although their name has no record", async () => {
    const store = await storeWith({ doc_old: old("pump.md", text(1)) });
    const [a, b] = [1, 2].map(() => createHarness({ store, options: { shared: true } })) as [Harness, Harness];
    for (const { knowledge, context } of [a, b]) await knowledge.load(context());
    await a.knowledge.remove("doc_old", a.context());
    expect([await answer(a), await answer(b)]).toEqual(["", ""]);
    const after = createHarness({ store });
    await after.knowledge.load(after.context());
    expect(await answer(after)).toBe("");
  });

  it("are one of two under a name where the name says which", async () => {
    const store = await storeWith({ doc_a: old("pump.md", text(1)) });
    const harness = createHarness({ store });
    await harness.knowledge.load(harness.context());
    const { documentId } = await harness.knowledge.add({ name: "pump.md", content: text(2) }, harness.context());
    // As a copy that was mended by halves would have it: on either side of the live one.
    const write = (key: string) =>
      ({ kind: "put", collection: "documents", key, value: old("pump.md", text(1)) }) as const;
    await store.commit({ id: "again", writes: [write("doc_a"), write("doc_zzz")] }, harness.context());
    const after = createHarness({ store });
    await after.knowledge.load(after.context());
    expect(await answer(after)).toBe("2");
    expect((await after.knowledge.list({ limit: 5 }, after.context())).items.map((info) => info.documentId)).toEqual([
      documentId,
    ]);
  });
});

describe("a store that comes back with something else", () => {
  it("gives what was stored long ago, also where the names have no records", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore({ clock });
    const write = { kind: "put", collection: "documents", key: "doc_old", value: old("pump.md", text(1)) } as const;
    remote.script = "refuse";
    const { access } = createTestAccess({ clock, remote });
    const late = createHarness({ clock, options: { shared: true, store: access } });
    await remote.inside.commit({ id: "old", writes: [write] }, late.context());
    const other = createHarness({ clock, store: remote.inside, options: { shared: true } });
    await other.knowledge.load(other.context());
    await other.knowledge.add({ name: "other.md", content: "Something else." }, other.context());
    await late.knowledge.load(late.context());
    expect(await answer(late)).toBe("");
    remote.script = "up";
    for (let round = 0; round < 3; round += 1) await clock.advance(10_000);
    expect(await answer(late)).toBe("1");
    expect(late.knowledge.documents).toBe(2);
  });

  it("takes away what it does not have any more", async () => {
    const store = createMemoryStore();
    const [a, b] = [1, 2].map(() => createHarness({ store, options: { shared: true } })) as [Harness, Harness];
    const { documentId } = await a.knowledge.add({ name: "pump.md", content: text(1) }, a.context());
    expect(await answer(b)).toBe("1");
    const gone = (await store.list({ collection: "document_names", limit: 5 }, a.context())).map(
      ({ key }) => ({ kind: "delete", collection: "document_names", key }) as const,
    );
    const writes = [...gone, { kind: "delete", collection: "documents", key: documentId } as const];
    await store.commit({ id: "wiped", writes }, a.context());
    await a.knowledge.configure({ k: 3 }, a.context());
    expect([await answer(b), b.knowledge.documents]).toEqual(["", 0]);
  });
});

describe("records that cannot be read", () => {
  const good = old("pump.md", text(1)) as { readonly [name: string]: Json };
  it.each([
    ["text", { ...good, text: 7 }],
    ["name", { ...good, name: null }],
    ["chunks", { ...good, chunks: "none" }],
    ["chunks", { ...good, chunks: [{ heading: "", start: 5, end: 4 }] }],
    ["chunks", { ...good, chunks: [{ heading: "", start: 0, end: 1_000 }] }],
    ["audience", { ...good, audience: "everybody" }],
    ["it", "nothing"],
  ])("are reported and left out, and all others are found: %s of %j", async (_, broken) => {
    const store = await storeWith({ doc_broken: broken, doc_old: old("other.md", text(4)) });
    const harness = createHarness({ store });
    await harness.knowledge.load(harness.context());
    expect(harness.knowledge.documents).toBe(1);
    expect(await answer(harness)).toBe("4");
    expect(harness.reports).toEqual([{ doing: "reading a stored document", document: "doc_broken" }]);
  });
});

it("a start reads large pages of the store, and each document once", async () => {
  const records = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`doc_${index}`, old(`${index}.md`, text(index))]),
  );
  const inner = await storeWith(records);
  const asked: ListRequest[] = [];
  const store: Store = {
    ...inner,
    list(request, context) {
      asked.push(request);
      return inner.list(request, context);
    },
  };
  const { knowledge, context } = createHarness({ store });
  await knowledge.load(context());
  expect([knowledge.documents, knowledge.chunks]).toEqual([300, 300]);
  const pages = asked.filter(({ collection }) => collection === "documents");
  expect(pages.map(({ after }) => after)).toEqual([undefined, "doc_99"]);
  expect(pages[0]?.bytes).toBeLessThanOrEqual(1_000_000);
});

it("an instance reads only what has changed, not all documents, when others change one", async () => {
  const inner = createMemoryStore();
  const read: string[] = [];
  const store: Store = {
    ...inner,
    get(collection, key, context) {
      if (collection === "documents") read.push(key);
      return inner.get(collection, key, context);
    },
    list(request, context) {
      if (request.collection === "documents") read.push("all");
      return inner.list(request, context);
    },
  };
  const a = createHarness({ store: inner, options: { shared: true } });
  const b = createHarness({ store, options: { shared: true } });
  for (let index = 0; index < 20; index += 1) {
    await a.knowledge.add({ name: `${index}.md`, content: text(index) }, a.context());
  }
  await b.knowledge.load(b.context());
  read.length = 0;
  const { documentId } = await a.knowledge.add({ name: "7.md", content: text(70) }, a.context());
  await a.knowledge.reserve("8.md", a.context());
  expect((await b.knowledge.list({ limit: 50 }, b.context())).items.map((info) => info.documentId)).toContain(
    documentId,
  );
  expect(read).toEqual([documentId]);
  await a.knowledge.add({ name: "9.md", content: text(9), audience: ["agent"] }, a.context());
  const changed = (await b.knowledge.list({ limit: 50 }, b.context())).items.find(({ name }) => name === "9.md");
  expect(changed?.audience).toEqual(["agent"]);
  expect(read).toEqual([documentId, changed?.documentId]);
});
