import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createHarness, type Harness } from "./harness.ts";

const HASH = "hash-7-512";
const seal = (years: number) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});
const question = "How many years does the seal of the pump last?";

async function answer({ knowledge, context }: Harness): Promise<readonly string[]> {
  const { sentences } = await knowledge.search(question, {}, context());
  return sentences.map(({ quote }) => quote);
}

async function addAll({ knowledge, context }: Harness, years: readonly number[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const each of years) ids.push((await knowledge.add(seal(each), context())).documentId);
  return ids;
}

describe("versions of a document", () => {
  it("are listed, the newest first, whichever of them is named, and each can be read", async () => {
    const harness = createHarness();
    const { knowledge, context, clock } = harness;
    const [one = "", two = ""] = await addAll(harness, [1, 2]);
    await clock.advance(60_000);
    const [three = ""] = await addAll(harness, [3]);
    for (const id of [one, two, three]) {
      const listed = await knowledge.versions(id, context());
      expect(listed.map(({ documentId, version, live }) => [documentId, version, live])).toEqual([
        [three, 3, true],
        [two, 2, false],
        [one, 1, false],
      ]);
      expect(listed[0]?.liveAt).toBe("2026-01-15T10:01:00.000Z");
    }
    expect((await knowledge.get(one, context())).text).toContain("lasts 1 years");
    expect(knowledge.documents).toBe(1);
    expect((await knowledge.list({ limit: 10 }, context())).items.map(({ documentId }) => documentId)).toEqual([three]);
  });

  it("are 20 besides the live one: the oldest go", async () => {
    const store = createMemoryStore();
    const harness = createHarness({ store });
    const { knowledge, context } = harness;
    const ids = await addAll(
      harness,
      Array.from({ length: 23 }, (_, index) => index + 1),
    );
    const listed = await knowledge.versions(ids.at(-1) ?? "", context());
    expect(listed.map(({ version }) => version)).toEqual(Array.from({ length: 21 }, (_, index) => 23 - index));
    await expect(knowledge.get(ids[0] ?? "", context())).rejects.toMatchObject({ code: "document_not_found" });
    expect(await store.list({ collection: "document_versions", limit: 100 }, context())).toHaveLength(20);
  });

  it("can each be made live again, with their number, and the one that was live is kept", async () => {
    const harness = createHarness();
    const { knowledge, context, clock, mirror } = harness;
    const years = [1, 2, 3, 4];
    const ids = await addAll(harness, years);
    for (const [index, id] of ids.entries()) {
      await clock.advance(1_000);
      const now = clock.wall().toISOString();
      const info = await knowledge.rollback(ids.at(-1) ?? "", id, context());
      expect(info).toMatchObject({ documentId: id, version: index + 1, addedAt: "2026-01-15T10:00:00.000Z" });
      expect(await answer(harness)).toEqual([`The seal of the pump lasts ${years[index]} years.`]);
      const [live, ...others] = [...(await knowledge.versions(id, context()))].sort(
        (a, b) => Number(b.live) - Number(a.live),
      );
      expect(live).toMatchObject({ documentId: id, live: true, liveAt: now });
      expect(others.map(({ live: isLive }) => isLive)).toEqual([false, false, false]);
      expect(await mirror.count(HASH, context())).toBe(1);
    }
  });

  it("go back to the one that was live before when none is named, and a next one gets the next number", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    const [one, two, three = ""] = await addAll(harness, [1, 2, 3]);
    expect((await knowledge.rollback(three, undefined, context())).documentId).toBe(two);
    expect((await knowledge.rollback(three, undefined, context())).documentId).toBe(three);
    expect((await knowledge.rollback(three, one, context())).documentId).toBe(one);
    expect((await knowledge.rollback(three, one, context())).documentId).toBe(one);
    expect(await knowledge.add(seal(4), context())).toMatchObject({ version: 4 });
    // What is sent once more is news, whatever was there before.
    expect(await knowledge.add(seal(2), context())).toMatchObject({ documentId: two, version: 5 });
    expect((await knowledge.versions(three, context())).map(({ version }) => version)).toEqual([5, 4, 3, 1]);
  });

  it("are refused where there is none, and of another document", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    const [one = ""] = await addAll(harness, [1]);
    const other = await knowledge.add({ name: "other.md", content: "Something else." }, context());
    await expect(knowledge.rollback(one, undefined, context())).rejects.toMatchObject({
      code: "invalid_request",
      field: "to",
    });
    await expect(knowledge.rollback(one, other.documentId, context())).rejects.toMatchObject({
      code: "document_not_found",
      field: "to",
    });
    for (const call of [
      () => knowledge.rollback("doc_none", undefined, context()),
      () => knowledge.versions("doc_none", context()),
      () => knowledge.get("doc_none", context()),
      () => knowledge.remove("doc_none", context()),
      () => knowledge.diff(one, "doc_none", context()),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "document_not_found", field: "document_id" });
    }
  });

  it("go all together, whichever of them is deleted, and leave nothing but the name", async () => {
    const store = createMemoryStore();
    const harness = createHarness({ store });
    const { knowledge, context, mirror } = harness;
    const [one = "", two = ""] = await addAll(harness, [1, 2, 3]);
    await knowledge.remove(one, context());
    expect([knowledge.documents, knowledge.chunks, await mirror.count(HASH, context())]).toEqual([0, 0, 0]);
    for (const collection of ["documents", "document_versions"] as const) {
      expect(await store.list({ collection, limit: 10 }, context())).toEqual([]);
    }
    await expect(knowledge.versions(two, context())).rejects.toMatchObject({ code: "document_not_found" });
    await expect(knowledge.rollback(one, two, context())).rejects.toMatchObject({ code: "document_not_found" });
    expect(await knowledge.add(seal(2), context())).toMatchObject({ documentId: two, version: 4 });
    expect(await answer(harness)).toEqual(["The seal of the pump lasts 2 years."]);
  });

  it("are compared line by line", async () => {
    const { knowledge, context } = createHarness();
    const add = async (content: string) => (await knowledge.add({ name: "a.txt", content }, context())).documentId;
    const one = await add("first\nsecond\nthird\n");
    const two = await add("first\nzwei\nthird\nfourth\n");
    expect(await knowledge.diff(one, two, context())).toEqual([
      { kind: "same", text: "first\n" },
      { kind: "removed", text: "second\n" },
      { kind: "added", text: "zwei\n" },
      { kind: "same", text: "third\n" },
      { kind: "added", text: "fourth\n" },
    ]);
    expect(await knowledge.diff(two, two, context())).toEqual([{ kind: "same", text: "first\nzwei\nthird\nfourth\n" }]);
  });

  it("survive a restart, and the older ones are not found after it", async () => {
    const store = createMemoryStore();
    const before = createHarness({ store });
    const [one = "", two = ""] = await addAll(before, [1, 2]);
    const after = createHarness({ store });
    await after.knowledge.load(after.context());
    expect(await answer(after)).toEqual(["The seal of the pump lasts 2 years."]);
    expect(await after.knowledge.versions(two, after.context())).toEqual(
      await before.knowledge.versions(two, before.context()),
    );
    await after.knowledge.rollback(two, one, after.context());
    expect(await answer(after)).toEqual(["The seal of the pump lasts 1 years."]);
  });
});

