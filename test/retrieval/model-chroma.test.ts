import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../src/fallbacks/core/layer.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { createChromaVectors } from "../../src/fallbacks/vectors/chroma.ts";
import { createVectorAccess } from "../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import type { StoredDocument } from "../../src/retrieval/ingest.ts";
import type { LibraryChunk } from "../../src/retrieval/library.ts";
import type { RetireStore } from "../../src/retrieval/model-retire-records.ts";
import { passageKey } from "../../src/retrieval/passage-key.ts";
import { passageText } from "../../src/retrieval/terms.ts";
import { createVectorIndex } from "../../src/retrieval/vector-index.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../support/chroma-server.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createScriptedModel } from "./scripted-model.ts";

const HASH = "hash-7-512";
const MODEL = "model-a";
const HOUR_MS = 3_600_000;
const USES = { collection: "meta", prefix: "vector-space/" } as const;
const words = ["lever", "valve", "refund", "kettle", "invoice", "退款", "水壶"];
const passages = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const text = `Part ${at}: the ${words[at % words.length]} and the ${words[(at * 3 + 1) % words.length]} are green.`;
    return { id: `doc.${at}`, path: "Parts", topic: `Part ${at}`, text } as LibraryChunk;
  });

describeWithChroma("vectors of a model here and in a real Chroma", () => {
  const ends: (() => Promise<void>)[] = [];
  let server: ChromaServer;
  beforeEach(async () => {
    server = await startChroma();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await server.close();
  });

  /** An index over a scripted model, whose clock the test moves, and the real server, whose clock is that of the machine. */
  async function open(
    chunks: readonly LibraryChunk[],
    options: { readonly clock?: ManualClock; readonly store?: RetireStore; readonly space?: string } = {},
  ) {
    const { clock = createManualClock(), store } = options;
    const context = () => createContext({ clock, requestId: "test", deadlineMs: 600_000 });
    const words = { impact: {}, down: "down", action: "none" };
    const shared = { configured: true, random: () => 0, words };
    const model = createScriptedModel(options.space);
    const local = createHashEmbeddings();
    const memory = createMemoryVectors();
    const remote = createChromaVectors({ url: server.url, clock: systemClock });
    const vectors = createVectorAccess({
      layer: createLayer<Vectors>({
        ...shared,
        name: "vectors",
        slots: [
          { port: remote, mode: "equal", timeoutMs: 5_000 },
          { port: memory, mode: "equal" },
        ],
        clock: systemClock,
        faults: createFaults({ clock: systemClock, random: () => 0 }),
      }),
      local: memory,
      remote,
      clock: systemClock,
    });
    const live = new Map<string, LibraryChunk>();
    const reports: object[] = [];
    const infos: object[] = [];
    const index = createVectorIndex({
      embeddings: createLayer<Embeddings>({
        ...shared,
        name: "embeddings",
        slots: [
          { port: model, mode: "equal", breaker: { rampTo: 1, windowShare: 1 } },
          { port: local, mode: "lower" },
        ],
        clock,
        faults: createFaults({ clock, random: () => 0 }),
      }),
      vectors,
      local,
      clock,
      chunks: live,
      report: (_error, fields) => void reports.push(fields),
      store,
      info: (fields) => void infos.push(fields),
    });
    const close = async () => {
      await index.close();
      await vectors.close();
    };
    ends.push(close);
    await index.stage({ document: {} as StoredDocument, chunks, keys: chunks.map(passageKey) }, context());
    for (const chunk of chunks) live.set(chunk.id, chunk);
    index.release(chunks.map(({ id }) => id));

    /** Asks for everything, and checks each score against a plain comparison within the space that is said. */
    async function ask(
      question = "a refund for the kettle 退款",
    ): Promise<{ readonly space: string; readonly ids: readonly string[] }> {
      const { space, hits } = await index.query(question, 100, context());
      const by = space === HASH ? local : createScriptedModel();
      const [asked] = (await by.embed([question], "query", context())).vectors;
      const { vectors: all } = await by.embed(chunks.map(passageText), "document", context());
      const scores = new Map(chunks.map(({ id }, at) => [id, dot(asked, all[at])]));
      for (const { id, score } of hits) expect(score).toBeCloseTo(scores.get(id) ?? Number.NaN, 4);
      return { space, ids: hits.map(({ id }) => id).sort() };
    }
    /** Moves the model's clock until this holds; the server has the time that it needs. */
    const until = (check: () => void | Promise<void>, stepMs = 500) =>
      vi.waitFor(
        async () => {
          await clock.advance(stepMs);
          await check();
        },
        { timeout: 25_000, interval: 20 },
      );
    const inStep = () => until(() => expect([index.status().state, vectors.status().state]).toEqual(["ok", "ok"]));
    return { clock, context, model, index, memory, remote, vectors, reports, infos, ask, until, inStep, close };
  }

  const all = (count: number) =>
    passages(count)
      .map(({ id }) => id)
      .sort();

  it("fault 34: when the embedder recovers, questions go from one whole space to the other, and never to both", async () => {
    const { model, index, remote, context, ask, until, inStep } = await open(passages(60));
    model.script = "network";
    index.start();
    const seen: string[] = [];
    const torn: unknown[] = [];
    const look = async () => {
      const answer = await ask();
      // Kept, as what fails in an attempt is tried again.
      if (answer.ids.length !== 60) torn.push(answer);
      seen.push(answer.space);
      return answer.space;
    };
    expect(await look()).toBe(HASH);
    model.script = "up";
    await until(async () => expect(await look()).toBe(MODEL));
    await inStep();
    for (let again = 0; again < 3; again += 1) await look();
    expect(torn).toEqual([]);
    // Once there, it stays there.
    expect(seen.lastIndexOf(HASH)).toBeLessThan(seen.indexOf(MODEL));
    for (const space of [HASH, MODEL]) {
      expect(await remote.ids(space, { limit: 100 }, context())).toHaveLength(60);
      const [{ vector } = { vector: [] }] = await remote.get(space, ["doc.7"], context());
      expect(vector).toHaveLength(space === HASH ? 512 : 64);
    }
    const names = await collectionNames(server.url);
    expect(names).toHaveLength(2);
  });

  it("fault 38: a passage that the model cannot take is found alone, and all others are in the server once", async () => {
    const { model, index, remote, context, reports, ask, inStep } = await open(passages(50));
    model.poison.set("Part 13: ", "invalid_request");
    index.start();
    await ask();
    await inStep();
    expect(reports).toEqual([{ doing: "embedding a passage", chunk: "doc.13" }]);
    const rest = all(50).filter((id) => id !== "doc.13");
    const held = await remote.ids(MODEL, { limit: 100 }, context());
    expect([...held].sort()).toEqual(rest);
    expect(await remote.count(MODEL, context())).toBe(49);
    expect(await remote.count(HASH, context())).toBe(50);
    expect(await ask()).toEqual({ space: MODEL, ids: rest });
  });

  it("fault 37: a server that lost half of it, and has what nobody knows, is brought in step by what is left here", async () => {
    const before = await open(passages(60));
    before.index.start();
    await before.ask();
    await before.inStep();
    await before.close();
    ends.pop();
    const vandal = createChromaVectors({ url: server.url, clock: systemClock });
    ends.push(async () => vandal.close?.());
    await vandal.remove(MODEL, all(60).slice(0, 30), before.context());
    await vandal.remove(HASH, all(60).slice(30), before.context());
    await vandal.upsert(MODEL, [{ id: "of-nobody", vector: new Float32Array(64).fill(1) }], before.context());
    const after = await open(passages(60));
    after.index.start();
    // Before anything is compared, this machine answers.
    expect(await after.ask()).toMatchObject({ ids: all(60) });
    await after.inStep();
    expect(await after.ask()).toEqual({ space: MODEL, ids: all(60) });
    expect(await after.remote.count(HASH, after.context())).toBe(60);
    const held = await after.remote.ids(MODEL, { limit: 100 }, after.context());
    expect(held.filter((id) => id !== "of-nobody").sort()).toEqual(all(60));
    // What the server still had was not computed again.
    expect(after.model.embedded.length).toBeLessThanOrEqual(30 + 8);
  });

  it("fault 37: a collection of another dimension harms no answer, is shown, and is replaced by one beside it", async () => {
    const vandal = createChromaVectors({ url: server.url, clock: systemClock });
    ends.push(async () => vandal.close?.());
    const { index, vectors, remote, ask, until, inStep, context } = await open(passages(20));
    await vandal.upsert(MODEL, [{ id: "doc.3", vector: new Float32Array([1, 0, 0]) }], context());
    const [stranger = ""] = await collectionNames(server.url);
    index.start();
    await until(async () => expect(await ask()).toEqual({ space: MODEL, ids: all(20) }));
    await inStep();
    expect(await ask()).toEqual({ space: MODEL, ids: all(20) });
    expect([...(await remote.ids(MODEL, { limit: 100 }, context()))].sort()).toEqual(all(20));
    expect(vectors.status()).toMatchObject({ state: "ok", by: "chroma", lastError: null });
    expect(vectors.status().action).toContain(`Look at what ${stranger} on chroma is`);
    expect(await vandal.ids(MODEL, { limit: 100 }, context())).toEqual(["doc.3"]);
    expect(await collectionNames(server.url)).toContain(`${stranger}-2`);
  });

  it("fault 37: vectors of another dimension are not taken for those of the model after a restart, whoever asks first", async () => {
    const vandal = createChromaVectors({ url: server.url, clock: systemClock });
    ends.push(async () => vandal.close?.());
    const { model, index, vectors, memory, ask, inStep, context } = await open(passages(20));
    const wrong = all(20).map((id) => ({ id, vector: new Float32Array([1, 0, 0]) }));
    await vandal.upsert(MODEL, wrong, context());
    // A question comes before the first passage is embedded.
    expect(await ask()).toMatchObject({ space: HASH });
    index.start();
    await inStep();
    expect(await ask()).toEqual({ space: MODEL, ids: all(20) });
    expect(model.embedded).toHaveLength(20);
    const [kept] = await memory.get(MODEL, ["doc.3"], context());
    expect(kept?.vector).toHaveLength(64);
    expect(vectors.status().state).toBe("ok");
  });

  it("fault 34: the collection of a former model costs nothing to go back to, and is deleted a day after the last use", async () => {
    const { access: store, clock } = createTestAccess();
    const count = async () => (await collectionNames(server.url)).length;
    /** A process with this model, until it has all, and has said so. */
    const run = async (space: string) => {
      const process = await open(passages(30), { clock, store, space });
      process.index.start();
      await process.inStep();
      await clock.advance(60_000);
      expect(await process.ask()).toEqual({ space, ids: all(30) });
      return process;
    };
    const end = async ({ close }: { readonly close: () => Promise<void> }) => {
      await close();
      ends.pop();
    };
    await end(await run(MODEL));
    expect(await count()).toBe(2);
    const other = await run("model-b");
    await clock.advance(23 * HOUR_MS);
    expect(await count()).toBe(3);
    await end(other);
    const back = await run(MODEL);
    // It learns the space of its model by its first few.
    expect(back.model.embedded.length).toBeLessThanOrEqual(8);
    await end(back);
    const last = await run("model-b");
    expect(last.model.embedded.length).toBeLessThanOrEqual(8);
    await clock.advance(24 * HOUR_MS);
    expect(last.index.former).toEqual([{ name: MODEL, dimension: 64, unusedS: expect.any(Number) }]);
    expect(await count()).toBe(3);
    // In small steps from here on, as a call of the server must have ended within ten seconds of this clock.
    await last.until(async () => {
      expect(await count()).toBe(2);
      expect(last.index.former).toEqual([]);
    }, 4_000);
    expect(last.infos).toEqual([{ layer: "vectors", space: MODEL, dimension: 64 }]);
    expect(last.reports).toEqual([]);
    expect(await last.ask()).toEqual({ space: "model-b", ids: all(30) });
    await last.inStep();
    // Another one that takes its place while it runs is made known long before the next look.
    const from = clock.now();
    last.model.space = "model-c";
    await last.ask();
    const used = async () => (await store.list({ ...USES, limit: 10 }, last.context())).value.map(({ key }) => key);
    await last.until(async () => expect(await used()).toContain("vector-space/64/model-c"));
    expect(clock.now() - from).toBeLessThan(HOUR_MS / 8);
  });

  it("fault 37: wiped while it serves, it is filled again in every space, without the model", async () => {
    const { model, index, remote, context, ask, inStep, until } = await open(passages(40));
    index.start();
    await ask();
    await inStep();
    const embedded = model.embedded.length;
    const { port } = server;
    await server.close();
    server = await startChroma({ port });
    expect(await ask()).toEqual({ space: MODEL, ids: all(40) });
    // Each space is compared when it is asked, or within a minute.
    model.script = "network";
    expect(await ask()).toMatchObject({ space: HASH });
    model.script = "up";
    await until(async () => {
      expect(await remote.count(MODEL, context())).toBe(40);
      expect(await remote.count(HASH, context())).toBe(40);
    });
    expect(model.embedded).toHaveLength(embedded);
  });
});

function dot(left: Float32Array | undefined, right: Float32Array | undefined): number {
  if (!left || !right) return Number.NaN;
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
}

async function collectionNames(url: string): Promise<readonly string[]> {
  const base = `${url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  const collections = (await (await fetch(base)).json()) as readonly { readonly name: string }[];
  return collections.map(({ name }) => name);
}
