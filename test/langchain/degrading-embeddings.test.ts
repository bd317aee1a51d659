import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import { DegradingEmbeddings } from "../../src/langchain/degrading-embeddings.ts";
import { SpaceUnavailableError } from "../../src/langchain/degrading-embeddings-error.ts";
import { testContext } from "../support/context.ts";
import { createRig, refusal, ScriptedEmbeddings } from "./degrading-embeddings-rig.ts";
import { thrownBy } from "./rig.ts";

const a = () => new ScriptedEmbeddings("model-a");
const b = () => new ScriptedEmbeddings("model-b", 3);

describe("DegradingEmbeddings: one space", () => {
  it("gives what the first embeddings give, as LangChain wants it", async () => {
    const first = a();
    const { embeddings } = createRig({ embeddings: [first, b()] });
    expect(await embeddings.embedQuery("a")).toEqual([0.1, 1, 0.1, 0.1]);
    expect(await embeddings.embedDocuments(["a", "b"])).toEqual([
      [0.1, 1, 0.1, 0.1],
      [0.1, 0.1, 1, 0.1],
    ]);
    expect(await embeddings.embedDocuments([])).toEqual([]);
    expect(first.requests).toEqual([["a"], ["a", "b"]]);
    expect(embeddings.status()).toMatchObject({
      state: "ok",
      by: "model-a",
      ports: ["model-a", "model-b", "hash", "none"],
    });
  });

  it("throws when its space cannot serve, although others could, and is back when it is", async () => {
    const [first, second] = [a(), b()];
    const { embeddings, clock } = createRig({ embeddings: [first, second] });
    await embeddings.embedQuery("a");
    first.script = refusal(401);
    const failed = embeddings.embedQuery("a");
    const error = await thrownBy(failed);
    expect(error).toBeInstanceOf(SpaceUnavailableError);
    expect(error).toMatchObject({
      errorClass: "auth",
      spaces: [expect.stringMatching(/^langchain-[0-9a-f]{16}-4$/)],
      attempts: [{ model: "model-a", error_class: "auth" }],
      retryAfterMs: 900_000,
    });
    expect(second.requests).toEqual([]);
    first.script = "up";
    await clock.advance(900_000);
    expect(await embeddings.embedQuery("a")).toEqual([0.1, 1, 0.1, 0.1]);
  });

  it("goes on with others of the same label, and with nobody else", async () => {
    const [first, other, twin] = [a(), b(), new ScriptedEmbeddings("the same model elsewhere")];
    const { embeddings } = createRig({
      embeddings: [{ embeddings: first, space: "e5" }, other, { embeddings: twin, space: "e5", name: "twin" }],
    });
    const { space } = await embeddings.embedQueryBySpace("a");
    first.script = refusal(500);
    expect(await embeddings.embedQuery("a")).toEqual([0.1, 1, 0.1, 0.1]);
    expect(other.requests).toEqual([]);
    expect(await embeddings.embedQueryBySpace("a", { spaces: [space] })).toMatchObject({
      space,
      by: "twin",
      degraded: { mode: "equal" },
      attempts: [{ error_class: "server" }, { error_class: null }].slice(-2),
    });
  });

  it("refuses vectors of another dimension under the same label, or than the space that was stored", async () => {
    const rig = createRig({
      embeddings: [
        { embeddings: a(), space: "e5" },
        { embeddings: b(), space: "e5" },
      ],
    });
    await rig.embeddings.embedQuery("a");
    const { space } = await rig.embeddings.embedQueryBySpace("a");
    expect(space).toMatch(/-4$/);
    const changed = createRig({ embeddings: [{ embeddings: b(), space: "e5" }], space });
    await expect(changed.embeddings.embedQuery("a")).rejects.toMatchObject({
      errorClass: "bad_response",
      spaces: [space],
      cause: { message: expect.stringContaining("3 numbers instead of 4") },
    });
  });

  it("stays in a space by its name, in views of their own, and refuses one that nobody gives", async () => {
    const [first, second] = [a(), b()];
    const options = { embeddings: [first, second] };
    const { embeddings } = createRig(options);
    const [, lower] = embeddings.spaces();
    expect(embeddings.spaces().map(({ by }) => by)).toEqual([["model-a"], ["model-b"], ["hash"]]);
    const view = embeddings.inSpace(String(lower?.space));
    expect(await view.embedQuery("a")).toHaveLength(3);
    expect(await view.embedDocuments(["a", "b"])).toHaveLength(2);
    expect(await embeddings.inSpace("hash-7-512").embedQuery("a")).toHaveLength(512);
    expect(first.requests).toEqual([]);
    const { space } = await embeddings.embedQueryBySpace("a", { spaces: [String(lower?.space)] });
    const pinned = createRig({ ...options, space });
    expect(await pinned.embeddings.embedQuery("a")).toHaveLength(3);
    expect(() => embeddings.inSpace("hash-2-256")).toThrow(RangeError);
    expect(() => new DegradingEmbeddings({ ...options, space: "model-c" })).toThrow(
      /^space: "model-c" is the space of none of the embeddings; they give langchain-/,
    );
    await expect(embeddings.embedQueryBySpace("a", { spaces: ["model-c"] })).rejects.toThrow(/^spaces: "model-c"/);
    await expect(embeddings.embedQueryBySpace("a", { spaces: [] })).rejects.toThrow("spaces: nothing is given");
  });

  it("has the same name for its space in every process, and another one for another model or name", async () => {
    const spaceOf = async (...embeddings: ConstructorParameters<typeof DegradingEmbeddings>[0]["embeddings"]) =>
      (await createRig({ embeddings }).embeddings.embedQueryBySpace("a")).space;
    const space = await spaceOf(a());
    expect(await spaceOf(a())).toBe(space);
    const others = [
      await spaceOf(b()),
      await spaceOf({ embeddings: a(), name: "x" }),
      await spaceOf({ embeddings: a(), space: "x" }),
    ];
    expect(new Set([space, ...others]).size).toBe(4);
    expect(await spaceOf({ embeddings: b(), space: "e5" })).not.toBe(await spaceOf({ embeddings: a(), space: "e5" }));
  });
});

