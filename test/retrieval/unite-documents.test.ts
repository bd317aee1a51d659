import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Buried } from "../../src/fallbacks/store/access.ts";
import type { NewDocument } from "../../src/retrieval/knowledge.ts";
import { uniteDocuments } from "../../src/retrieval/unite-documents.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore, type ScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createHarness, type Harness } from "./harness.ts";
import { moving } from "./moving.ts";
import { storedDocuments } from "./stored-documents.ts";

const seal = (years: number) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

interface Split {
  readonly clock: ManualClock;
  readonly remote: ScriptedStore;
  /** Loses sight of the shared store with `part`, and finds it again with `meet`. */
  readonly apart: Harness;
  readonly other: Harness;
  readonly buried: readonly Buried[];
  part(): void;
  meet(): Promise<void>;
}

function createSplit(): Split {
  const clock = createManualClock();
  const remote = createScriptedStore({ clock });
  const buried: Buried[] = [];
  const { access } = createTestAccess({
    clock,
    remote,
    unite: uniteDocuments,
    onBuried: (one) => void buried.push(one),
  });
  const apart = createHarness({ clock, options: { store: access, shared: true } });
  const other = createHarness({ clock, store: remote.inside, options: { shared: true } });
  return {
    clock,
    remote,
    apart,
    other,
    buried,
    part() {
      remote.script = "refuse";
    },
    async meet() {
      remote.script = "up";
      // Until the breaker has closed, what waited is sent, and the copy is mended.
      for (let round = 0; round < 6; round += 1) await clock.advance(10_000);
    },
  };
}

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\d+) years/.exec(quote)?.[1] ?? "").join();
}

async function add(
  { clock, ...split }: Split,
  at: "apart" | "other",
  years: number,
  said: Partial<Pick<NewDocument, "audience" | "metadata">> = {},
) {
  await clock.advance(1_000);
  const { knowledge, context } = split[at];
  return moving(clock, knowledge.add({ ...seal(years), ...said }, context()));
}

/** Who may read the document, on either side. */
async function audiences({ apart, other, clock }: Split): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const { knowledge, context } of [apart, other]) {
    const { items } = await moving(
      clock,
      knowledge.list({ limit: 1 }, context(undefined, ["staff", "admin", "night"])),
    );
    found.push(items[0]?.audience);
  }
  return found;
}

