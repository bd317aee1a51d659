import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createTransformersEmbeddings } from "../../../src/fallbacks/embeddings/transformers.ts";
import type { Job, ModelRows } from "../../../src/models/batch-runner.ts";
import { createModelHost, type ModelHost } from "../../../src/models/model-host.ts";
import { embeddingsContract } from "../../contracts/embeddings.ts";
import { testContext } from "../../support/context.ts";
import { tinyModel, writeLocal } from "../../support/tiny-model.ts";

const MODEL = "tiny/embedding";
let directory = "";
let host: ModelHost | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-embeddings-"));
  await writeLocal(directory, MODEL, tinyModel("embedding"));
});
afterAll(async () => {
  await host?.close();
  await rm(directory, { recursive: true, force: true });
});

const options = () => ({
  model: MODEL,
  localDirectory: directory,
  cacheDirectory: join(directory, "cache"),
  clock: systemClock,
});

/** A port on the one worker that the tests share: each costs half a second. */
async function ready() {
  const port = createTransformersEmbeddings({
    ...options(),
    createHost(given) {
      host ??= createModelHost(given);
      return { ...host, close: async () => {} };
    },
  });
  await vi.waitFor(() => port.probe?.(testContext()), { timeout: 20_000, interval: 50 });
  return port;
}

embeddingsContract("transformers embeddings", ready, { loading: () => createTransformersEmbeddings(options()) });

it("gives nothing for a text of which the tokenizer knows no character", async () => {
  const { vectors } = await (await ready()).embed(["𐎠𐎡𐎢", "kettle"], "document", testContext());
  expect(vectors.map((vector) => vector !== undefined)).toEqual([false, true]);
});

/** A port whose model answers as it is told, with two numbers for each text; it shows what it was asked. */
function scripted(
  answer: (job: Job) => ModelRows,
  model = MODEL,
  rest: { readonly revision?: string; readonly dtype?: "q8" } = {},
) {
  const jobs: Job[] = [];
  const port = createTransformersEmbeddings({
    ...options(),
    ...rest,
    model,
    createHost: () => ({
      async run(job) {
        jobs.push(job);
        return { width: 2, rows: answer(job) };
      },
      probe: async () => {},
      close: async () => {},
    }),
  });
  return { port, jobs };
}
const units = (job: Job): ModelRows => job.texts.map(() => new Float32Array([0.6, 0.8]));

it.each<[string, (job: Job) => ModelRows]>([
  ["another dimension", () => [new Float32Array([0.6, 0.8]), new Float32Array([1, 0, 0])]],
  ["no number", () => [new Float32Array([0.6, 0.8]), new Float32Array([Number.NaN, 1])]],
  ["infinity", () => [new Float32Array([Number.NEGATIVE_INFINITY, 0]), new Float32Array([1, 0])]],
  ["zeros", () => [new Float32Array([0, 0]), new Float32Array([1, 0])]],
  ["a short batch", () => [new Float32Array([0.6, 0.8])]],
  ["a long batch", () => [1, 2, 3].map(() => new Float32Array([0.6, 0.8]))],
])("fault 33: gives nothing out when the embedder gives %s", async (_, answer) => {
  const call = scripted(answer).port.embed(["kettle", "tank"], "document", testContext());
  await expect(call).rejects.toMatchObject({ errorClass: "bad_response" });
});

it("asks the model only for texts that say something, and puts their vectors in their places", async () => {
  const { port, jobs } = scripted((job) =>
    job.texts.map((text) => (text === "unknown" ? undefined : new Float32Array([0.6, 0.8]))),
  );
  const { vectors } = await port.embed(["?", "kettle", "", "unknown", "tank"], "document", testContext());
  expect(jobs).toEqual([{ texts: ["kettle", "unknown", "tank"], urgent: false }]);
  expect(vectors.map((vector) => vector !== undefined)).toEqual([false, true, false, false, true]);
});

it.each([
  ["intfloat/multilingual-e5-small", "query: kettle", "passage: kettle"],
  ["Xenova/e5-base-v2", "query: kettle", "passage: kettle"],
  ["Xenova/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: kettle", "kettle"],
  ["Xenova/bge-base-zh-v1.5", "为这个句子生成表示以用于检索相关文章：kettle", "kettle"],
  ["Xenova/bge-m3", "kettle", "kettle"],
  ["Xenova/all-MiniLM-L6-v2", "kettle", "kettle"],
  ["someone/multilingual-e5-large-instruct", "kettle", "kettle"],
])("writes before the text what %s was trained with; questions go first", async (model, query, document) => {
  const { port, jobs } = scripted(units, model);
  await port.embed(["kettle"], "query", testContext());
  await port.embed(["kettle"], "document", testContext());
  expect(jobs).toEqual([
    { texts: [query], urgent: true },
    { texts: [document], urgent: false },
  ]);
});

it("has another space for another model, revision or number format, and none of a hash", async () => {
  const variants = [
    scripted(units),
    scripted(units, "tiny/other"),
    scripted(units, MODEL, { revision: "v2" }),
    scripted(units, MODEL, { dtype: "q8" }),
    scripted(units, "intfloat/e5-small"),
  ];
  const spaces = await Promise.all(
    variants.map(async ({ port }) => (await port.embed(["a"], "query", testContext())).space),
  );
  expect(new Set(spaces).size).toBe(variants.length);
  for (const space of spaces) expect(space).toMatch(/^model-[0-9a-f]{16}$/);
});

it("names the model and the address in what it refuses, before anything is opened", () => {
  expect(() => createTransformersEmbeddings({ ...options(), model: "../secrets" })).toThrow(/not a model's id/);
  expect(() => createTransformersEmbeddings({ ...options(), hubUrl: "ftp://user:secret@hub" })).toThrow(
    /^hubUrl must start/,
  );
});
