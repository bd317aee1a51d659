import { describe, expect, it } from "vitest";
import type { Tracing } from "../../src/fallbacks/tracing/port.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

const trace = { turnId: "turn", sessionId: "session", requestId: "request" };
const outcome = { status: "done", intents: ["chitchat"], servedBy: "mock" } as const;

/** What every tracing port keeps: it costs the turn nothing, and no end of a span can fail. */
export function tracingContract(name: string, create: () => Tracing): void {
  describe(`tracing contract: ${name}`, () => {
    it("starts a span without waiting for anything", async () => {
      const clock = createManualClock();
      const span = await create().start(trace, testContext({ clock }));
      expect(span).toHaveProperty("end");
      expect(clock.now()).toBe(0);
    });

    it("ends spans in any order, more than once, and after the port was closed", async () => {
      const port = create();
      const [first, second] = await Promise.all([port.start(trace, testContext()), port.start(trace, testContext())]);
      second.end(outcome);
      first.end({ ...outcome, status: "failed", servedBy: null });
      second.end(outcome);
      await port.close?.();
      expect(() => first.end(outcome)).not.toThrow();
    });
  });
}
