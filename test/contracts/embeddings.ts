import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** What every embeddings port keeps; `create` gives a fresh one. */
export function embeddingsContract(name: string, create: () => Embeddings): void {
  const context = () => createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 10_000 });
  const similarity = (a: Float32Array | undefined, b: Float32Array | undefined) =>
    a && b ? a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) : Number.NaN;

  describe(`${name} keeps the embeddings contract`, () => {
    it("gives one unit vector of its dimension for each text, in order", async () => {
      const port = create();
      const texts = ["How do I return a kettle?", "退货需要多久？", "Wi-Fi 2.4GHz"];
      const vectors = await port.embed(texts, "document", context());
      expect(vectors).toHaveLength(3);
      for (const [index, vector] of vectors.entries()) {
        expect(vector).toHaveLength(port.dimension);
        expect(similarity(vector, vector)).toBeCloseTo(1, 5);
        const [alone] = await port.embed([texts[index] ?? ""], "document", context());
        expect(similarity(vector, alone)).toBeCloseTo(1, 5);
      }
      expect(similarity(vectors[0], vectors[1])).toBeLessThan(0.9);
    });

    it("gives nothing for a text without a usable token, and no vectors for no texts", async () => {
      const port = create();
      expect(await port.embed(["", " \n", "?!"], "query", context())).toEqual([undefined, undefined, undefined]);
      expect(await port.embed([], "query", context())).toEqual([]);
    });

    it.each([
      [
        "How long does a refund to my card take?",
        "Refunds to a bank card take five days",
        "Rinse the water tank weekly",
      ],
      ["退款到银行卡要多久？", "银行卡退款需要五个工作日", "每周清洗一次水箱"],
    ])("puts a near text nearer than an unrelated one: %s", async (question, near, far) => {
      const port = create();
      const [asked] = await port.embed([question], "query", context());
      const [nearVector, farVector] = await port.embed([near, far], "document", context());
      expect(similarity(asked, nearVector)).toBeGreaterThan(similarity(asked, farVector) + 0.05);
    });

    it("names its space the same each time", () => {
      expect(create().space).toBe(create().space);
      expect(create().space).not.toBe("");
    });
  });
}
