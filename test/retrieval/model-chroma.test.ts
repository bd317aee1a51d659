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
import { passageKey } from "../../src/retrieval/passage-key.ts";
import { passageText } from "../../src/retrieval/terms.ts";
import { createVectorIndex } from "../../src/retrieval/vector-index.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../support/chroma-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createScriptedModel } from "./scripted-model.ts";

const HASH = "hash-1-512";
const MODEL = "model-a";
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
  async function open(chunks: readonly LibraryChunk[]) {
    const clock = createManualClock();
    const context = () => createContext({ clock, requestId: "test", deadlineMs: 600_000 });
    const words = { impact: {}, down: "down", action: "none" };
    const shared = { configured: true, random: () => 0, words };
    const model = createScriptedModel();
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
    const until = (check: () => void | Promise<void>) =>
      vi.waitFor(
        async () => {
          await clock.advance(500);
          await check();
        },
        { timeout: 25_000, interval: 20 },
      );
    const inStep = () => until(() => expect([index.status().state, vectors.status().state]).toEqual(["ok", "ok"]));
    return { clock, context, model, index, memory, remote, vectors, reports, ask, until, inStep, close };
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

  it("fault 37: a collection of another dimension harms no answer, and is shown", async () => {
    const vandal = createChromaVectors({ url: server.url, clock: systemClock });
    ends.push(async () => vandal.close?.());
    const { index, vectors, ask, until, context } = await open(passages(20));
    await vandal.upsert(MODEL, [{ id: "doc.3", vector: new Float32Array([1, 0, 0]) }], context());
    index.start();
    await until(async () => expect(await ask()).toEqual({ space: MODEL, ids: all(20) }));
    await until(() =>
      expect(vectors.status()).toMatchObject({
        lastError: { errorClass: "invalid_request" },
        action: expect.stringMatching(/^Look at why chroma refused \d+ vectors/),
      }),
    );
    expect(await ask()).toEqual({ space: MODEL, ids: all(20) });
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
