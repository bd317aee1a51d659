import { describe, expect, it } from "vitest";
import type { ErrorClass } from "../../src/fallbacks/core/errors.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import { createScriptedVectors } from "../fallbacks/vectors/scripted-vectors.ts";
import { settle } from "../support/manual-clock.ts";
import { createHarness, type Harness, type HarnessOptions } from "./harness.ts";
import { moving } from "./moving.ts";
import { createScriptedModel } from "./scripted-model.ts";

const HASH = "hash-7-512";
const MODEL = "model-a";

function pages(name: string, parts: number) {
  const part = (at: number) => `## Part ${at} of ${name}\n\nThe lever of part ${at} is green.\n\n`;
  return { name: `${name}.md`, content: Array.from({ length: parts }, (_, at) => part(at)).join("") };
}

/** A harness with a model, whose searches say which space they were made in and what their receipt says. */
async function rig(options: HarnessOptions = {}) {
  const model = createScriptedModel();
  const local = options.mirror ?? createMemoryVectors();
  const asked: string[] = [];
  const mirror: Vectors = {
    ...local,
    query(space, ...rest) {
      asked.push(space);
      return local.query(space, ...rest);
    },
  };
  const harness = createHarness({ model, ...options, mirror });
  await harness.knowledge.load(harness.context());
  return {
    ...harness,
    model,
    count: (space: string) => local.count(space, harness.context()),
    search: async (question = "green lever") => {
      const context = harness.context();
      asked.length = 0;
      await harness.knowledge.search(question, {}, context);
      return { space: asked[0], receipt: context.trail.list().filter(({ layer }) => layer === "embeddings") };
    },
  };
}

/** Lets the background work as long as it can without the clock. */
async function atRest({ knowledge }: Pick<Harness, "knowledge">): Promise<void> {
  for (let turn = 0; turn < 200 && knowledge.embeddingsStatus().state !== "ok"; turn += 1) await settle();
}

