import { describe, expect, it } from "vitest";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { createLexicalReranker } from "../../src/fallbacks/reranker/lexical.ts";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createHarness } from "./harness.ts";

const seal = (years: number) => ({
  name: "pump.md",
  content: `# Pump\n\nThe seal of the pump lasts ${years} years.\n`,
});
const question = "How many years does the seal of the pump last?";

/** Work that waits, from `close` to `open`. */
function createGate() {
  let closed: Promise<void> | undefined;
  let open = () => {};
  let reached = () => {};
  const waiting = new Promise<void>((resolve) => {
    reached = resolve;
  });
  return {
    waiting,
    open: () => open(),
    close() {
      closed = new Promise((resolve) => {
        open = resolve;
      });
    },
    async pass() {
      if (!closed) return;
      reached();
      await closed;
    },
  };
}

describe("a search that waits", () => {
  it("for the vector of the question does not show what goes live restricted meanwhile", async () => {
    const gate = createGate();
    const local = createHashEmbeddings();
    const model: Embeddings = {
      name: "model",
      async embed(texts, kind, context) {
        if (kind === "query") await gate.pass();
        return local.embed(texts, kind, context);
      },
    };
    const { knowledge, context } = createHarness({ model });
    await knowledge.add({ name: "open.md", content: "# Garden\n\nThe hose is green.\n" }, context());
    gate.close();
    const asked = knowledge.search(question, {}, context());
    await gate.waiting;
    await knowledge.add({ ...seal(7), audience: ["admin"] }, context());
    gate.open();
    expect((await asked).passages.filter(({ quote }) => quote.includes("seal"))).toEqual([]);
  });

  it("for the reranker does not show what is restricted meanwhile", async () => {
    const gate = createGate();
    const lexical = createLexicalReranker();
    const reranker: Reranker = {
      name: "slow",
      async score(...asked) {
        await gate.pass();
        return lexical.score(...asked);
      },
    };
    const { knowledge, context } = createHarness({ rerankers: [reranker] });
    await knowledge.add(seal(7), context());
    gate.close();
    const asked = knowledge.search(question, {}, context());
    await gate.waiting;
    await knowledge.add({ ...seal(7), audience: ["admin"] }, context());
    gate.open();
    expect(await asked).toMatchObject({ passages: [], answerable: false, sentences: [] });
  });
});

describe("the next version of a document whose live one cannot be read", () => {
  it("is refused unless it says whom it is for", async () => {
    const store = createMemoryStore();
    const first = createHarness({ store });
    const { documentId } = await first.knowledge.add({ ...seal(1), audience: ["admin"] }, first.context());
    const writes = [{ kind: "put", collection: "documents", key: documentId, value: { odd: true } }] as const;
    await store.commit({ id: "odd", writes }, first.context());
    const { knowledge, context } = createHarness({ store });
    await knowledge.load(context());
    await expect(knowledge.add(seal(2), context())).rejects.toMatchObject({
      code: "invalid_request",
      field: "audience",
    });
    expect(await knowledge.add({ ...seal(2), audience: ["admin"] }, context())).toMatchObject({ audience: ["admin"] });
  });
});

describe("going back to a version", () => {
  const cases = [
    { older: [], live: ["admin"], after: ["admin"] },
    { older: ["admin"], live: [], after: ["admin"] },
    { older: ["admin", "agent"], live: ["agent", "user"], after: ["agent"] },
    { older: ["user"], live: ["agent"], after: ["agent"] },
    { older: [], live: [], after: [] },
  ] as const;

  it.each(cases)("is for whoever could read both: %j", async ({ older, live, after }) => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ ...seal(1), audience: older }, context());
    const { documentId } = await knowledge.add({ ...seal(2), audience: live }, context());
    expect((await knowledge.rollback(documentId, undefined, context())).audience).toEqual(after);
  });
});
