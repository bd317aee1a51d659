import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noIdleLimit, within } from "../../../src/fallbacks/core/deadline.ts";
import { createManualClock } from "../../support/manual-clock.ts";

type Sign = "begin" | "restart" | "stop";
interface Step {
  readonly at: number;
  readonly sign: Sign;
}

const END_MS = 100;

/** When the work ends, found out millisecond by millisecond. */
function endOf(steps: readonly Step[], firstMs: number | undefined, idleMs: number | undefined): number {
  let begun = firstMs === undefined;
  let silentSince: number | undefined = 0;
  for (let now = 0; now < END_MS; now += 1) {
    if (firstMs !== undefined && !begun && now >= firstMs) return now;
    if (begun && idleMs !== undefined && silentSince !== undefined && now - silentSince >= idleMs) return now;
    for (const { sign } of steps.filter(({ at }) => at === now)) {
      if (sign === "begin") begun = true;
      if (begun) silentSince = sign === "stop" ? undefined : now;
    }
  }
  return END_MS;
}

describe("limits, any sequence of signs of life", () => {
  it("end the work when a stopwatch would", async () => {
    const limit = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined });
    const step = fc.record({
      at: fc.integer({ min: 0, max: END_MS }),
      sign: fc.constantFrom<Sign>("begin", "restart", "restart", "stop"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), limit, limit, async (unsorted, firstMs, idleMs) => {
        const steps = unsorted.sort((a, b) => a.at - b.at);
        const clock = createManualClock();
        let idle = noIdleLimit;
        let end: number | undefined;
        within({ clock, signal: new AbortController().signal, ms: END_MS, firstMs, idleMs }, (_, given) => {
          idle = given;
          return new Promise<never>(() => {});
        }).catch(() => {
          end = clock.now();
        });
        for (const { at, sign } of steps) {
          await clock.advance(at - clock.now());
          idle[sign]();
        }
        await clock.advance(END_MS - clock.now());
        expect(end).toBe(endOf(steps, firstMs, idleMs));
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
