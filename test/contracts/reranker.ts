import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** What every reranker keeps; `create` gives a fresh one. */
export function rerankerContract(name: string, create: () => Reranker): void {
  const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 10_000 });

  describe(`${name} keeps the reranker contract`, () => {
    it.each([
      [
        "how long does a refund to a card take",
        "Refunds\nA refund to a card takes five days.",
        "Care\nRinse the tank every week.",
      ],
      ["银行卡退款要多久", "退款\n银行卡退款需要五个工作日。", "保养\n每周清洗一次水箱。"],
    ])("scores what answers above what does not, wherever it stands: %s", async (query, good, bad) => {
      const port = create();
      const [first = 0, second = 0] = await port.score(query, [good, bad], context);
      expect(first).toBeGreaterThan(second);
      const swapped = await port.score(query, [bad, good], context);
      expect(swapped[1]).toBeCloseTo(first, 6);
      expect(swapped[0]).toBeCloseTo(second, 6);
    });

    it("gives one score from 0 to 1 for each text, also for empty ones", async () => {
      const scores = await create().score(
        "card refund",
        ["", "refund", "card refund card refund", "?", "退款"],
        context,
      );
      expect(scores).toHaveLength(5);
      for (const score of scores) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
      expect(await create().score("?", ["refund"], context)).toHaveLength(1);
      expect(await create().score("refund", [], context)).toEqual([]);
    });
  });
}
