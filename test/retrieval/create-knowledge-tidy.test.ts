import { expect, it } from "vitest";
import type { VectorCache } from "../../src/retrieval/vector-cache.ts";
import { createHarness } from "./harness.ts";

it("vectors on this machine are tidied after the start, and within an hour of a deletion or a new version", async () => {
  const tidied: number[] = [];
  const vectorCache: VectorCache = {
    get: async (_space, keys) => keys.map(() => undefined),
    put() {},
    async keepOnly(_spaces, keys) {
      tidied.push(keys.size);
    },
    async close() {},
  };
  const { knowledge, clock, context } = createHarness({ options: { vectorCache } });
  await knowledge.load(context());
  await knowledge.add({ name: "a.md", content: "The hose is green." }, context());
  const { documentId } = await knowledge.add({ name: "b.md", content: "The lever is red." }, context());
  await clock.advance(60_000);
  expect(tidied).toEqual([2]);
  await clock.advance(3 * 3_600_000);
  expect(tidied).toEqual([2]);
  await knowledge.remove(documentId, context());
  await clock.advance(3_600_000);
  expect(tidied).toEqual([2, 1]);
  await knowledge.add({ name: "a.md", content: "The hose is blue." }, context());
  await clock.advance(3_600_000);
  expect(tidied).toEqual([2, 1, 1]);
  await clock.advance(3_600_000);
  await knowledge.close();
  expect(tidied).toHaveLength(3);
});
