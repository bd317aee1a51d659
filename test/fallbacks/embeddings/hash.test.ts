import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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

it("has another space when the list of Chinese words has changed: raise the revision, then write down the new sum", () => {
  const list = readFileSync(new URL("../../../resources/words/words-zh.txt", import.meta.url));
  const sum = createHash("sha256").update(list).digest("hex").slice(0, 16);
  expect({ sum, space: createHashEmbeddings().space }).toEqual({ sum: "44885cb184a00e81", space: "hash-7-512" });
});

it.each([0, 100, 32, 8192, Number.NaN])("refuses the dimension %s", (dimension) => {
  expect(() => createHashEmbeddings({ dimension })).toThrow(/allowed is a power of two from 64 to 4096/);
});

it("forgets what it knows of terms after many long ones, and gives the same vectors as before", async () => {
  const embeddings = createHashEmbeddings();
  const embed = async (texts: readonly string[]) => (await embeddings.embed(texts, "query", context)).vectors;
  const question = "Where is the refund of my order?";
  const [before] = await embed([question]);
  // Other words get the numbers that those of the question had.
  await embed(Array.from({ length: 1_100 }, (_, at) => `${at}`.padStart(1_000, "a")));
  const [other, after] = await embed(["another beginning of terms altogether", question]);
  expect(after).toEqual(before);
  expect(other).toEqual(
    (await createHashEmbeddings().embed(["another beginning of terms altogether"], "query", context)).vectors[0],
  );
});
