import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createTransformersEmbeddings, fingerprintOf } from "../../../src/fallbacks/embeddings/transformers.ts";
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
  given: {
    readonly revision?: string;
    readonly dtype?: "q8";
    readonly questionsKept?: number;
    readonly width?: number;
  } = {},
) {
  const { width = 2, ...rest } = given;
  const jobs: Job[] = [];
  const port = createTransformersEmbeddings({
    ...options(),
    ...rest,
    model,
    createHost: () => ({
      async run(job) {
        jobs.push(job);
        return { width, rows: answer(job) };
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

it("embeds a question once, and keeps no more of them than it is told", async () => {
  const { port, jobs } = scripted(units, MODEL, { questionsKept: 2 });
  const asked = async (...texts: string[]) => {
    jobs.length = 0;
    const { vectors } = await port.embed(texts, "query", testContext());
    expect(vectors.map((vector) => vector && [...vector])).toEqual(
      texts.map((text) => (/\p{L}/u.test(text) ? [...new Float32Array([0.6, 0.8])] : undefined)),
    );
    return jobs.flatMap((job) => job.texts);
  };
  expect(await asked("a")).toEqual(["a"]);
  expect(await asked("a", "b", "a")).toEqual(["b"]);
  expect(await asked("a")).toEqual([]);
  // The one that was not used for the longest time has gone.
  expect(await asked("c")).toEqual(["c"]);
  expect(await asked("a", "c")).toEqual([]);
  expect(await asked("b")).toEqual(["b"]);
  expect(await asked("?", "b")).toEqual([]);
  expect(() => scripted(units, MODEL, { questionsKept: -1 })).toThrow("questionsKept is -1; allowed is 0 or more");
  const none = scripted(units, MODEL, { questionsKept: 0 });
  for (let time = 0; time < 2; time += 1) await none.port.embed(["a"], "query", testContext());
  expect(none.jobs).toHaveLength(2);
});

it("asks a model that is not there for a known question as well, and believes no vector of another space", async () => {
  let width = 2;
  let away: LayerError | undefined;
  const vectorsOf = (job: Job): ModelRows => job.texts.map(() => new Float32Array(width).fill(1 / Math.sqrt(width)));
  const port = createTransformersEmbeddings({
    ...options(),
    createHost: () => ({
      async run(job) {
        if (away) throw away;
        return { width, rows: vectorsOf(job) };
      },
      probe: async () => {},
      close: async () => {},
    }),
  });
  const ask = (...texts: string[]) => port.embed(texts, "query", testContext());
  const before = await ask("a", "b");
  expect(await ask("a", "b")).toEqual(before);
  away = new LayerError("loading", "the worker has ended");
  await expect(ask("a")).rejects.toMatchObject({ errorClass: "loading" });
  away = undefined;
  width = 3;
  const after = await ask("a", "c");
  expect(after.space).not.toBe(before.space);
  expect(after.vectors.map((vector) => vector?.length)).toEqual([3, 3]);
  expect((await ask("b")).vectors[0]).toHaveLength(3);
});

it("is never asked for more documents because their texts are known questions", async () => {
  const { port, jobs } = scripted(units, "intfloat/e5-small");
  await port.embed(["kettle"], "query", testContext());
  await port.embed(["kettle"], "document", testContext());
  expect(jobs.map(({ texts }) => texts)).toEqual([["query: kettle"], ["passage: kettle"]]);
});

it("has another space for another dimension and for other words before the text", async () => {
  const wide = scripted((job) => job.texts.map(() => new Float32Array([0.6, 0.8, 0])), MODEL, { width: 3 });
  const spaces = [
    await scripted(units).port.embed(["a"], "query", testContext()),
    await wide.port.embed(["a"], "query", testContext()),
    // The same weights by a name that says how they are to be used, and by one that does not.
    await scripted(units, "intfloat/e5-small-v2").port.embed(["a"], "query", testContext()),
    await scripted(units, "intfloat/e5-small-v2-copy").port.embed(["a"], "query", testContext()),
  ];
  expect(new Set(spaces.map(({ space }) => space)).size).toBe(4);
  expect(fingerprintOf({ model: MODEL })).toBe(fingerprintOf({ model: MODEL, revision: "main", dtype: "fp32" }));
  expect(fingerprintOf({ model: MODEL })).not.toBe(fingerprintOf({ model: MODEL, revision: "v2" }));
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
