import { describe, expect, it, vi } from "vitest";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import { testContext } from "../support/context.ts";

/** Where a port is not equal to one that lives in this process alone. */
export interface RerankerDifferences {
  /** A port whose model takes a while: its first calls fail with `loading`, at once, and a probe tells when that is over. */
  readonly loading?: () => Reranker;
}

/** What every reranker keeps; `create` gives one that is ready, and need not be fresh. */
export function rerankerContract(
  name: string,
  create: () => Reranker | Promise<Reranker>,
  differences: RerankerDifferences = {},
): void {
  describe(`${name} keeps the reranker contract`, () => {
    it.each([
      [
        "how long does a refund to a card take",
        "Refunds\nA refund to a card takes five days.",
        "Care\nRinse the tank every week.",
      ],
      ["银行卡退款要多久", "退款\n银行卡退款需要五个工作日。", "保养\n每周清洗一次水箱。"],
    ])("scores what answers above what does not, wherever it stands: %s", async (query, good, bad) => {
      const port = await create();
      const [first = 0, second = 0] = await port.score(query, [good, bad], testContext());
      expect(first).toBeGreaterThan(second);
      const swapped = await port.score(query, [bad, good], testContext());
      expect(swapped[1]).toBeCloseTo(first, 6);
      expect(swapped[0]).toBeCloseTo(second, 6);
    });

    it("gives one score from 0 to 1 for each text, also for empty ones", async () => {
      const port = await create();
      const texts = ["", "refund", "card refund card refund", "?", "退款"];
      const scores = await port.score("card refund", texts, testContext());
      expect(scores).toHaveLength(5);
      for (const score of scores) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
      expect(await port.score("?", ["refund"], testContext())).toHaveLength(1);
      expect(await port.score("", ["refund", ""], testContext())).toHaveLength(2);
      expect(await port.score("refund", [], testContext())).toEqual([]);
    });

    it("reads a text although the question is long, and a long text", async () => {
      const port = await create();
      const question = `${"what is this ".repeat(200)} refund`;
      const [good = 0, bad = 0] = await port.score(question, ["what is this", "清洗水箱"], testContext());
      expect(good).toBeGreaterThan(bad);
      const long = `refund ${"rinse the tank ".repeat(2_000)}`;
      expect(await port.score("refund", [long, "退".repeat(20_000)], testContext())).toHaveLength(2);
    });

    it("does nothing for a caller who has gone away", async () => {
      const port = await create();
      const context = testContext({ signal: AbortSignal.abort() });
      await expect(port.score("refund", ["refund"], context)).rejects.toMatchObject({ errorClass: "aborted" });
    });

    const { loading } = differences;
    if (!loading) return;
    it("differs: says at once that it is loading, until a probe succeeds", async () => {
      const port = loading();
      const call = () => port.score("refund", ["refund"], testContext());
      await expect(call()).rejects.toMatchObject({ errorClass: "loading" });
      await expect(port.probe?.(testContext())).rejects.toMatchObject({ errorClass: "loading" });
      await vi.waitFor(() => port.probe?.(testContext()), { timeout: 20_000, interval: 50 });
      expect(await call()).toHaveLength(1);
      await port.close?.();
      await port.close?.();
    });
  });
}
