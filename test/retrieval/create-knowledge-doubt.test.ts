import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createHarness, type Harness } from "./harness.ts";

const seal = (years: number) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\w+) years/.exec(quote)?.[1] ?? "").join();
}

/** The next change of documents is applied, or not, and in both cases nobody is told. */
function createLossy(inside: Store) {
  let losing: "answer" | "all" | undefined;
  const store: Store = {
    ...inside,
    async commit(operation, context) {
      const lost = operation.writes.length > 1 ? losing : undefined;
      if (lost) losing = undefined;
      const committed = lost === "all" ? undefined : await inside.commit(operation, context);
      if (lost || !committed) throw new LayerError("server", "the script loses what became of it");
      return committed;
    },
  };
  return {
    store,
    lose: (what: "answer" | "all") => {
      losing = what;
    },
  };
}

describe.each([{ shared: false }, { shared: true }])(
  "a commit that failed and whose outcome is not known: %j",
  (options) => {
    const changes: Readonly<Record<string, (harness: Harness, documentId: string) => Promise<unknown>>> = {
      deletion: ({ knowledge, context }, documentId) => knowledge.remove(documentId, context()),
      version: ({ knowledge, context }) => knowledge.add(seal(2), context()),
      restriction: ({ knowledge, context }) => knowledge.add({ ...seal(1), audience: ["admin"] }, context()),
    };
    const applied: Readonly<Record<string, string>> = { deletion: "", version: "2", restriction: "" };

    it.each(Object.keys(changes))("of a %s counts here as it does in the store, applied or not", async (name) => {
      for (const what of ["answer", "all"] as const) {
        const inside = createMemoryStore();
        const { store, lose } = createLossy(inside);
        const harness = createHarness({ store, options });
        await harness.knowledge.load(harness.context());
        const { documentId } = await harness.knowledge.add(seal(1), harness.context());
        lose(what);
        await expect(changes[name]?.(harness, documentId)).rejects.toMatchObject({ errorClass: "server" });
        const expected = what === "all" ? "1" : applied[name];
        expect([what, await answer(harness)]).toEqual([what, expected]);
        const again = createHarness({ store: inside, options });
        await again.knowledge.load(again.context());
        expect([what, await answer(again)]).toEqual([what, expected]);
      }
    });

    it("is not hidden by the next change of this process", async () => {
      const { store, lose } = createLossy(createMemoryStore());
      const harness = createHarness({ store, options });
      const { knowledge, context } = harness;
      await knowledge.load(context());
      const { documentId } = await knowledge.add(seal(1), context());
      lose("answer");
      await expect(knowledge.remove(documentId, context())).rejects.toMatchObject({ errorClass: "server" });
      await knowledge.add({ name: "other.md", content: "# Garden\n\nThe hose is green.\n" }, context());
      expect(await answer(harness)).toBe("");
      await expect(knowledge.remove(documentId, context())).rejects.toMatchObject({ code: "document_not_found" });
    });
  },
);
