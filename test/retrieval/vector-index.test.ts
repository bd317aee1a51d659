import { afterEach, describe, expect, it, vi } from "vitest";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer, type Port } from "../../src/fallbacks/core/layer.ts";
import type { LayerName } from "../../src/fallbacks/core/status.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import type { VectorAccess } from "../../src/fallbacks/vectors/access.ts";
import { createVectorAccess } from "../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import type { LibraryChunk } from "../../src/retrieval/library.ts";
import { passageKey } from "../../src/retrieval/passage-key.ts";
import type { PreparedDocument } from "../../src/retrieval/prepared.ts";
import { passageText } from "../../src/retrieval/terms.ts";
import type { VectorCache } from "../../src/retrieval/vector-cache.ts";
import { createVectorIndex, type VectorIndex } from "../../src/retrieval/vector-index.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

const local = createHashEmbeddings({ dimension: 64 });
const context = testContext();

/** A cache that is a map, and says what it was asked. */
function createMapCache() {
  const kept = new Map<string, Float32Array>();
  const puts: number[] = [];
  const cache: VectorCache = {
    get: async (space, keys) => keys.map((key) => kept.get(`${space} ${key}`)),
    put(space, records) {
      puts.push(records.length);
      for (const { key, vector } of records) kept.set(`${space} ${key}`, vector);
    },
    async keepOnly() {},
    async close() {},
  };
  return { kept, puts, cache };
}

/** Passages with these texts. */
function documentOf(documentId: string, texts: readonly string[]): PreparedDocument {
  const document: PreparedDocument["document"] = {
    documentId,
    name: documentId,
    title: "",
    text: texts.join(""),
    chunks: [],
  };
  const chunks = texts.map((text, at): LibraryChunk => {
    const place = { heading: "", start: 0, end: text.length };
    return { ...place, id: `${documentId}.${at}`, document, path: "", topic: "", text, language: "en" };
  });
  return { document, chunks, keys: chunks.map(passageKey) };
}

const texts = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `passage number ${from + at}`);

describe("the vector index", () => {
  const indexes: VectorIndex[] = [];
  afterEach(async () => {
    for (const index of indexes.splice(0)) await index.close();
  });

  function rig(cache?: VectorCache, change: (vectors: VectorAccess) => Partial<VectorAccess> = () => ({})) {
    const clock = createManualClock();
    const layerOf = <P extends Port>(name: LayerName, port: P): Layer<P> =>
      createLayer<P>({
        name,
        slots: [{ port, mode: "equal" }],
        configured: false,
        clock,
        random: () => 0,
        faults: createFaults({ clock, random: () => 0 }),
        words: { impact: {}, down: "down", action: "none" },
      });
    const memory = createMemoryVectors();
    const access = createVectorAccess({ layer: layerOf<Vectors>("vectors", memory), local: memory, clock });
    const embed = vi.fn<Embeddings["embed"]>((...args) => local.embed(...args));
    const index = createVectorIndex({
      embeddings: layerOf<Embeddings>("embeddings", local),
      vectors: { ...access, ...change(access) },
      local: { ...local, embed },
      clock,
      chunks: new Map(),
      report: () => {},
      ...(cache && { cache }),
    });
    indexes.push(index);
    return {
      index,
      memory,
      made: () => embed.mock.calls.flatMap(([asked]) => asked),
      stored: async (document: PreparedDocument) =>
        memory.get(
          local.space,
          document.chunks.map(({ id }) => id),
          context,
        ),
    };
  }

  async function vectorsOf(chunks: readonly LibraryChunk[]) {
    const { vectors } = await local.embed(chunks.map(passageText), "document", context);
    return vectors;
  }

  it("makes the vectors of the local space, and none of a text with nothing to go by", async () => {
    const { index, stored } = rig();
    const document = documentOf("d", [...texts(0, 300), "?!"]);
    await index.stage(document, context);
    const found = await stored(document);
    const expected = await vectorsOf(document.chunks.slice(0, 300));
    expect(found.map(({ id }) => id)).toEqual(document.chunks.slice(0, 300).map(({ id }) => id));
    const largest = (at: number, vector: Float32Array) =>
      vector.reduce((most, value, place) => Math.max(most, Math.abs(value - (expected[at]?.[place] ?? Number.NaN))), 0);
    for (const [at, { vector }] of found.entries()) expect(largest(at, vector)).toBeLessThan(1e-6);
    const { hits } = await index.query("passage number 77", 1, context);
    expect(hits.map(({ id }) => id)).toEqual(["d.77"]);
  });

  it("takes from the cache what is there, makes the rest, and keeps that, whatever document it is in", async () => {
    const { cache, kept, puts } = createMapCache();
    const first = rig(cache);
    await first.index.stage(documentOf("a", texts(0, 200)), context);
    expect(first.made()).toHaveLength(200);
    expect(kept.size).toBe(200);
    const second = rig(cache);
    const document = documentOf("b", texts(150, 350));
    await second.index.stage(document, context);
    expect(second.made()).toEqual(document.chunks.slice(50).map(passageText));
    // What was found there is not kept once more.
    expect(puts).toEqual([128, 72, 78, 72]);
    expect(await second.stored(document)).toHaveLength(200);
    const { hits } = await second.index.query("passage number 160", 1, context);
    expect(hits.map(({ id }) => id)).toEqual(["b.10"]);
  });

  it("uses the vectors that come with the document, and keeps them", async () => {
    const { cache, kept } = createMapCache();
    const { index, made, stored } = rig(cache);
    const document = documentOf("d", [...texts(0, 150), "?!"]);
    const values = new Float32Array(151 * 64);
    for (const [at, vector] of (await vectorsOf(document.chunks)).entries()) if (vector) values.set(vector, at * 64);
    await index.stage({ ...document, vectors: { space: local.space, dimension: 64, values } }, context);
    expect(made()).toEqual([]);
    expect(await stored(document)).toHaveLength(150);
    expect(kept.size).toBe(150);
    expect(kept.get(`${local.space} ${document.keys[7]}`)).toEqual(values.slice(7 * 64, 8 * 64));
  });

  it("does not use vectors of another space", async () => {
    const { index, made } = rig();
    const document = documentOf("d", texts(0, 2));
    await index.stage({ ...document, vectors: { space: "old", dimension: 2, values: new Float32Array(4) } }, context);
    expect(made()).toHaveLength(2);
  });

  it("keeps nothing that the index has not taken", async () => {
    const { cache, kept } = createMapCache();
    const { index } = rig(cache, () => ({ upsert: () => Promise.reject(new Error("no")) }));
    await index.stage(documentOf("d", texts(0, 10)), context);
    expect(kept.size).toBe(0);
  });

  it("stops when the caller goes away", async () => {
    const caller = new AbortController();
    const { index, memory } = rig(undefined, (access) => ({
      async upsert(...args) {
        await access.upsert(...args);
        caller.abort();
      },
    }));
    const staging = index.stage(documentOf("d", texts(0, 500)), testContext({ signal: caller.signal }));
    await expect(staging).rejects.toMatchObject({ errorClass: "aborted" });
    expect(await memory.count(local.space, context)).toBe(128);
  });
});