describe("documents that were changed on both sides of an outage", () => {
  it.each(["apart", "other"] as const)(
    "the version that went live last stays, the other one is kept: %s",
    async (last) => {
      const split = createSplit();
      const { apart, other } = split;
      await add(split, "other", 1);
      expect(await answer(apart)).toBe("1");
      split.part();
      const years = last === "apart" ? { other: 2, apart: 3 } : { apart: 2, other: 3 };
      for (const [side, value] of Object.entries(years)) await add(split, side as "apart" | "other", value);
      await split.meet();
      expect(split.buried).toEqual([]);
      expect([await answer(apart), await answer(other)]).toEqual(["3", "3"]);
      const live = await storedDocuments(split.remote.inside, other.context());
      const versions = await other.knowledge.versions(live.get("pump.md") ?? "", other.context());
      expect(new Set(versions.map(({ version }) => version)).size).toBe(3);
      const texts = await Promise.all(
        versions.map(async ({ documentId }) => (await apart.knowledge.get(documentId, apart.context())).text),
      );
      expect(texts.sort()).toEqual([1, 2, 3].map((each) => seal(each).content));
    },
  );

  it.each(["apart", "other"] as const)(
    "a version that was replaced is not live again when its job is done once more on the other side of: %s",
    async (side) => {
      const split = createSplit();
      const { apart, other } = split;
      split.part();
      for (const version of [1, 2, 3]) await add(split, side, version);
      await add(split, side === "apart" ? "other" : "apart", 1);
      await split.meet();
      for (const instance of [apart, other]) expect(await answer(instance)).toBe("3");
      expect(split.buried).toEqual([]);
    },
  );

  it("a deletion takes what went live before it", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "apart", 1);
    split.part();
    await add(split, "other", 2);
    await clock.advance(1_000);
    await moving(clock, apart.knowledge.remove(documentId, apart.context()));
    await split.meet();
    expect(split.buried).toEqual([]);
    expect([await answer(apart), await answer(other)]).toEqual(["", ""]);
    expect((await storedDocuments(split.remote.inside, other.context())).size).toBe(0);
  });

  it("a deletion takes nothing that went live after it, but all that was there before", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "apart", 1);
    split.part();
    await moving(clock, apart.knowledge.remove(documentId, apart.context()));
    await add(split, "other", 2);
    await split.meet();
    expect(split.buried).toEqual([]);
    expect([await answer(apart), await answer(other)]).toEqual(["2", "2"]);
    const live = await storedDocuments(split.remote.inside, other.context());
    expect(await other.knowledge.versions(live.get("pump.md") ?? "", other.context())).toHaveLength(1);
  });

  it.each([
    ["before", ""],
    ["after", "2"],
  ])("what was added %s a deletion on the other side", async (when, expected) => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "apart", 1);
    split.part();
    if (when === "before") await add(split, "apart", 2);
    await clock.advance(1_000);
    await other.knowledge.remove(documentId, other.context());
    if (when === "after") await add(split, "apart", 2);
    await split.meet();
    expect(split.buried).toEqual([]);
    expect([await answer(apart), await answer(other)]).toEqual([expected, expected]);
    expect((await storedDocuments(split.remote.inside, other.context())).size).toBe(expected === "" ? 0 : 1);
  });

  it("what was deleted there is not kept again by the next version from here", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "other", 1);
    expect(await answer(apart)).toBe("1");
    split.part();
    await clock.advance(1_000);
    await other.knowledge.remove(documentId, other.context());
    const next = await add(split, "apart", 2);
    await split.meet();
    expect(split.buried).toEqual([]);
    expect([await answer(apart), await answer(other)]).toEqual(["2", "2"]);
    const versions = await other.knowledge.versions(next.documentId, other.context());
    expect(versions.map((version) => version.documentId)).toEqual([next.documentId]);
  });

  it("a deletion takes kept versions that went live before it, and leaves those that did so after it", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "other", 1);
    expect(await answer(apart)).toBe("1");
    split.part();
    await add(split, "other", 2);
    await clock.advance(1_000);
    await moving(clock, apart.knowledge.remove(documentId, apart.context()));
    const third = await add(split, "other", 3);
    const fourth = await add(split, "other", 4);
    await split.meet();
    expect(split.buried).toEqual([]);
    const versions = await other.knowledge.versions(fourth.documentId, other.context());
    expect(versions.map((version) => version.documentId)).toEqual([fourth.documentId, third.documentId]);
  });

  it("what was received after both sides have deleted the name is live in the end", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    const { documentId } = await add(split, "other", 1);
    expect(await answer(apart)).toBe("1");
    split.part();
    await clock.advance(1_000);
    await other.knowledge.remove(documentId, other.context());
    await moving(clock, apart.knowledge.remove(documentId, apart.context()));
    const reservation = await moving(clock, apart.knowledge.reserve("pump.md", apart.context()));
    await split.meet();
    expect(split.buried).toEqual([]);
    await moving(clock, apart.knowledge.add(seal(5), apart.context(), { reservation }));
    expect([await answer(apart), await answer(other)]).toEqual(["5", "5"]);
  });

  it("what was received before the content that was sent once more does not replace it", async () => {
    const split = createSplit();
    const { apart, other } = split;
    await add(split, "apart", 1);
    const old = await other.knowledge.reserve("pump.md", other.context());
    split.part();
    // The content is live: this changes nothing but which of those received it came with, the third one in the end.
    for (let times = 0; times < 2; times += 1) await add(split, "apart", 1);
    await split.meet();
    expect(split.buried).toEqual([]);
    const late = other.knowledge.add(seal(9), other.context(), { reservation: old });
    await expect(late).rejects.toMatchObject({ code: "document_superseded" });
    expect([await answer(apart), await answer(other)]).toEqual(["1", "1"]);
  });

  it.each([
    ["a new version from here, without a word about roles", 2, {}],
    ["other metadata from here, without a word about roles", 1, { metadata: { area: "north" } }],
  ])("who may read it is what was said there: %s", async (_what, years, said) => {
    const split = createSplit();
    const { apart, other } = split;
    await add(split, "other", 1);
    expect(await answer(apart)).toBe("1");
    split.part();
    await add(split, "other", 1, { audience: ["admin"] });
    await add(split, "apart", years, said);
    await split.meet();
    expect(split.buried).toEqual([]);
    expect([await answer(apart), await answer(other)]).toEqual(["", ""]);
    expect(await audiences(split)).toEqual([["admin"], ["admin"]]);
  });

  it.each([
    ["what is said here holds for the version from there", { live: ["staff"], here: ["admin"] }, ["admin"]],
    ["what is said here may open it", { live: ["staff"], here: [] }, []],
    ["what is said there may open it", { live: ["staff"], there: [] }, []],
    ["it is for those whom both let in", { here: ["admin", "night"], there: ["admin", "staff"] }, ["admin"]],
    ["it is as the shared store has it where both let in nobody", { here: ["night"], there: ["staff"] }, ["staff"]],
    ["nobody opens what the other side restricts", { live: ["staff"], here: [], there: ["admin"] }, ["admin"]],
  ] as const)("who may read it: %s", async (_what, said, expected) => {
    const { live = [], here, there } = said as { readonly [side: string]: readonly string[] | undefined };
    for (const last of ["apart", "other"] as const) {
      const split = createSplit();
      await add(split, "other", 1, { audience: live });
      expect(await audiences(split)).toEqual([live, live]);
      split.part();
      const apart = () => add(split, "apart", 2, here && { audience: here });
      if (last === "other") await apart();
      await add(split, "other", 3, there && { audience: there });
      if (last === "apart") await apart();
      await split.meet();
      expect(split.buried).toEqual([]);
      expect(await audiences(split)).toEqual([expected, expected]);
    }
  });

  it("what was never seen here cannot be told to be missing while the shared store is away", async () => {
    const split = createSplit();
    const { apart, clock } = split;
    split.part();
    await add(split, "other", 1);
    const asked = moving(clock, apart.knowledge.get("doc_elsewhere", apart.context()));
    await expect(asked).rejects.toMatchObject({ code: "store_unavailable", field: "document_id" });
    await split.meet();
    await expect(apart.knowledge.get("doc_elsewhere", apart.context())).rejects.toMatchObject({
      code: "document_not_found",
    });
  });

  it("settings are those that arrive last, each by itself", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    await other.knowledge.configure({ k: 3 }, other.context());
    await apart.knowledge.settings(apart.context());
    split.part();
    await other.knowledge.configure({ k: 4, scoreThreshold: 0.2 }, other.context());
    await moving(clock, apart.knowledge.configure({ k: 7 }, apart.context()));
    await split.meet();
    expect(split.buried).toEqual([]);
    for (const { knowledge, context } of [apart, other]) {
      expect(await knowledge.settings(context())).toEqual({ k: 7, scoreThreshold: 0.2 });
    }
  });

  it("a setting that only the others have changed stays, also where this side had set it before", async () => {
    const split = createSplit();
    const { apart, other, clock } = split;
    await apart.knowledge.configure({ k: 3, scoreThreshold: 0.1 }, apart.context());
    await other.knowledge.settings(other.context());
    split.part();
    await other.knowledge.configure({ k: 7 }, other.context());
    await moving(clock, apart.knowledge.configure({ scoreThreshold: 0.3 }, apart.context()));
    await split.meet();
    expect(split.buried).toEqual([]);
    for (const { knowledge, context } of [apart, other]) {
      expect(await knowledge.settings(context())).toEqual({ k: 7, scoreThreshold: 0.3 });
    }
  });

  const step = fc.oneof(
    fc.record({
      kind: fc.constantFrom("add", "remove", "rollback", "reserve"),
      at: fc.constantFrom("apart" as const, "other" as const),
      edition: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ kind: fc.constantFrom("part", "meet") }),
  );

  it("whatever both sides do, they agree in the end, and nothing is left for a person", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const split = createSplit();
        const { clock } = split;
        for (const event of steps) {
          await clock.advance(1_000);
          if (event.kind === "part") split.part();
          else if (event.kind === "meet") await split.meet();
          else if ("at" in event) {
            const { knowledge, context } = split[event.at];
            const change = async () => {
              if (event.kind === "add") return knowledge.add(seal(event.edition), context());
              if (event.kind === "reserve") return knowledge.reserve("pump.md", context());
              const [info] = (await knowledge.list({ limit: 1 }, context())).items;
              if (event.kind === "remove") return knowledge.remove(info?.documentId ?? "doc_none", context());
              return knowledge.rollback(info?.documentId ?? "doc_none", undefined, context());
            };
            const refused = new Set(["document_not_found", "invalid_request", "store_unavailable"]);
            const changed = change().catch((error: { readonly code?: string }) => {
              if (!refused.has(error.code ?? "")) throw error;
            });
            await moving(clock, changed);
          }
        }
        await split.meet();
        expect(split.buried).toEqual([]);
        const live = await storedDocuments(split.remote.inside, split.other.context());
        for (const { knowledge, context } of [split.apart, split.other]) {
          const { items } = await moving(clock, knowledge.list({ limit: 5 }, context()));
          expect(new Map(items.map(({ name, documentId }) => [name, documentId]))).toEqual(live);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it("leaves the operations of others alone", () => {
  const writes = [{ kind: "put", collection: "meta", key: "lease/x", value: 1, expect: 3 }] as const;
  expect(uniteDocuments({ id: "1", writes }, () => ({ version: 0, value: undefined }))).toBeUndefined();
});

it("leaves settings that only the others have changed", () => {
  const place = { collection: "meta", key: "knowledge_settings" } as const;
  const value = { k: 3, scoreThreshold: 0.3, changed: ["scoreThreshold"] };
  const operation = { id: "1", writes: [{ kind: "put", ...place, value, expect: 1 }] } as const;
  const there = () => ({ version: 2, value: { k: 7, scoreThreshold: 0.1 } });
  expect(uniteDocuments(operation, there)).toEqual({
    id: "1",
    writes: [{ kind: "put", ...place, value: { k: 7, scoreThreshold: 0.3 } }],
  });
});
