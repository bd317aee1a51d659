import { Socket } from "node:net";
import { expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { whileAlive } from "../../../src/fallbacks/store/redis-silence.ts";
import { createManualClock } from "../../support/manual-clock.ts";

/** A command that never gets an answer, on a socket whose queue and arrivals the test sets. */
function waiting({ deadlineMs = 60_000, limitMs = 100 } = {}) {
  const clock = createManualClock();
  const handle = { writeQueueSize: 1_000, bytesRead: 0 };
  const stream = new Socket();
  Reflect.set(stream, "_handle", handle);
  const caller = new AbortController();
  const context = createContext({ clock, requestId: "test", deadlineMs, signal: caller.signal });
  const seen: { error?: unknown; frozenAt?: number } = {};
  const onFrozen = () => {
    seen.frozenAt = clock.now();
  };
  const limits = { stream, clock, limitMs, frozenMs: 1_000, onFrozen, context };
  whileAlive(limits, new Promise<never>(() => {})).catch((error: unknown) => {
    seen.error = error;
  });
  return { clock, handle, caller, seen };
}

it("bytes that leave are a sign of life, and what has left gets as long again", async () => {
  const { clock, handle, seen } = waiting();
  for (let step = 0; step < 10; step += 1) {
    handle.writeQueueSize -= 100;
    await clock.advance(90);
  }
  await clock.advance(500);
  expect(seen.error).toBeUndefined();
  await clock.advance(3_000);
  expect(seen.error).toMatchObject({ errorClass: "timeout" });
});

it("a queue that stands still or grows is none", async () => {
  const { clock, handle, seen } = waiting();
  handle.writeQueueSize += 100;
  await clock.advance(110);
  expect(seen.error).toMatchObject({ errorClass: "timeout" });
  expect(seen.frozenAt).toBeUndefined();
  await clock.advance(1_000);
  expect(seen.frozenAt).toBeGreaterThanOrEqual(1_000);
});

it("a connection is given up after its own silence, not when the time of one command is over", async () => {
  const { clock, seen } = waiting({ deadlineMs: 100, limitMs: 2_000 });
  await clock.advance(110);
  expect(seen.error).toMatchObject({ errorClass: "timeout", message: "Redis did not answer within 100 ms" });
  await clock.advance(880);
  expect(seen.frozenAt).toBeUndefined();
  await clock.advance(20);
  expect(seen.frozenAt).toBeGreaterThanOrEqual(1_000);
});

it("a connection on which something comes late is kept; one that a caller left in silence is not", async () => {
  const kept = waiting();
  await kept.clock.advance(110);
  kept.handle.bytesRead = 1;
  await kept.clock.advance(5_000);
  expect(kept.seen).toMatchObject({ error: { errorClass: "timeout" } });
  expect(kept.seen.frozenAt).toBeUndefined();
  const left = waiting();
  left.caller.abort();
  await left.clock.advance(1_010);
  expect(left.seen).toMatchObject({ error: { errorClass: "aborted" }, frozenAt: 1_001 });
});