describe("DegradingEmbeddings: several spaces", () => {
  it("goes on to the next space and to the hash, says so, and tells who listens", async () => {
    const [first, second] = [a(), b()];
    const { embeddings, changes, clock } = createRig({ embeddings: [first, second] });
    const whole = await embeddings.embedDocumentsBySpace(["a", "b"]);
    expect(whole).toMatchObject({ by: "model-a", degraded: null, attempts: [{ model: "model-a", error_class: null }] });
    first.script = refusal(429, { "retry-after": "60" });
    const lower = await embeddings.embedDocumentsBySpace(["a", "b"]);
    expect(lower).toMatchObject({ by: "model-b", degraded: { by: "model-b", mode: "lower", reason: "cooldown" } });
    expect(lower.vectors.map((vector) => vector?.length)).toEqual([3, 3]);
    second.script = refusal(401);
    const hashed = await embeddings.embedDocumentsBySpace(["refund", "退款"]);
    expect(hashed).toMatchObject({ by: "hash", space: "hash-7-512" });
    const { vectors } = await createHashEmbeddings().embed(["refund", "退款"], "document", testContext());
    expect(hashed.vectors).toEqual(vectors.map((vector) => Array.from(vector ?? [])));
    expect(embeddings.status()).toMatchObject({ state: "degraded", by: "hash", mode: "lower" });
    first.script = "up";
    await clock.advance(60_000);
    expect(await embeddings.embedDocumentsBySpace(["a"])).toMatchObject({ by: "model-a", degraded: null });
    expect(changes).toEqual([
      { kind: "documents", from: whole.space, to: lower.space, by: "model-b" },
      { kind: "documents", from: lower.space, to: "hash-7-512", by: "hash" },
      { kind: "documents", from: "hash-7-512", to: whole.space, by: "model-a" },
    ]);
  });

  it("asks only those spaces whose index the caller has", async () => {
    const first = a();
    const { embeddings, changes } = createRig({ embeddings: [first, b()] });
    expect(await embeddings.embedQueryBySpace("a", { spaces: ["hash-7-512"] })).toMatchObject({
      by: "hash",
      degraded: null,
    });
    expect(first.requests).toEqual([]);
    expect(changes).toEqual([]);
  });

  it("begins a document call anew with the next space when one fails in the middle", async () => {
    const [first, second] = [a(), b()];
    const { embeddings } = createRig({ embeddings: [first, second], batchSize: 2 });
    first.script = (vectors) => {
      if (first.requests.length === 2) throw refusal(401);
      return vectors;
    };
    const { vectors, by } = await embeddings.embedDocumentsBySpace(["a", "b", "c", "d", "e"]);
    expect(by).toBe("model-b");
    expect(vectors.map((vector) => vector?.length)).toEqual([3, 3, 3, 3, 3]);
    expect(first.requests).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(second.requests).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  it('with "any", takes what comes for the usual calls as well', async () => {
    const first = a();
    const { embeddings } = createRig({ embeddings: [first], spaces: "any", hash: { dimension: 64 } });
    expect(await embeddings.embedQuery("a")).toHaveLength(4);
    first.script = refusal(401);
    expect(await embeddings.embedQuery("a")).toHaveLength(64);
  });

  it("has no vector for a text in which nothing is, and never one of zeros", async () => {
    const first = a();
    const { embeddings } = createRig({ embeddings: [first] });
    const found = await embeddings.embedDocumentsBySpace(["a", " \n", "b", ""]);
    expect(found.vectors.map((vector) => vector !== null)).toEqual([true, false, true, false]);
    expect(first.requests).toEqual([["a", "b"]]);
    const blank = { spaces: ["hash-7-512"] };
    expect(await embeddings.embedQueryBySpace("?!", blank)).toMatchObject({ vector: null });
    await expect(embeddings.embedDocuments(["a", " "])).rejects.toThrow(/^documents\[1\]: there is nothing in it/);
    await expect(embeddings.embedQuery("")).rejects.toThrow(/^document: there is nothing/);
    await expect(embeddings.embedDocuments([7 as never])).rejects.toThrow("documents[0]: 7 is not a text");
    // Its dimension, and so its space, must be known all the same.
    const fresh = createRig({ embeddings: [a()] });
    expect(await fresh.embeddings.embedDocumentsBySpace([" "])).toMatchObject({
      space: expect.stringMatching(/-4$/),
      vectors: [null],
    });
  });

  it("never mixes spaces in one answer, nor says a wrong one, whatever fails when", async () => {
    const scripts = fc.array(fc.constantFrom("up", "short", "server", "network", "rate"), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ first: scripts, second: scripts }),
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 30_000 })), { minLength: 1, maxLength: 8 }),
        async (plans, calls) => {
          const models = { first: a(), second: b() };
          for (const name of ["first", "second"] as const) {
            const model = models[name];
            let at = 0;
            model.script = (vectors) => {
              const step = plans[name][at] ?? "up";
              at += 1;
              if (step === "short") return vectors.slice(1);
              if (step === "server") throw refusal(500);
              if (step === "rate") throw refusal(429);
              if (step === "network") throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
              return vectors;
            };
          }
          const { embeddings, clock } = createRig({ embeddings: [models.first, models.second], batchSize: 2 });
          const widths = new Map([
            ["model-a", 4],
            ["model-b", 3],
            ["hash", 512],
          ]);
          for (const [count, ms] of calls) {
            const texts = Array.from({ length: count }, (_, index) => `text ${index}`);
            const done = embeddings.embedDocumentsBySpace(texts);
            await clock.advance(1_000);
            const { space, vectors, by, attempts } = await done;
            const width = widths.get(by);
            expect(vectors.map((vector) => vector?.length)).toEqual(texts.map(() => width));
            expect(space.endsWith(`-${width}`)).toBe(true);
            expect(attempts.at(-1)).toMatchObject({ model: by, error_class: null });
            await clock.advance(ms);
          }
        },
      ),
    );
  });
});

