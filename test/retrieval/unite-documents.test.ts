import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Buried } from "../../src/fallbacks/store/access.ts";
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

async function add({ clock, ...split }: Split, at: "apart" | "other", years: number) {
  await clock.advance(1_000);
  const { knowledge, context } = split[at];
  return moving(clock, knowledge.add(seal(years), context()));
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
