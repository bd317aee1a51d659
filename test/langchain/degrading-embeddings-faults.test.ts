import { OpenAIEmbeddings } from "@langchain/openai";
import { describe, expect, it } from "vitest";
import { settle } from "../support/manual-clock.ts";
import { createRig, refusal, ScriptedEmbeddings, startEndpoint } from "./degrading-embeddings-rig.ts";
import { thrownBy } from "./rig.ts";

const a = () => new ScriptedEmbeddings("model-a");
const b = () => new ScriptedEmbeddings("model-b", 3);
const openAi = (url: string, model: string) =>
  new OpenAIEmbeddings({
    model,
    apiKey: "sk-test-0123456789",
    encodingFormat: "float",
    configuration: { baseURL: url },
  });

describe("DegradingEmbeddings: what goes wrong", () => {
  it.each<[string, (vectors: number[][]) => unknown]>([
    ["another dimension", (vectors) => vectors.map((vector, at) => (at === 1 ? vector.slice(1) : vector))],
    ["NaN", (vectors) => vectors.map((vector, at) => (at === 1 ? vector.map(() => Number.NaN) : vector))],
    ["what is infinite in 32 bits", (vectors) => vectors.map((vector) => vector.map(() => 1e300))],
    ["zeros", (vectors) => vectors.map((vector) => vector.map(() => 0))],
    ["what is zero in 32 bits", (vectors) => vectors.map((vector) => vector.map(() => 1e-60))],
    ["a short batch", (vectors) => vectors.slice(1)],
    ["a long batch", (vectors) => [...vectors, ...vectors]],
    ["empty vectors", (vectors) => vectors.map(() => [])],
    ["nulls for numbers", (vectors) => vectors.map((vector) => vector.map(() => null))],
    ["no vectors", (vectors) => vectors.map(() => "a vector")],
    ["no list", () => ({ data: [] })],
  ])("fault 33: %s is given to nobody; the next space serves", async (_, script) => {
    const first = a();
    const { embeddings } = createRig({ embeddings: [first, b()] });
    first.script = script;
    expect(await embeddings.embedDocumentsBySpace(["a", "b"])).toMatchObject({
      by: "model-b",
      attempts: [{ model: "model-a", error_class: "bad_response" }, { error_class: null }],
    });
    await expect(embeddings.embedDocuments(["a", "b"])).rejects.toMatchObject({ errorClass: "bad_response" });
  });

  it("fault 32: one that hangs costs its limit, three times, and is then left alone until it may be back", async () => {
    const first = a();
    const { embeddings, clock, events } = createRig({ embeddings: [first, b()], timeoutMs: 1_000 });
    first.script = "hang";
    for (let call = 0; call < 3; call += 1) {
      const asked = embeddings.embedQueryBySpace("a");
      await settle();
      expect(first.requests).toHaveLength(call + 1);
      await clock.advance(999);
      expect(events.filter(({ kind }) => kind === "failover")).toHaveLength(call);
      await clock.advance(1);
      expect(await asked).toMatchObject({
        by: "model-b",
        attempts: [{ error_class: "timeout" }, { error_class: null }],
      });
    }
    expect(await embeddings.embedQueryBySpace("a")).toMatchObject({ by: "model-b", degraded: { reason: "open" } });
    expect(first.requests).toHaveLength(3);
    expect(embeddings.status().candidates[0]).toMatchObject({ name: "model-a", state: "open" });
    await expect(embeddings.embedQuery("a")).rejects.toMatchObject({
      attempts: [],
      errorClass: "timeout",
      message: expect.stringContaining("model-a: open"),
      retryAfterMs: expect.any(Number),
    });
    first.script = "up";
    await clock.advance(5_000);
    expect(await embeddings.embedQueryBySpace("a")).toMatchObject({ by: "model-a", degraded: null });
  });

  it("fault 32: a request of many that hangs ends at its limit, however long the call may take", async () => {
    const first = a();
    const { embeddings, clock } = createRig({ embeddings: [first], batchSize: 1, timeoutMs: 1_000 });
    let requests = 0;
    first.script = (vectors) => {
      requests += 1;
      return requests < 10 ? new Promise((resolve) => clock.after(900, () => resolve(vectors))) : new Promise(() => {});
    };
    let settled = false;
    const asked = embeddings.embedDocumentsBySpace(Array.from({ length: 20 }, (_, at) => `text ${at}`));
    void asked.then(() => (settled = true));
    await clock.advance(9 * 900 + 999);
    expect([requests, settled]).toEqual([10, false]);
    await clock.advance(2);
    expect(await asked).toMatchObject({ by: "hash", attempts: [{ error_class: "timeout" }, { error_class: null }] });
  });

  it("the whole call ends at its deadline, and at the timeout of the call", async () => {
    const first = a();
    const { embeddings, clock } = createRig({ embeddings: [first], hash: false, timeoutMs: 60_000, deadlineMs: 2_000 });
    first.script = "hang";
    const usual = thrownBy(embeddings.embedQuery("a"));
    await clock.advance(2_000);
    expect(await usual).toMatchObject({ errorClass: "timeout" });
    const short = thrownBy(embeddings.embedQuery("a", { timeout: 400 }));
    await clock.advance(400);
    expect(await short).toMatchObject({ name: "SpaceUnavailableError", errorClass: "timeout" });
    await expect(embeddings.embedQuery("a", { timeout: 0 })).rejects.toThrow("timeout: 0 is not allowed");
  });

  it("a caller who goes away gets the reason of the signal at once; it counts for or against nobody", async () => {
    const first = a();
    const { embeddings } = createRig({ embeddings: [first] });
    first.script = "hang";
    const leaving = new AbortController();
    const asked = thrownBy(embeddings.embedDocuments(["a"], { signal: leaving.signal }));
    await settle();
    const reason = new Error("the user closed the page");
    leaving.abort(reason);
    expect(await asked).toBe(reason);
    await expect(embeddings.embedQuery("a", { signal: leaving.signal })).rejects.toBe(reason);
    expect(first.requests).toHaveLength(1);
    expect(embeddings.status()).toMatchObject({ state: "ok", lastError: null });
  });

  it("what is wrong with the texts is tried on nobody else, and harms nobody", async () => {
    const [first, second] = [a(), b()];
    const { embeddings } = createRig({ embeddings: [first, second] });
    first.script = refusal(400);
    await expect(embeddings.embedQueryBySpace("a")).rejects.toMatchObject({ errorClass: "invalid_request" });
    expect(second.requests).toEqual([]);
    expect(embeddings.status().candidates[0]).toMatchObject({ state: "ready" });
  });

  it.each([500, 429, 401])(
    "asks the embeddings of OpenAI once when they answer %i, whatever their own retries are",
    async (status) => {
      const [broken, well] = [await startEndpoint(status), await startEndpoint()];
      const { embeddings } = createRig({ embeddings: [openAi(broken.url, "one"), openAi(well.url, "two")] });
      expect(await embeddings.embedQueryBySpace("a")).toMatchObject({ by: "two", vector: [0.6, 0.8] });
      expect(
        await embeddings.embedDocumentsBySpace(["a", "b"], { spaces: [embeddings.spaces()[1]?.space ?? ""] }),
      ).toMatchObject({
        vectors: [
          [0.6, 0.8],
          [0.6, 0.8],
        ],
      });
      expect([broken.requests(), well.requests()]).toEqual([1, 2]);
    },
  );

  it("shows no key in errors, in its status or when it is written down", async () => {
    const first = openAi((await startEndpoint()).url, "one");
    const { embeddings } = createRig({ embeddings: [first], hash: false });
    Object.assign(first, {
      embedQuery: () => Promise.reject(Object.assign(new Error("bad key sk-test-0123456789"), { status: 401 })),
    });
    const error = (await thrownBy(embeddings.embedQuery("a"))) as Error;
    expect((error.cause as Error).message).toContain("[key]");
    const written = [String(error), JSON.stringify([embeddings, embeddings.status()])].join();
    expect(written).not.toContain("0123456789");
  });

  it("a failure of a moment is tried a second time where nobody else is left", async () => {
    const first = a();
    const { embeddings, clock } = createRig({ embeddings: [first], hash: false });
    first.script = (vectors) => {
      if (first.requests.length === 1) throw refusal(503);
      return vectors;
    };
    const asked = embeddings.embedQuery("a");
    await clock.advance(250);
    expect(await asked).toHaveLength(4);
    expect(first.requests).toHaveLength(2);
  });
});