describe("vectors of a model", () => {
  it("are there when a small document goes live", async () => {
    const { knowledge, context, model, count, search } = await rig();
    await knowledge.add(pages("small", 20), context());
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "model", backlog: null });
    expect(await search()).toEqual({ space: MODEL, receipt: [] });
    expect([await count(MODEL), await count(HASH)]).toEqual([20, 20]);
    expect(model.embedded).toHaveLength(20);
  });

  it("fill up behind a large document, which is found at once, and the switch is made when all are there", async () => {
    const { knowledge, context, model, count, search } = await rig();
    await knowledge.add(pages("small", 3), context());
    let release = () => {};
    model.hold = () => new Promise<void>((resolve) => (release = resolve));
    await knowledge.add(pages("large", 100), context());
    const seen = new Set<string | undefined>();
    for (let turn = 0; turn < 30 && knowledge.embeddingsStatus().state !== "ok"; turn += 1) {
      const status = knowledge.embeddingsStatus();
      const { space, receipt } = await search();
      seen.add(space);
      const { by, mode, reason, since } = status;
      expect(status).toMatchObject({ state: "recovering", by: "hash", mode: "lower", reason: "recovering" });
      expect(status.backlog?.operations).toBe(103 - (await count(MODEL)));
      expect(status.backlog?.bytes).toBeGreaterThan(0);
      expect(receipt).toEqual([{ layer: "embeddings", by, mode, reason, since }]);
      release();
      await settle();
    }
    expect([...seen]).toEqual([HASH]);
    expect(await search()).toEqual({ space: MODEL, receipt: [] });
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "model", backlog: null, since: null });
    expect(new Set(model.embedded).size).toBe(103);
    expect(model.embedded).toHaveLength(103);
  });

  it.each<"hang" | ErrorClass>(["missing", "hang", "loading", "network", "quota", "bad_response", "server"])(
    "fault 32, 34: are made up for when the model, which was away with %s, is back",
    async (script) => {
      const { knowledge, clock, context, model, count, search, mirror, reports } = await rig();
      model.script = script;
      // One without a probe is tried by the work in the background alone.
      if (script === "server") Reflect.deleteProperty(model, "probe");
      await moving(clock, knowledge.add(pages("a", 20), context()));
      await clock.advance(script === "server" ? 3_000_000 : 300_000);
      const { space, receipt } = await moving(clock, search());
      expect(space).toBe(HASH);
      const status = knowledge.embeddingsStatus();
      const { by, mode, reason, since } = status;
      const state = script === "loading" ? "recovering" : "degraded";
      expect(status).toMatchObject({ state, by: "hash", mode: "lower", backlog: { operations: 20 } });
      expect(receipt).toEqual([{ layer: "embeddings", by, mode, reason, since }]);
      expect(await count(MODEL)).toBe(0);
      expect(await mirror.ids(MODEL, { limit: 10 }, context())).toEqual([]);
      model.script = "up";
      await clock.advance(600_000);
      await atRest({ knowledge });
      expect(await search()).toEqual({ space: MODEL, receipt: [] });
      expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "model", backlog: null });
      expect(reports).toEqual([]);
      expect(new Set(model.embedded).size).toBe(20);
      expect(model.embedded).toHaveLength(20);
    },
  );

  it("fault 33: store nothing of what is no vector", async () => {
    const { knowledge, clock, context, model, count, search, reports } = await rig();
    const plain = { ...model };
    let bad = true;
    model.embed = async (...args) => {
      const found = await plain.embed(...args);
      const [first, ...others] = found.vectors;
      return bad && args[1] === "document" && first
        ? { ...found, vectors: [first.map(() => Number.NaN), ...others] }
        : found;
    };
    await knowledge.add(pages("a", 20), context());
    await clock.advance(10_000);
    // One of each batch of eight.
    expect(await count(MODEL)).toBe(17);
    expect(reports).toHaveLength(3);
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", action: expect.stringContaining("3 passages") });
    expect((await search()).space).toBe(MODEL);
    bad = false;
    await knowledge.add(pages("a", 19), context());
    expect(await count(MODEL)).toBe(19);
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", action: "none" });
  });

  it("fault 33: store nothing of an answer that is too short", async () => {
    const { knowledge, clock, context, model, count } = await rig();
    const plain = { ...model };
    model.embed = async (texts, ...args) => plain.embed(texts.slice(1), ...args);
    await knowledge.add(pages("a", 20), context());
    await clock.advance(10_000);
    expect(await count(MODEL)).toBe(0);
    expect(knowledge.embeddingsStatus()).toMatchObject({
      state: "degraded",
      lastError: { errorClass: "bad_response" },
    });
  });

  it.each<ErrorClass>(["invalid_request", "server", "context_overflow"])(
    "fault 38: leave out the one passage that the model cannot take (%s), and say so",
    async (errorClass) => {
      const { knowledge, clock, context, model, count, search, reports } = await rig();
      model.poison.set("Part 13 of a", errorClass);
      await knowledge.add(pages("a", 50), context());
      const others: number[] = [];
      for (let round = 0; round < 60; round += 1) {
        if (reports.length === 0) others.push(await count(MODEL));
        await clock.advance(5_000);
        await search("something else");
      }
      // None of the others has waited until it was given up.
      if (errorClass === "server") expect(others.at(-1)).toBe(49);
      expect(await count(MODEL)).toBe(49);
      expect(await count(HASH)).toBe(50);
      expect(reports).toMatchObject([{ chunk: expect.stringMatching(/\.13$/) }]);
      expect(knowledge.embeddingsStatus()).toMatchObject({
        state: "ok",
        backlog: null,
        action: expect.stringContaining("1 passages"),
      });
      const embedded = model.embedded.length;
      await clock.advance(60_000);
      expect(model.embedded).toHaveLength(embedded);
    },
  );

  it("are taken from the remote index after a restart, and not computed again", async () => {
    const store = createMemoryStore();
    const remote = createScriptedVectors();
    const before = await rig({ store, remote });
    await before.knowledge.add(pages("a", 300), before.context());
    await atRest(before);
    await before.clock.advance(2_000);
    await before.knowledge.close();
    expect(await remote.inside.count(MODEL, before.context())).toBe(300);
    remote.puts.length = 0;
    const { knowledge, model, count, search, clock } = await rig({ store, remote });
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "recovering", backlog: { operations: 300 } });
    await atRest({ knowledge });
    await clock.advance(2_000);
    expect(await count(MODEL)).toBe(300);
    // The first batch shows which space the model has.
    expect(model.embedded.length).toBeLessThanOrEqual(8);
    expect(remote.puts.length).toBeLessThanOrEqual(8);
    expect(await search()).toEqual({ space: undefined, receipt: [] });
    expect(knowledge.vectorsStatus().state).toBe("ok");
  });

  it("of another model are another space, that fills up; of a third one, the first one's are dropped here", async () => {
    const { knowledge, context, model, count, search, mirror, clock } = await rig();
    await knowledge.add(pages("a", 20), context());
    for (const space of ["model-b", "model-c"]) {
      model.space = space;
      expect(await search()).toMatchObject({ space: HASH, receipt: [{ reason: "recovering" }] });
      await atRest({ knowledge });
      expect(await search()).toEqual({ space, receipt: [] });
    }
    await clock.advance(1_000);
    expect([await count(MODEL), await count("model-b"), await count("model-c")]).toEqual([0, 20, 20]);
    expect(await mirror.count(HASH, context())).toBe(20);
    // The one before the last is kept in step, and is at once there again.
    await knowledge.add(pages("b", 2), context());
    model.space = "model-b";
    await search();
    await atRest({ knowledge });
    expect(model.embedded).toHaveLength(60 + 2 + 2);
    expect((await search()).space).toBe("model-b");
  });

  it("are not stored when their document is removed while they are computed", async () => {
    const { knowledge, context, model, count, search, clock } = await rig();
    let release = () => {};
    model.hold = () => new Promise<void>((resolve) => (release = resolve));
    const { documentId } = await knowledge.add(pages("large", 40), context());
    await settle();
    await knowledge.remove(documentId, context());
    model.hold = async () => {};
    release();
    await clock.advance(10_000);
    expect([await count(MODEL), await count(HASH)]).toEqual([0, 0]);
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", backlog: null });
    await knowledge.add(pages("large", 40), context());
    await atRest({ knowledge });
    expect([await count(MODEL), await count(HASH)]).toEqual([40, 40]);
    expect((await search()).space).toBe(MODEL);
  });

  it("are waited for by no start: neither a hung model nor a hung index holds it up", async () => {
    const store = createMemoryStore();
    const before = await rig({ store });
    await before.knowledge.add(pages("a", 50), before.context());
    const model = createScriptedModel();
    const remote = createScriptedVectors();
    model.script = "hang";
    remote.script = "hang";
    const after = createHarness({ store, model, remote });
    await after.knowledge.load(after.context());
    expect(after.clock.now()).toBe(0);
    expect(remote.calls).toEqual([]);
    expect(after.knowledge.chunks).toBe(50);
    const closing = after.knowledge.close().then(() => after.vectors.close());
    await after.clock.advance(3_000);
    await closing;
    expect(after.clock.pending).toBe(0);
  });

  it("need nothing when the first port has the space of the local one, or when there is no model", async () => {
    const same = createScriptedModel(HASH);
    const one = await rig({ model: same });
    await one.knowledge.add(pages("a", 50), one.context());
    expect(one.knowledge.embeddingsStatus()).toMatchObject({ state: "recovering" });
    await atRest(one);
    expect(one.knowledge.embeddingsStatus()).toMatchObject({ state: "ok", backlog: null });
    const harness = createHarness();
    await harness.knowledge.load(harness.context());
    await harness.knowledge.add(pages("a", 50), harness.context());
    expect(harness.knowledge.embeddingsStatus()).toMatchObject({ state: "ok", by: "hash", backlog: null });
    expect(harness.clock.pending).toBe(0);
  });
});