describe("DegradingEmbeddings: options", () => {
  it.each<[string, () => unknown, string | RegExp]>([
    [
      "what is none",
      () => new DegradingEmbeddings({ embeddings: [7 as never] }),
      "embeddings[0].embeddings: 7 is neither",
    ],
    ["nothing at all", () => new DegradingEmbeddings({ embeddings: [], hash: false }), "embeddings: nothing is given"],
    [
      "a name that is taken",
      () => new DegradingEmbeddings({ embeddings: [a(), { embeddings: a(), name: "model-a" }] }),
      'embeddings[1].name: "model-a" is empty, taken',
    ],
    [
      "the name of the hash",
      () => new DegradingEmbeddings({ embeddings: [{ embeddings: a(), name: "hash" }] }),
      'the name "hash"',
    ],
    [
      "an empty label",
      () => new DegradingEmbeddings({ embeddings: [{ embeddings: a(), space: "" }] }),
      'embeddings[0].space: ""',
    ],
    [
      "no batch",
      () => new DegradingEmbeddings({ embeddings: [{ embeddings: a(), batchSize: 0 }] }),
      "embeddings[0].batchSize: 0 is not allowed; it takes a whole number, 1 to 2048",
    ],
    [
      "a time of nothing",
      () => new DegradingEmbeddings({ embeddings: [a()], documentsMs: 0 }),
      "documentsMs: 0 is not allowed",
    ],
    [
      "a dimension that is none",
      () => new DegradingEmbeddings({ embeddings: [], hash: { dimension: 100 } }),
      "dimension is 100",
    ],
    [
      "a way that is none",
      () => new DegradingEmbeddings({ embeddings: [a()], spaces: "all" as never }),
      'spaces: "all"',
    ],
    [
      "a space beside any",
      () => new DegradingEmbeddings({ embeddings: [a()], spaces: "any", space: "hash-1" }),
      "space: it goes with",
    ],
    ["what is no model's id", () => new DegradingEmbeddings({ embeddings: [{ model: "../x" }] }), "not a model's id"],
  ])("%s is refused with the field, the value and what is allowed", (_, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });

  it("stands alone as the hash, and calls embeddings by what they are called", async () => {
    expect(await createRig({ embeddings: [] }).embeddings.embedQuery("refund")).toHaveLength(512);
    const { embeddings } = createRig({ embeddings: [a(), a()], hash: false });
    expect(embeddings.status().ports).toEqual(["model-a", "model-a#2", "none"]);
    expect(embeddings.spaces()).toHaveLength(2);
  });
});
