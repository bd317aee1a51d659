import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Port } from "../../src/fallbacks/core/layer.ts";
import type { LayerName } from "../../src/fallbacks/core/status.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { createVectorAccess } from "../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import type { LibraryChunk } from "../../src/retrieval/library.ts";
import { createModelVectors } from "../../src/retrieval/model-vectors.ts";
import { passageKey } from "../../src/retrieval/passage-key.ts";
import type { VectorCache } from "../../src/retrieval/vector-cache.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { createScriptedModel } from "./scripted-model.ts";

const HASH = "hash-7-512";
const MODEL = "model-a";

function passage(id: string, text = `The lever of ${id} is green.`): LibraryChunk {
  return { id, path: "Levers", topic: "Green", text } as LibraryChunk;
}
const passages = (count: number, name = "doc") => Array.from({ length: count }, (_, at) => passage(`${name}.${at}`));

/** The cache as it is on a disk, for as long as the test. */
function createTestCache() {
  const spaces = new Map<string, Map<string, Float32Array>>();
  const kept: { readonly spaces: readonly string[]; readonly keys: ReadonlySet<string> }[] = [];
  const cache: VectorCache = {
    async get(space, keys) {
      return keys.map((key) => spaces.get(space)?.get(key));
    },
    put(space, records) {
      const vectors = spaces.get(space) ?? new Map<string, Float32Array>();
      spaces.set(space, vectors);
      for (const { key, vector } of records) vectors.set(key, vector);
    },
    async keepOnly(only, keys) {
      kept.push({ spaces: [...only].sort(), keys });
    },
    close: async () => {},
  };
  return { cache, spaces, kept, count: (space: string) => spaces.get(space)?.size ?? 0 };
}

/** The vectors of a model in one process; what outlives the process is given. */
function openProcess(given: { readonly cache: VectorCache; readonly remote?: Vectors; readonly space?: string }) {
  const clock = createManualClock();
  const model = createScriptedModel(given.space);
  const local = createHashEmbeddings();
  const memory = createMemoryVectors();
  const layerOf = <P extends Port>(name: LayerName, first: P, last: P) =>
    createLayer<P>({
      name,
      slots: [
        { port: first, mode: "equal" },
        { port: last, mode: "lower" },
      ],
      configured: true,
      clock,
      random: () => 0,
      faults: createFaults({ clock, random: () => 0 }),
      words: { impact: {}, down: "down", action: "none" },
    });
  const { remote } = given;
  const vectors = createVectorAccess({
    layer: layerOf<Vectors>("vectors", remote ?? memory, memory),
    local: memory,
    ...(remote && { remote }),
    clock,
  });
  vectors.start([HASH]);
  const chunks = new Map<string, LibraryChunk>();
  const reports: object[] = [];
  const index = createModelVectors({
    embeddings: layerOf<Embeddings>("embeddings", model, local),
    vectors,
    local,
    clock,
    chunks,
    report: (_error, fields) => void reports.push(fields),
    cache: given.cache,
  });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 60_000 });
  return {
    model,
    index,
    clock,
    reports,
    memory,
    context,
    count: () => memory.count(model.space, context()),
    live: (some: readonly LibraryChunk[]) => {
      for (const chunk of some) chunks.set(chunk.id, chunk);
      index.release(some.map(({ id }) => id));
    },
    remove: async (some: readonly LibraryChunk[]) => {
      for (const { id } of some) chunks.delete(id);
      index.remove(some.map(({ id }) => id));
      await vectors.remove(
        model.space,
        some.map(({ id }) => id),
        context(),
      );
    },
    atRest: async () => {
      for (let turn = 0; turn < 300 && index.status().backlog; turn += 1) await settle();
      expect(index.status().backlog).toBeNull();
    },
  };
}

