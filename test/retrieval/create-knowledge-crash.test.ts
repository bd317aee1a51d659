import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import type { ReadingState } from "../../src/retrieval/knowledge.ts";
import { createHarness, type Harness } from "./harness.ts";
import { storedDocuments } from "./stored-documents.ts";

const HASH = "hash-7-512";
const seal = (years: number | string) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});

async function answer({ knowledge, context }: Harness): Promise<string> {
  const { sentences } = await knowledge.search("How many years does the seal of the pump last?", {}, context());
  return sentences.map(({ quote }) => /lasts (\w+) years/.exec(quote)?.[1] ?? "").join();
}

describe("fault 55: ended in the middle", () => {
  const states: readonly ReadingState[] = ["parsed", "embedded", "indexed", "live"];

  it.each(states)("after %s it is live or it is not, and once more makes it so", async (last) => {
    const store = createMemoryStore();
    const harness = createHarness({ store });
    const { knowledge, context, mirror } = harness;
    const reservation = await knowledge.reserve("pump.md", context());
    const heard: (readonly [ReadingState, number])[] = [];
    const adding = knowledge.add(seal(1), context(), {
      reservation,
      onState(state, chunks) {
        heard.push([state, chunks]);
        if (state === last) throw new Error("ended here");
      },
    });
    await expect(adding).rejects.toThrow("ended here");
    expect(heard).toEqual(states.slice(0, states.indexOf(last) + 1).map((state) => [state, 1]));
    const live = last === "live" ? 1 : 0;
    expect([knowledge.documents, await mirror.count(HASH, context())]).toEqual([live, live]);
    expect((await storedDocuments(store, context())).size).toBe(live);
    expect(await answer(harness)).toBe(live ? "1" : "");
    expect(await knowledge.add(seal(1), context(), { reservation })).toMatchObject({ version: 1 });
    expect(await answer(harness)).toBe("1");
    expect(await mirror.count(HASH, context())).toBe(1);
  });

  it("a process that dies before the commit has left nothing that the next one finds", async () => {
    const inner = createMemoryStore();
    let reached = () => {};
    const committing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const dying: Store = {
      ...inner,
      commit(operation, context) {
        if (!operation.writes.some(({ collection }) => collection === "documents"))
          return inner.commit(operation, context);
        reached();
        return new Promise(() => {});
      },
    };
    const before = createHarness({ store: dying });
    const reservation = await before.knowledge.reserve("pump.md", before.context());
    void before.knowledge.add(seal(1), before.context(), { reservation });
    await committing;
    const after = createHarness({ store: inner });
    await after.knowledge.load(after.context());
    expect([after.knowledge.documents, await answer(after)]).toEqual([0, ""]);
    expect(await after.knowledge.add(seal(1), after.context(), { reservation })).toMatchObject({ version: 1 });
    expect(await answer(after)).toBe("1");
  });
});
