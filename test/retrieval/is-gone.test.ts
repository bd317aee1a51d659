import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createIsGone } from "../../src/retrieval/is-gone.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { testContext } from "../support/context.ts";

describe("which passages are gone", () => {
  it("says so of those without a document, but not while the shared store is away", async () => {
    const remote = createScriptedStore();
    const { access, clock } = createTestAccess({ local: createMemoryStore(), remote });
    const context = () => testContext({ clock });
    await access.commit(
      { id: "1", writes: [{ kind: "put", collection: "documents", key: "doc_1", value: {} }] },
      context(),
    );
    const isGone = createIsGone(access);
    const ids = ["doc_1.0", "doc_2.0", "doc_1.11", "doc_2.1"];
    expect(await isGone(ids, context())).toEqual(new Set(["doc_2.0", "doc_2.1"]));
    remote.script = "refuse";
    expect(await isGone(ids, context())).toEqual(new Set());
  });
});