describe("what is said of a document", () => {
  it("is taken over with the same content, and is no new version", async () => {
    const { knowledge, context } = createHarness();
    const first = await knowledge.add({ ...seal(1), audience: ["agent", "admin", "agent"] }, context());
    expect(first).toMatchObject({ audience: ["admin", "agent"], metadata: {} });
    const second = await knowledge.add({ ...seal(1), metadata: { product: "pump" } }, context());
    expect(second).toEqual({ ...first, metadata: { product: "pump" } });
    const revision = knowledge.revision;
    expect(await knowledge.add(seal(1), context())).toEqual(second);
    expect(knowledge.revision).toBe(revision);
    expect(await knowledge.versions(first.documentId, context())).toHaveLength(1);
  });

  it("stays with the next version that says nothing of it, and who may read it with every version", async () => {
    const { knowledge, context } = createHarness();
    const first = await knowledge.add({ ...seal(1), metadata: { edition: "1" } }, context());
    const second = await knowledge.add({ ...seal(2), audience: ["agent"], metadata: { edition: "2" } }, context());
    expect(await knowledge.add(seal(3), context())).toMatchObject({ audience: ["agent"], metadata: { edition: "2" } });
    expect(await knowledge.rollback(second.documentId, first.documentId, context())).toMatchObject({
      audience: ["agent"],
      metadata: { edition: "1" },
    });
  });

  it("keeps the address of a page, and shows it with what it says", async () => {
    const { knowledge, context } = createHarness();
    const url = "https://example.com/pump";
    const info = await knowledge.add({ ...seal(5), url }, context());
    expect(info.url).toBe(url);
    expect(await knowledge.passage(`${info.documentId}.0`, context())).toMatchObject({ url });
    const { passages, sentences } = await knowledge.search(question, {}, context());
    expect([passages[0]?.url, sentences[0]?.url]).toEqual([url, url]);
  });

  it.each([
    ["audience", { audience: [""] }, /audience has the role ""/],
    ["audience", { audience: Array.from({ length: 21 }, (_, index) => `role ${index}`) }, /audience has 21 roles/],
    ["metadata", { metadata: { "": "x" } }, /metadata has "" with a value of 1/],
    ["metadata", { metadata: { key: "x".repeat(501) } }, /metadata has "key" with a value of 501/],
    ["name", { name: "" }, /name is ""/],
    ["name", { name: "a/b.md" }, /name is "a\/b.md"/],
    ["name", { name: `${"x".repeat(198)}.md` }, /1 to 200 characters/],
  ])("is refused, naming the field %s: %j", async (field, given, message) => {
    const { knowledge, context } = createHarness();
    const adding = knowledge.add({ ...seal(1), ...given }, context());
    await expect(adding).rejects.toMatchObject({
      code: "invalid_request",
      field,
      message: expect.stringMatching(message),
    });
  });
});

describe("passages that are there twice", () => {
  it("are stored once in a document, and counted", async () => {
    const { knowledge, context } = createHarness();
    const part = "## Cleaning\n\nWipe the lid with a damp cloth.\n\n";
    const info = await knowledge.add(
      { name: "a.md", content: `${part}## Lid\n\nThe lid is red.\n\n${part}` },
      context(),
    );
    expect(info).toMatchObject({ chunks: 2, repeated: 1 });
    expect(knowledge.chunks).toBe(2);
    const under = await knowledge.add(
      { name: "b.md", content: `${part}## Other\n\nWipe the lid with a damp cloth.\n` },
      context(),
    );
    expect(under).toMatchObject({ chunks: 2, repeated: 0 });
  });

  it("are shown once, also from two documents, and do not push others out", async () => {
    const { knowledge, context } = createHarness();
    const text = "The kettle has a red lid.";
    for (let at = 0; at < 15; at += 1) await knowledge.add({ name: `${at}.txt`, content: text }, context());
    await knowledge.add({ name: "other.txt", content: "The kettle has a blue lid." }, context());
    const { passages } = await knowledge.search("kettle lid", { k: 20 }, context());
    expect(passages.map(({ quote }) => quote).sort()).toEqual(["The kettle has a blue lid.", text]);
  });
});
