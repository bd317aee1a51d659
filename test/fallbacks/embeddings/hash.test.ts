import { expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createHashEmbeddings } from "../../../src/fallbacks/embeddings/hash.ts";
import { embeddingsContract } from "../../contracts/embeddings.ts";
import { createManualClock } from "../../support/manual-clock.ts";

embeddingsContract("hash embeddings", createHashEmbeddings);
embeddingsContract("hash embeddings of dimension 4096", () => createHashEmbeddings({ dimension: 4096 }));

const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 10_000 });

it("brings a typing error near", async () => {
  const { vectors } = await createHashEmbeddings().embed(["warranty", "warrantee", "delivery"], "query", context);
  const [right, wrong, other] = vectors;
  const similarity = (b: Float32Array | undefined) =>
    (right ?? new Float32Array()).reduce((sum, value, at) => sum + value * (b?.[at] ?? 0), 0);
  expect(similarity(wrong)).toBeGreaterThan(similarity(other) + 0.1);
});

it("has another space for another dimension", () => {
  expect(createHashEmbeddings({ dimension: 256 }).space).not.toBe(createHashEmbeddings().space);
});

it.each([0, 100, 32, 8192, Number.NaN])("refuses the dimension %s", (dimension) => {
  expect(() => createHashEmbeddings({ dimension })).toThrow(/allowed is a power of two from 64 to 4096/);
});
