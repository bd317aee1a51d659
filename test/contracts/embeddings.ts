import { describe, expect, it, vi } from "vitest";
import type { Embedded, Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { testContext } from "../support/context.ts";

/** Where a port is not equal to one that lives in this process alone. */
export interface EmbeddingsDifferences {
  /** A port whose model takes a while: its first calls fail with `loading`, at once, and a probe tells when that is over. */
  readonly loading?: () => Embeddings;
}

/** What every embeddings port keeps; `create` gives one that is ready, and need not be fresh. */
export function embeddingsContract(
  name: string,
  create: () => Embeddings | Promise<Embeddings>,
  differences: EmbeddingsDifferences = {},
): void {
  const similarity = (a: Float32Array | undefined, b: Float32Array | undefined) =>
    a && b ? a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) : Number.NaN;

  describe(`${name} keeps the embeddings contract`, () => {
    it("gives one unit vector of one dimension for each text, in order", async () => {
      const port = await create();
      const texts = ["How do I return a kettle?", "退货需要多久？", "Wi-Fi 2.4GHz"];
      const { space, vectors } = await port.embed(texts, "document", testContext());
      expect(vectors).toHaveLength(3);
      for (const [index, vector] of vectors.entries()) {
        expect(vector).toBeInstanceOf(Float32Array);
        expect(vector).toHaveLength(vectors[0]?.length ?? 0);
        expect(similarity(vector, vector)).toBeCloseTo(1, 5);
        const alone = await port.embed([texts[index] ?? ""], "document", testContext());
        expect(alone.space).toBe(space);
        expect(similarity(vector, alone.vectors[0])).toBeCloseTo(1, 5);
      }
      expect(similarity(vectors[0], vectors[1])).toBeLessThan(0.9);
    });

    it("gives nothing for a text without a usable token, and no vectors for no texts", async () => {
      const port = await create();
      const { space, vectors } = await port.embed(["", " \n", "?!"], "query", testContext());
      expect(vectors).toEqual([undefined, undefined, undefined]);
      expect(await port.embed([], "query", testContext())).toEqual({ space, vectors: [] } satisfies Embedded);
      const mixed = await port.embed(["", "kettle", "…"], "document", testContext());
      expect(mixed.vectors.map((vector) => vector !== undefined)).toEqual([false, true, false]);
    });

    it.each([
      [
        "How long does a refund to my card take?",
        "Refunds to a bank card take five days",
        "Rinse the water tank weekly",
      ],
      ["退款到银行卡要多久？", "银行卡退款需要五个工作日", "每周清洗一次水箱"],
    ])("puts a near text nearer than an unrelated one: %s", async (question, near, far) => {
      const port = await create();
      const asked = await port.embed([question], "query", testContext());
      const { space, vectors } = await port.embed([near, far], "document", testContext());
      expect(space).toBe(asked.space);
      expect(similarity(asked.vectors[0], vectors[0])).toBeGreaterThan(similarity(asked.vectors[0], vectors[1]) + 0.05);
    });

    it("takes any text: a very long one, control characters, half of a character", async () => {
      const port = await create();
      const texts = ["refund ".repeat(5_000), "退".repeat(20_000), "a\u0000b\u0007 refund", "refund \ud83d"];
      const { vectors } = await port.embed(texts, "document", testContext());
      for (const vector of vectors) expect(similarity(vector, vector)).toBeCloseTo(1, 5);
    });

    it("names its space the same each time", async () => {
      const space = async () => (await (await create()).embed(["kettle"], "query", testContext())).space;
      expect(await space()).toBe(await space());
      expect(await space()).not.toBe("");
    });

    it("does nothing for a caller who has gone away", async () => {
      const port = await create();
      const context = testContext({ signal: AbortSignal.abort() });
      await expect(port.embed(["kettle"], "query", context)).rejects.toMatchObject({ errorClass: "aborted" });
    });

    const { loading } = differences;
    if (!loading) return;
    it("differs: says at once that it is loading, until a probe succeeds", async () => {
      const port = loading();
      const call = () => port.embed(["kettle"], "query", testContext());
      await expect(call()).rejects.toMatchObject({ errorClass: "loading" });
      await expect(port.probe?.(testContext())).rejects.toMatchObject({ errorClass: "loading" });
      await vi.waitFor(() => port.probe?.(testContext()), { timeout: 20_000, interval: 50 });
      expect((await call()).vectors).toHaveLength(1);
      await port.close?.();
      await port.close?.();
    });
  });
}
