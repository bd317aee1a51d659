import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Clock } from "../../../src/fallbacks/core/clock.ts";
import {
  createLangfuseTracing,
  type LangfuseOptions,
  type LangfuseTracing,
} from "../../../src/fallbacks/tracing/langfuse.ts";
import type { Tracing } from "../../../src/fallbacks/tracing/port.ts";
import { type FakeLangfuse, startFakeLangfuse } from "../../../src/rehearsal/fake-langfuse.ts";
import { outcome, turnTrace } from "../../contracts/tracing.ts";
import { testContext } from "../../support/context.ts";
import type { ManualClock } from "../../support/manual-clock.ts";

export const keys = { publicKey: "pk-lf-fake", secretKey: "sk-lf-fake" };

/** A fake Langfuse for each test, and ports to it, all closed at its end. A word on the console fails the test. */
export function langfuseTests() {
  let server: FakeLangfuse | undefined;
  const open: LangfuseTracing[] = [];
  const printed = () =>
    (["log", "info", "warn", "error", "debug"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => {}),
    );
  let spies: ReturnType<typeof printed> = [];

  beforeEach(async () => {
    server = await startFakeLangfuse();
    spies = printed();
  });
  afterEach(async () => {
    // The server first: closing a port must not wait for one that has gone.
    await server?.close();
    await Promise.all(open.splice(0).map((port) => port.close()));
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  const fake = () => {
    if (!server) throw new Error("the fake is there only while a test runs");
    return server;
  };
  return {
    fake,
    create: (clock: Clock, options: Partial<LangfuseOptions> = {}): LangfuseTracing => {
      const port = createLangfuseTracing({ ...keys, baseUrl: fake().url, clock, ...options });
      open.push(port);
      return port;
    },
  };
}

/** A whole turn. */
export async function traceTurn(port: Tracing, turnId: string): Promise<void> {
  const span = await port.start(turnTrace(turnId), testContext());
  span.end(outcome);
}

export async function traceTurns(port: Tracing, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) await traceTurn(port, `turn-${number}`);
}

/** The ids of the traces that the server has, in order of arrival. */
export function traceIds(server: FakeLangfuse): readonly string[] {
  return server
    .events()
    .filter(({ type }) => type === "trace-create")
    .map(({ body }) => body.id);
}

export function turnIds(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => `turn-${from + index}`);
}

/** Moves the clock until `done` holds; before each move the answers of a real socket have time to come. */
export async function advanceUntil(clock: ManualClock, stepMs: number, done: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(stepMs);
      await vi.waitFor(done, { timeout: 50, interval: 2 });
    },
    { timeout: 15_000, interval: 1 },
  );
}
