import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fault, parseFaults } from "../../src/fallbacks/core/faults.ts";
import { type LayerName, layerNames } from "../../src/fallbacks/core/status.ts";
import type { ChatReply } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { createStandIns } from "../../src/rehearsal/stand-ins.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";

const CONSTANT_MS = 250;
const STEP_MS = 25;

/** What the ten turns ask about: reading the sample documents would be most of what starting an app costs. */
const pages = [
  {
    name: "returns.md",
    content: "# Returns\n\nUnopened goods can be returned within 30 days, opened ones within 14 days.\n",
  },
  { name: "refunds.md", content: "# 退款\n\n退款到银行卡需要 3 到 5 个工作日，退到钱包马上到账。\n" },
];

/** Asks with the clock moved by hand, and says how long the turn took on it. */
async function rig(plan: readonly Fault[]) {
  const clock = createManualClock();
  const app = await testApp({ clock, firsts: createStandIns(layerNames, clock) }, { SAMPLE_KNOWLEDGE: "off" });
  for (const page of pages) await app.knowledge.add(page, testContext({ clock }));
  app.faults.set(plan);
  return {
    app,
    ask: async (message: string, deadlineMs: number): Promise<{ outcome: ChatReply | Problem; tookMs: number }> => {
      const startedAt = clock.now();
      const ended: { outcome?: ChatReply | Problem } = {};
      const settled = app.chat
        .run({
          requestId: "r",
          owner: { keyId: "k", user: "guest" },
          message,
          deadlineMs,
          signal: new AbortController().signal,
        })
        .then(
          (reply) => {
            ended.outcome = reply;
          },
          (error: unknown) => {
            if (!(error instanceof Problem)) throw error;
            ended.outcome = error;
          },
        );
      while (!ended.outcome && clock.now() - startedAt < deadlineMs + 1_000) await clock.advance(STEP_MS);
      const tookMs = clock.now() - startedAt;
      await settled;
      if (!ended.outcome) throw new Error("the turn has not ended");
      return { outcome: ended.outcome, tookMs };
    },
  };
}

const message = fc.constantFrom(...tenTurns.flat());
const layerFault = (layer: LayerName) =>
  fc.constantFrom("refuse", "hang", "500", "429", "slow(300)", "slow(4000)").map((mode) => `${layer}:${mode}`);

describe("one deadline", () => {
  it("any layers failing in any way: an answer within the deadline and a constant, with a receipt that health confirms", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...layerNames]).chain((layers) => fc.tuple(...layers.map(layerFault))),
        fc.array(message, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1_000, max: 30_000 }),
        async (faults, messages, deadlineMs) => {
          const { app, ask } = await rig(parseFaults(faults.join(";")));
          for (const text of messages) {
            const { outcome, tookMs } = await ask(text, deadlineMs);
            expect(tookMs).toBeLessThanOrEqual(deadlineMs + CONSTANT_MS);
            if (outcome instanceof Problem) throw outcome;
            for (const { layer, by, mode, since, reason } of outcome.degradation) {
              const status = app.statuses().find((block) => block.layer === layer);
              // Nothing ails it, or it was not asked: others had left too little time for it, which is said of the call alone.
              const unharmed = !faults.some((fault) => fault.startsWith(`${layer}:`)) || status?.lastError === null;
              if (unharmed && reason === "timeout") {
                expect(status).toMatchObject({ state: "ok", mode: null, since: null });
                continue;
              }
              // A layer that is only slow may have come back before the turn ended, and gone again.
              const slow = faults.some((fault) => fault.startsWith(`${layer}:slow`));
              if (slow && status?.state === "ok") continue;
              if (slow && status?.since && status.since > since) {
                expect({ by: status.by, mode: status.mode }).toEqual({ by, mode });
                continue;
              }
              expect({ layer, by: status?.by, mode: status?.mode, since: status?.since }).toEqual({
                layer,
                by,
                mode,
                since,
              });
            }
          }
          await app.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(layerNames.filter((name) => name !== "tracing"))(
    "a hung %s costs time once, then its breaker spares it",
    async (layer) => {
      const { app, ask } = await rig(parseFaults(`${layer}:hang`));
      const times: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const { outcome, tookMs } = await ask(
          "Where is my order LK20260142? And how long is the warranty on the battery?",
          30_000,
        );
        if (outcome instanceof Problem) throw outcome;
        expect(outcome.degradation.map((line) => line.layer)).toEqual([layer]);
        times.push(tookMs);
      }
      expect(times[0]).toBeGreaterThan(400);
      expect(times[3]).toBeLessThanOrEqual(STEP_MS);
      await app.close();
    },
  );

  it("a hung tracing layer costs nothing at all", async () => {
    const { app, ask } = await rig(parseFaults("tracing:hang"));
    expect((await ask("你好", 30_000)).tookMs).toBeLessThanOrEqual(STEP_MS);
    await app.close();
  });
});
