import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Document } from "@langchain/core/documents";
import type { Embeddings } from "@langchain/core/embeddings";
import { VectorStore } from "@langchain/core/vectorstores";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { DegradingEmbeddings } from "../../src/langchain/degrading-embeddings.ts";
import type { DegradingEmbeddingsOptions } from "../../src/langchain/degrading-embeddings-options.ts";
import { type FakeHub, startFakeHub } from "../support/fake-hub.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { tinyModel, writeHub } from "../support/tiny-model.ts";
import { thrownBy } from "./rig.ts";

const MODEL = "tiny/embedding";
const WIDTH = 32;
let directory = "";
let hub: FakeHub;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-degrading-"));
  await writeHub(join(directory, "hub"), MODEL, tinyModel("embedding"));
  hub = await startFakeHub(join(directory, "hub"));
});
afterEach(async () => {
  await hub.close();
  await rm(directory, { recursive: true, force: true });
});

function open(options: Partial<DegradingEmbeddingsOptions> = {}): DegradingEmbeddings {
  const embeddings = new DegradingEmbeddings({
    embeddings: [{ model: MODEL, hubUrl: hub.url, cacheDirectory: join(directory, "cache") }],
    ...options,
  });
  onTestFinished(() => embeddings.close());
  return embeddings;
}

/** The smallest vector store of LangChain that there can be: it takes vectors as they come, as all of them do. */
class PlainStore extends VectorStore {
  readonly rows: { readonly vector: number[]; readonly document: Document }[] = [];

  constructor(embeddings: Embeddings) {
    super(embeddings, {});
  }

  override _vectorstoreType(): string {
    return "plain";
  }

  override async addVectors(vectors: number[][], documents: Document[]): Promise<void> {
    for (const [at, document] of documents.entries()) this.rows.push({ vector: vectors[at] ?? [], document });
  }

  override async addDocuments(documents: Document[]): Promise<void> {
    const texts = documents.map(({ pageContent }) => pageContent);
    await this.addVectors(await this.embeddings.embedDocuments(texts), documents);
  }

  override async similaritySearchVectorWithScore(query: number[], k: number): Promise<[Document, number][]> {
    const scored = this.rows.map(({ vector, document }): [Document, number] => {
      if (vector.length !== query.length) throw new Error("vectors of two spaces in one store");
      return [document, vector.reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0)];
    });
    return scored.sort(([, left], [, right]) => right - left).slice(0, k);
  }
}

const documents = [
  "A refund takes three working days.",
  "The kettle is descaled with vinegar.",
  "退款需要三个工作日。",
].map((pageContent) => new Document({ pageContent }));

describe("DegradingEmbeddings with a local model", () => {
  it("waits for the model where nobody else can serve; where the hash can, it serves meanwhile", async () => {
    const embeddings = open();
    const early = await embeddings.embedQueryBySpace("refund");
    expect(early).toMatchObject({
      by: "hash",
      attempts: [{ model: MODEL, error_class: "loading" }, { model: "hash" }],
    });
    expect(await embeddings.embedDocuments(["refund", "kettle"])).toHaveLength(2);
    const later = await embeddings.embedQueryBySpace("refund");
    expect(later).toMatchObject({ by: MODEL, degraded: null, space: expect.stringMatching(/^local-[0-9a-f]{16}-32$/) });
    expect(await embeddings.embedQuery("refund")).toEqual(later.vector);
    const blank = await embeddings.embedDocumentsBySpace(["?!", "kettle"]);
    expect(blank.vectors.map((vector) => vector?.length)).toEqual([undefined, WIDTH]);
  });

  it("does not wait for a model that cannot be had, and has it once it can", async () => {
    hub.behave(500);
    const clock = createManualClock();
    const embeddings = open({ clock });
    const refused = thrownBy(embeddings.embedQuery("refund"));
    // Slow for the clock, fast for the worker, which is real.
    const state = { ended: false };
    void refused.then(() => (state.ended = true));
    await vi.waitFor(
      async () => {
        await clock.advance(250);
        expect(state.ended).toBe(true);
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(await refused).toMatchObject({ errorClass: "server" });
    expect(embeddings.status()).toMatchObject({ state: "down" });
    hub.behave("serve");
    // Nobody asks: it is looked for in the background.
    await vi.waitFor(
      async () => {
        await clock.advance(1_000);
        expect(embeddings.status()).toMatchObject({ state: "ok" });
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(await embeddings.embedQuery("refund")).toHaveLength(WIDTH);
  });

  it("gives up the wait at the deadline, and when the caller goes away", async () => {
    hub.behave("hang");
    const embeddings = open();
    await expect(embeddings.embedQuery("refund", { timeout: 600 })).rejects.toMatchObject({ errorClass: "loading" });
    const reason = new Error("gone");
    const leaving = new AbortController();
    const asked = embeddings.embedQuery("refund", { signal: leaving.signal });
    leaving.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });

  it("serves two stores of LangChain, one for each space, that never see a vector of the other", async () => {
    const embeddings = open();
    const [meaning, words] = embeddings.spaces().map(({ space }) => new PlainStore(embeddings.inSpace(space)));
    if (!meaning || !words) throw new Error("there are two spaces");
    hub.behave("hang");
    await words.addDocuments(documents);
    expect(await words.similaritySearch("refunds", 1)).toMatchObject([
      { pageContent: "A refund takes three working days." },
    ]);
    hub.behave("serve");
    // The call that hangs is left to its limit; another process has the model at once.
    const next = open({ embeddings: [{ model: MODEL, hubUrl: hub.url, cacheDirectory: join(directory, "other") }] });
    const space = next.spaces()[0]?.space ?? "";
    const store = new PlainStore(next.inSpace(space));
    await store.addDocuments(documents);
    expect(await store.similaritySearch("退款要多久", 1)).toMatchObject([{ pageContent: "退款需要三个工作日。" }]);
    const query = await next.embedQueryBySpace("退款", { spaces: [space] });
    expect(await store.similaritySearchVectorWithScore(query.vector ?? [], 1)).toHaveLength(1);
    const [row] = words.rows;
    await expect(store.similaritySearchVectorWithScore(row?.vector ?? [], 1)).rejects.toThrow("two spaces");
    expect(meaning.rows).toEqual([]);
  });

  it("stays in the model's space in the usual calls, so that one store is enough where nothing is to be found meanwhile", async () => {
    const embeddings = open();
    const store = new PlainStore(embeddings);
    await store.addDocuments(documents);
    expect(await store.similaritySearch("退款要多久", 1)).toMatchObject([{ pageContent: "退款需要三个工作日。" }]);
    const [meaning] = embeddings.spaces();
    expect(store.rows.map(({ vector }) => vector.length)).toEqual([WIDTH, WIDTH, WIDTH]);
    expect(meaning).toMatchObject({ space: expect.stringMatching(/-32$/), by: [MODEL] });
  });
});
