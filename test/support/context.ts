import type { Clock } from "../../src/fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../../src/fallbacks/core/context.ts";
import { createManualClock } from "./manual-clock.ts";

/** A context for calls in tests: a deadline of 30 s on the given clock, or on one that stands still. */
export function testContext(options: { clock?: Clock; deadlineMs?: number; signal?: AbortSignal } = {}): CallContext {
  return createContext({
    clock: options.clock ?? createManualClock(),
    requestId: "test",
    deadlineMs: options.deadlineMs ?? 30_000,
    ...(options.signal && { signal: options.signal }),
  });
}
