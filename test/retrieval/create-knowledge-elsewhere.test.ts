import { describe, expect, it, vi } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { ListRequest, Store } from "../../src/fallbacks/store/port.ts";
import { nameKey } from "../../src/retrieval/document-names.ts";
import type { Preparer } from "../../src/retrieval/prepared.ts";
import { createPreparer } from "../../src/retrieval/preparer.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createHarness, type Harness, type HarnessOptions } from "./harness.ts";
import { moving } from "./moving.ts";

const seal = (years: number, name = "pump.md") => ({
  name,
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

async function answer({ knowledge, context, clock }: Harness): Promise<string> {
  const question = "How many years does the seal of the pump last?";
  const { sentences } = await moving(clock, knowledge.search(question, {}, context()));
  return sentences.map(({ quote }) => /lasts (\w+) years/.exec(quote)?.[1] ?? "").join();
}

async function shared(given: HarnessOptions): Promise<Harness> {
  const harness = createHarness({ ...given, options: { shared: true, ...given.options } });
  await harness.knowledge.load(harness.context());
  return harness;
}

describe("what another instance has deleted or restricted", () => {
  it("stays restricted where the same file is sent again without a word about roles", async () => {
    const store = createMemoryStore();
    const [a, b] = [await shared({ store }), await shared({ store })];
    await a.knowledge.add(seal(1), a.context());
    expect(await answer(b)).toBe("1");
    await a.knowledge.add({ ...seal(1), audience: ["admin"] }, a.context());
    expect(await b.knowledge.add(seal(1), b.context())).toMatchObject({ audience: ["admin"] });
    expect(await answer(b)).toBe("");
    const { revision } = b.knowledge;
    await b.knowledge.add(seal(1), b.context());
    expect(b.knowledge.revision).toBe(revision);
  });

  it("is not opened as a source any more", async () => {
    const store = createMemoryStore();
    const [a, b] = [await shared({ store }), await shared({ store })];
    const [one, two] = [
      await a.knowledge.add(seal(1), a.context()),
      await a.knowledge.add(seal(2, "b.md"), a.context()),
    ];
    for (const { documentId } of [one, two]) {
      expect(await b.knowledge.passage(`${documentId}.0`, b.context())).toMatchObject({ documentId });
    }
    await a.knowledge.remove(one.documentId, a.context());
    await a.knowledge.add({ ...seal(2, "b.md"), audience: ["admin"] }, a.context());
    for (const { documentId } of [one, two]) {
      await expect(b.knowledge.passage(`${documentId}.0`, b.context())).rejects.toMatchObject({
        code: "passage_not_found",
      });
    }
  });

  it("goes before documents that take long to be made ready; whoever asks meanwhile waits for one refresh", async () => {
    const inside = createMemoryStore();
    let looks = 0;
    const store: Store = {
      ...inside,
      list(request: ListRequest, context) {
        if (request.prefix === "knowledge_changes/") looks += 1;
        return inside.list(request, context);
      },
    };
    const [first = "", second = ""] = ["a.md", "b.md"].sort((one, other) => (nameKey(one) < nameKey(other) ? -1 : 1));
    const inline = createPreparer({ inline: true });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const preparer: Preparer = {
      ...inline,
      async prepare(document, context) {
        if (document.name === first) await gate;
        return inline.prepare(document, context);
      },
    };
    const a = await shared({ store: inside });
    const b = await shared({ store, options: { preparer } });
    await a.knowledge.add(seal(7, second), a.context());
    expect(await answer(b)).toBe("7");
    await a.knowledge.add({ name: first, content: "# Garden\n\nThe hose is green.\n" }, a.context());
    await a.knowledge.add({ ...seal(7, second), audience: ["admin"] }, a.context());
    for (let asked = 0; asked < 5; asked += 1) expect(await answer(b)).toBe("");
    const before = looks;
    open();
    await vi.waitFor(() => expect(b.knowledge.documents).toBe(2));
    expect(await answer(b)).toBe("");
    // One of the refresh that had waited, one of this question, and one of its refresh at most.
    expect(looks - before).toBeLessThanOrEqual(3);
    expect(b.reports).toEqual([]);
  });

  it("does not come back at a start while the shared store is away", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const local = createMemoryStore();
    const start = async (own = createMemoryStore()) =>
      shared({ clock, options: { store: createTestAccess({ clock, remote, local: own }).access } });
    const [a, b] = [await start(), await start(local)];
    const others = { deleted: "The lid of the kettle is red.", restricted: "The lever of the press is green." };
    const ids: string[] = [];
    for (const [name, content] of Object.entries(others)) {
      ids.push((await b.knowledge.add({ name: `${name}.md`, content }, b.context())).documentId);
    }
    await b.knowledge.add(seal(1), b.context());
    expect(await answer(a)).toBe("1");
    await a.knowledge.remove(ids[0] ?? "", a.context());
    await a.knowledge.add({ name: "restricted.md", content: others.restricted, audience: ["admin"] }, a.context());
    await a.knowledge.add(seal(2), a.context());
    // What this one has never had is not copied to it.
    await a.knowledge.add({ name: "theirs.md", content: "The hose is long." }, a.context());
    expect(await answer(b)).toBe("2");
    remote.script = "refuse";
    const again = await start(local);
    expect(await answer(again)).toBe("2");
    const { items } = await moving(clock, again.knowledge.list({ limit: 9 }, again.context()));
    expect(Object.fromEntries(items.map(({ name, audience }) => [name, audience]))).toEqual({
      "pump.md": [],
      "restricted.md": ["admin"],
    });
  });
});

describe("what cannot be told now", () => {
  it("is not taken for the end of a list: an empty page by the copy on this machine", async () => {
    const inside = createMemoryStore();
    const a = await shared({ store: inside });
    const names = ["a.md", "b.md", "c.md", "d.md"];
    for (const [index, name] of names.entries()) await a.knowledge.add(seal(index, name), a.context());
    const { access } = createTestAccess({ local: inside });
    const degraded = { layer: "store", by: "local", mode: "equal", reason: "error", since: new Date(0) } as const;
    let away = "documents";
    const list: typeof access.list = (request, context) =>
      request.collection === away && request.after !== undefined
        ? Promise.resolve({ by: "local", value: [], degraded })
        : access.list({ ...request, ...(request.bytes !== undefined && { limit: 2 }) }, context);
    const b = await shared({ options: { store: { ...access, list } } });
    expect(b.knowledge.documents).toBe(2);
    away = "";
    await answer(b);
    expect(b.knowledge.documents).toBe(4);
    for (const name of ["e.md", "f.md", "g.md"]) await a.knowledge.add(seal(1, name), a.context());
    away = "document_names";
    await answer(b);
    away = "";
    await answer(b);
    expect(b.knowledge.documents).toBe(7);
  });

  it("is said to be so, of versions and of going back to one", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const harness = await shared({ clock, options: { store: createTestAccess({ clock, remote }).access } });
    const { knowledge, context } = harness;
    const { documentId } = await knowledge.add(seal(1), context());
    await expect(knowledge.rollback(documentId, undefined, context())).rejects.toMatchObject({
      code: "invalid_request",
    });
    remote.script = "refuse";
    for (const call of [
      () => knowledge.rollback(documentId, undefined, context()),
      () => knowledge.versions(documentId, context()),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "store_unavailable" });
    }
  });

  it("leaves the others alone: what is stored of one name cannot be read", async () => {
    const store = createMemoryStore();
    const [a, b] = [await shared({ store }), await shared({ store })];
    await a.knowledge.add({ name: "other.md", content: "# Garden\n\nThe hose is green.\n" }, a.context());
    await answer(b);
    const key = nameKey("other.md");
    const writes = [{ kind: "put", collection: "document_names", key, value: { odd: true } }] as const;
    await store.commit({ id: "odd", writes }, a.context());
    await a.knowledge.add(seal(3), a.context());
    expect(await answer(b)).toBe("3");
    expect(b.knowledge.documents).toBe(2);
    expect(b.reports).toEqual([{ doing: "reading what is stored of a name", key }]);
    expect(await answer(await shared({ store }))).toBe("3");
  });
});