describe("vectors of a model and the cache on this machine", () => {
  it("are not computed again after a restart, but for those that show which space it is", async () => {
    const { cache, count } = createTestCache();
    const before = openProcess({ cache });
    before.live(passages(100));
    before.index.start();
    await before.atRest();
    expect(before.model.embedded).toHaveLength(100);
    expect([count(MODEL), count(HASH)]).toEqual([100, 0]);
    const after = openProcess({ cache });
    after.live(passages(100));
    after.index.start();
    await after.atRest();
    expect(after.model.embedded.length).toBeLessThanOrEqual(8);
    expect(await after.count()).toBe(100);
    const ids = passages(100).map(({ id }) => id);
    expect(await after.memory.get(MODEL, ids, after.context())).toEqual(
      await before.memory.get(MODEL, ids, before.context()),
    );
    // Once the space is known, a small document needs the model no more at all.
    after.model.embedded.length = 0;
    const copies = passages(20).map(({ text }, at) => passage(`copy.${at}`, text));
    await after.index.prepare(copies, after.context());
    after.live(copies);
    await after.atRest();
    expect(after.model.embedded).toEqual([]);
    expect(await after.count()).toBe(120);
  });

  it("of a document that was changed are computed for what is new in it", async () => {
    const { cache } = createTestCache();
    const { model, index, live, remove, atRest, count } = openProcess({ cache });
    const first = passages(40, "v1");
    live(first);
    index.start();
    await atRest();
    model.embedded.length = 0;
    const second = first.map(({ text }, at) => passage(`v2.${at}`, at === 7 ? "A new sentence." : text));
    await remove(first);
    live(second);
    await atRest();
    expect(model.embedded.map((text) => text.includes("A new sentence."))).toEqual([true]);
    expect(await count()).toBe(40);
  });

  it("are never taken from another space", async () => {
    const { cache, count } = createTestCache();
    const before = openProcess({ cache });
    before.live(passages(40));
    before.index.start();
    await before.atRest();
    const after = openProcess({ cache, space: "model-b" });
    after.live(passages(40));
    after.index.start();
    await after.atRest();
    expect(after.model.embedded).toHaveLength(40);
    expect([count(MODEL), count("model-b"), await after.count()]).toEqual([40, 40, 40]);
  });

  it("fault 33: are not kept when the index refuses them, and computed anew when the cache gives what it refuses", async () => {
    const { cache, spaces, count } = createTestCache();
    const before = openProcess({ cache });
    const plain = { ...before.model };
    before.model.embed = async (texts, ...rest) => {
      const found = await plain.embed(texts, ...rest);
      return {
        ...found,
        vectors: found.vectors.map((vector, at) => (texts[at]?.includes("doc.3 ") ? vector?.fill(0) : vector)),
      };
    };
    before.live(passages(10));
    before.index.start();
    await before.atRest();
    expect([count(MODEL), await before.count()]).toEqual([9, 9]);
    expect(before.reports).toHaveLength(1);
    spaces.get(MODEL)?.set(passageKey(passage("doc.5")), new Float32Array(3).fill(1));
    const after = openProcess({ cache });
    after.live(passages(10));
    after.index.start();
    await after.atRest();
    expect(await after.count()).toBe(10);
    expect(after.reports).toEqual([{ doing: "taking vectors from the cache" }]);
    expect(spaces.get(MODEL)?.get(passageKey(passage("doc.5")))).toHaveLength(64);
  });

  it("fault 33: are not told by what is stored somewhere, before the model has made one", async () => {
    const { cache, spaces } = createTestCache();
    const wrong = (count: number) => Float32Array.from({ length: 3 }, (_, at) => count + at);
    spaces.set(MODEL, new Map(passages(10).map((each, at) => [passageKey(each), wrong(at)])));
    const remote = createMemoryVectors();
    const process = openProcess({ cache, remote });
    const records = passages(10).map(({ id }, at) => ({ id, vector: wrong(at) }));
    await remote.upsert(MODEL, records, process.context());
    process.live(passages(10));
    // A question with nothing to go by: the space is known, and not what its vectors look like.
    process.index.isComplete({ space: MODEL, vectors: [undefined] });
    process.index.start();
    await process.atRest();
    expect(await process.count()).toBe(10);
    const [kept] = await process.memory.get(MODEL, ["doc.9"], process.context());
    expect(kept?.vector).toHaveLength(64);
    // Once that is known, what is stored is taken again.
    const next = openProcess({ cache });
    next.live(passages(10));
    next.index.isComplete({ space: MODEL, vectors: [undefined] });
    next.index.start();
    await next.atRest();
    expect(next.model.embedded).toHaveLength(8);
  });

  it("fault 70: do not come back from the cache when their document is removed meanwhile", async () => {
    const { cache } = createTestCache();
    const before = openProcess({ cache });
    before.live(passages(40));
    before.index.start();
    await before.atRest();
    let answer = () => {};
    const slow: VectorCache = {
      ...cache,
      async get(...args) {
        await new Promise<void>((resolve) => (answer = resolve));
        return cache.get(...args);
      },
    };
    const after = openProcess({ cache: slow });
    after.live(passages(40));
    after.index.start();
    await settle();
    await settle();
    await after.remove(passages(20));
    for (let turn = 0; turn < 50; turn += 1) {
      answer();
      await settle();
    }
    await after.atRest();
    const ids = await after.memory.ids(MODEL, { limit: 100 }, after.context());
    expect(new Set(ids)).toEqual(
      new Set(
        passages(40)
          .slice(20)
          .map(({ id }) => id),
      ),
    );
  });

  it("are taken from the remote index where the cache has lost them, and computed only where both have", async () => {
    const { cache, spaces } = createTestCache();
    const remote: Vectors = { ...createMemoryVectors(), name: "remote" };
    const before = openProcess({ cache, remote });
    before.live(passages(60));
    before.index.start();
    await before.atRest();
    await before.clock.advance(5_000);
    expect(await remote.count(MODEL, before.context())).toBe(60);
    const keys = passages(60).map(passageKey);
    for (const key of keys.slice(20)) spaces.get(MODEL)?.delete(key);
    await remote.remove(
      MODEL,
      passages(60)
        .slice(50)
        .map(({ id }) => id),
      before.context(),
    );
    const after = openProcess({ cache, remote });
    after.live(passages(60));
    after.index.start();
    await after.atRest();
    await after.clock.advance(5_000);
    const computed = new Set(after.model.embedded.map((text) => /doc\.\d+/.exec(text)?.[0]));
    for (let at = 50; at < 60; at += 1) expect(computed).toContain(`doc.${at}`);
    expect(after.model.embedded.length).toBeLessThanOrEqual(18);
    expect([await after.count(), await remote.count(MODEL, after.context())]).toEqual([60, 60]);
  });

  it("is told once, when a space is complete, what is still needed of it", async () => {
    const { cache, kept } = createTestCache();
    const { model, index, live, remove, atRest, context } = openProcess({ cache });
    live(passages(30));
    index.start();
    await remove(passages(10));
    await atRest();
    await settle();
    const needed = new Set(passages(30).slice(10).map(passageKey));
    expect(kept).toEqual([{ spaces: [HASH, MODEL], keys: needed }]);
    live(passages(5, "more"));
    await atRest();
    expect(kept).toHaveLength(1);
    for (const space of ["model-b", "model-c"]) {
      model.space = space;
      index.isComplete(await model.embed(["question"], "query", context()));
      await atRest();
      await settle();
    }
    // The last two models; of the first one nothing is needed any more.
    expect(kept.map(({ spaces }) => spaces)).toEqual([
      [HASH, MODEL],
      [HASH, MODEL, "model-b"],
      [HASH, "model-b", "model-c"],
    ]);
  });
});

describe("the key of a passage", () => {
  it("is that of all that is embedded of it, and of nothing else", () => {
    const key = passageKey(passage("a.0", "The lever is green."));
    expect(key).toMatch(/^[\w-]{22}$/);
    expect(passageKey(passage("b.7", "The lever is green."))).toBe(key);
    const others = [
      passage("a.0", "The lever is red."),
      { ...passage("a.0", "The lever is green."), topic: "Red" },
      { ...passage("a.0", "The lever is green."), path: "Handles" },
    ];
    expect(new Set([key, ...others.map(passageKey)]).size).toBe(4);
  });
});
