import { afterEach, describe, expect, it } from "vitest";
import type { Tracing, TurnOutcome, TurnTrace } from "../../src/fallbacks/tracing/port.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock, settle } from "../support/manual-clock.ts";

export const startedAt = new Date("2026-01-15T10:00:00.000Z");
const at = (ms: number) => new Date(startedAt.getTime() + ms);

export function turnTrace(turnId = "turn"): TurnTrace {
  return { turnId, sessionId: "session", requestId: "request", user: "ann", startedAt, message: "Where is order 7?" };
}

/** A turn with two nodes, the second of which asked two models. */
export const outcome: TurnOutcome = {
  status: "done",
  endedAt: at(900),
  intents: ["order_status"],
  servedBy: "second",
  reply: "It is on its way.",
  nodes: [
    { name: "recognise", startedAt: at(10), endedAt: at(100), error: null },
    { name: "compose", startedAt: at(100), endedAt: at(890), error: null },
  ],
  attempts: [
    { by: "first", node: "compose", startedAt: at(110), endedAt: at(400), errorClass: "server", usage: null },
    {
      by: "second",
      node: "compose",
      startedAt: at(400),
      endedAt: at(880),
      errorClass: null,
      usage: { inputTokens: 120, outputTokens: 30 },
    },
  ],
  degradation: [{ layer: "llm", by: "second", mode: "lower", reason: "error" }],
  grounding: { checked: 3, dropped: 0, doubted: 1 },
};

export interface TracingCase {
  readonly name: string;
  readonly create: (clock: ManualClock) => Tracing;
  /** Whether it reaches a server, and so can be away and be asked whether it is back. */
  readonly remote: boolean;
}

/** What every tracing port keeps: it costs the turn nothing, and no end of a span can fail. */
export function tracingContract({ name, create, remote }: TracingCase): void {
  describe(`tracing contract: ${name}`, () => {
    let open: Tracing | undefined;
    afterEach(() => open?.close?.());

    function make(clock = createManualClock()): Tracing {
      open = create(clock);
      return open;
    }

    it("starts a span without waiting for anything", async () => {
      const clock = createManualClock();
      let span: unknown;
      void make(clock)
        .start(turnTrace(), testContext({ clock }))
        .then((started) => {
          span = started;
        });
      // Two turns of the microtask queue: no timer, no socket, no file can have been waited for.
      await Promise.resolve();
      await Promise.resolve();
      expect(span).toHaveProperty("end");
      expect(clock.now()).toBe(0);
    });

    it("ends spans in any order, more than once, and after the port was closed", async () => {
      const port = make();
      const [first, second, third] = await Promise.all([
        port.start(turnTrace("1"), testContext()),
        port.start(turnTrace("2"), testContext()),
        port.start(turnTrace("3"), testContext()),
      ]);
      second.end(outcome);
      first.end({ ...outcome, status: "failed", servedBy: null, reply: null, nodes: [], attempts: [] });
      second.end(outcome);
      await port.close?.();
      expect(() => third.end(outcome)).not.toThrow();
      expect(() => first.end(outcome)).not.toThrow();
    });

    it("takes a turn without content", async () => {
      const span = await make().start({ ...turnTrace(), message: null }, testContext());
      expect(() => span.end({ ...outcome, reply: null, intents: [], degradation: [] })).not.toThrow();
    });

    it("closes unused, and twice, and stays harmless", async () => {
      const port = make();
      await port.close?.();
      await port.close?.();
      const span = await port.start(turnTrace(), testContext());
      expect(() => span.end(outcome)).not.toThrow();
    });

    it("opens nothing and waits for nothing before its first turn", async () => {
      const clock = createManualClock();
      make(clock);
      await settle();
      expect(clock.pending).toBe(0);
    });

    it(remote ? "can be asked whether it is there" : "needs no check", async () => {
      const port = make();
      if (remote) await expect(port.probe?.(testContext())).resolves.toBeUndefined();
      else expect("probe" in port).toBe(false);
    });
  });
}
