import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../src/fallbacks/core/context.ts";
import { type ErrorClass, LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Port } from "../../../src/fallbacks/core/layer.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

interface TestPort extends Port {
  state: "up" | ErrorClass;
  calls: number;
  probes: number;
  answer(
    context: CallContext,
  ): Promise<{ readonly usage: { readonly inputTokens: number; readonly outputTokens: number } }>;
}

const usage = { inputTokens: 3, outputTokens: 4 };

function testPort(name: string, state: TestPort["state"] = "up"): TestPort {
  const gate = (port: TestPort) => {
    if (port.state !== "up") throw new LayerError(port.state, `${name} is ${port.state}`);
  };
  return {
    name,
    state,
    calls: 0,
    probes: 0,
    async answer() {
      this.calls += 1;
      gate(this);
      return { usage };
    },
    async probe() {
      this.probes += 1;
      gate(this);
    },
  };
}

function setUp(first: TestPort, last: TestPort = testPort("local")) {
  const clock = createManualClock();
  const changes: string[] = [];
  const layer = createLayer<TestPort>({
    name: "embeddings",
    configured: true,
    clock,
    random: () => 0.999_999,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: { lower: "Coarser." }, down: "Nothing.", action: "Look at it." },
    slots: [
      { port: first, mode: "equal" },
      { port: last, mode: "lower" },
    ],
    usageOf: (value) => (value as { usage: typeof usage }).usage,
    onEvent(event) {
      if (event.kind === "episode") changes.push(`${event.change}: ${event.reason}`);
    },
  });
  const context = () => testContext({ clock });
  return { clock, layer, changes, context, ask: (ctx = context()) => layer.use((port, c) => port.answer(c), ctx) };
}

describe("check", () => {
  it("knows of an outage before the first question, and of its end without one", async () => {
    const first = testPort("remote", "network");
    const { clock, layer, changes } = setUp(first);
    await layer.check();
    const status = layer.status();
    expect(status).toMatchObject({
      state: "degraded",
      by: "local",
      mode: "lower",
      reason: "error",
      since: clock.wall(),
    });
    expect(status).toMatchObject({ breaker: { state: "open" }, action: "Look at it.", evidence: "probe" });
    first.state = "up";
    await clock.advance(5_000);
    expect(layer.status()).toMatchObject({ state: "ok", by: "remote", evidence: "probe" });
    expect(changes).toEqual(["started: error", "ended: error"]);
    expect(first.calls).toBe(0);
  });

  it("finds a port that is there, asks nothing twice, and never fails", async () => {
    const first = testPort("remote");
    const { layer } = setUp(first);
    await layer.check();
    expect(layer.status()).toMatchObject({ state: "ok", evidence: "probe" });
    first.state = "server";
    await layer.check();
    await layer.check();
    expect(first.probes).toBe(2);
    await layer.close();
    await layer.check();
    expect(first.probes).toBe(2);
  });

  it("says what to install when the package is missing", async () => {
    const { layer } = setUp(testPort("remote", "missing"));
    await layer.check();
    expect(layer.status()).toMatchObject({ reason: "missing", action: "remote is missing" });
  });
});

describe("a background check and traffic", () => {
  it("leaves the half-open breaker to traffic, which proves more, and steps in when it ends", async () => {
    const first = testPort("remote", "network");
    const { clock, layer, ask } = setUp(first);
    await layer.check();
    await clock.advance(1_000);
    await ask();
    await clock.advance(4_000);
    expect(first.probes).toBe(1);
    first.state = "up";
    expect((await ask()).by).toBe("remote");
    first.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await ask();
    await ask();
    first.state = "up";
    await clock.advance(300_000);
    expect(layer.status()).toMatchObject({ state: "ok", evidence: "probe" });
  });

  it("a check that fails for a reason that blames nobody leaves the port to the first question", async () => {
    const first = testPort("remote", "rate_limited");
    const { layer, ask } = setUp(first);
    await layer.check();
    expect(layer.status()).toMatchObject({ state: "degraded", breaker: { state: "closed" } });
    first.state = "up";
    expect((await ask()).by).toBe("remote");
    expect(layer.status().state).toBe("ok");
  });
});

describe("one failure that opens no breaker", () => {
  it("is over without traffic once a check has found the port well", async () => {
    const first = testPort("remote", "network");
    const { clock, layer, ask, changes } = setUp(first);
    await ask();
    first.state = "up";
    await clock.advance(4_900);
    expect(layer.status()).toMatchObject({ state: "degraded", breaker: { state: "closed" } });
    expect(first.probes).toBe(0);
    await clock.advance(100);
    expect(layer.status()).toMatchObject({ state: "ok", by: "remote", evidence: "probe" });
    expect(changes).toEqual(["started: error", "ended: error"]);
    await clock.advance(60_000);
    expect(first.probes).toBe(1);
  });

  it("needs no check when traffic was faster", async () => {
    const first = testPort("remote", "network");
    const { clock, ask } = setUp(first);
    await ask();
    first.state = "up";
    await ask();
    await clock.advance(60_000);
    expect(first.probes).toBe(0);
  });

  it("is not checked any more once the port has answered with a rate limit", async () => {
    const first = testPort("remote", "network");
    const { clock, layer, ask } = setUp(first);
    await ask();
    first.state = "rate_limited";
    await ask();
    first.state = "up";
    await clock.advance(60_000);
    expect(first.probes).toBe(0);
    expect(layer.status().state).toBe("degraded");
  });

  it("opens the breaker when the check fails too", async () => {
    const first = testPort("remote", "network");
    const { clock, layer, ask } = setUp(first);
    await ask();
    await clock.advance(5_000);
    expect(layer.status()).toMatchObject({ state: "degraded", breaker: { state: "open" } });
    first.state = "up";
    await clock.advance(5_000);
    expect(layer.status().state).toBe("ok");
  });

  it.each(["rate_limited", "quota", "model_missing"] as const)(
    "stays as it is after %s, which no check can tell to be over",
    async (state) => {
      const first = testPort("remote", state);
      const { clock, layer, ask } = setUp(first);
      await ask();
      first.state = "up";
      await clock.advance(60_000);
      expect(first.probes).toBe(0);
      expect(layer.status().state).toBe("degraded");
      await ask();
      expect(layer.status().state).toBe("ok");
    },
  );
});

describe("a port that is loading", () => {
  it("is passed over without blame, shown as recovering, and taken as soon as it is ready, without traffic", async () => {
    const first = testPort("remote", "loading");
    const { clock, layer, ask, changes } = setUp(first);
    for (let turn = 0; turn < 5; turn += 1) expect((await ask()).by).toBe("local");
    expect(layer.status()).toMatchObject({ state: "recovering", reason: "recovering", action: "none" });
    expect(layer.status().breaker?.state).toBe("closed");
    await clock.advance(3_500);
    expect(first.probes).toBe(3);
    first.state = "up";
    await clock.advance(1_000);
    expect(layer.status()).toMatchObject({ state: "ok", by: "remote", evidence: "probe" });
    await clock.advance(60_000);
    expect(first.probes).toBe(4);
    expect(changes).toEqual(["started: recovering", "ended: recovering"]);
  });

  it("that fails to load is asked less and less, and recovers all the same", async () => {
    const first = testPort("remote", "loading");
    const { clock, layer } = setUp(first);
    await layer.check();
    expect(layer.status().state).toBe("recovering");
    first.state = "network";
    await clock.advance(1_000);
    expect(layer.status()).toMatchObject({ state: "degraded", reason: "error", breaker: { state: "open" } });
    first.state = "loading";
    await clock.advance(5_000);
    first.state = "up";
    await clock.advance(1_000);
    expect(layer.status()).toMatchObject({ state: "ok", by: "remote" });
  });
});

describe("when no port is left", () => {
  it("the receipt and health say the same: by the last port, since when and why", async () => {
    const first = testPort("remote", "network");
    const last = testPort("none", "server");
    const { clock, layer, context, ask } = setUp(first, last);
    const since = clock.wall();
    const ctx = context();
    await expect(ask(ctx)).rejects.toThrow("none is server");
    expect(ctx.trail.list()).toEqual([{ layer: "embeddings", by: "none", mode: "lower", reason: "error", since }]);
    expect(layer.status()).toMatchObject({ state: "down", by: "none", mode: "lower", reason: "error", since });
    first.state = "up";
    await ask();
    expect(layer.status()).toMatchObject({ state: "ok", by: "remote", since: null });
  });

  it("a last port that cannot do this is not down, though the first is away, and the receipt says so", async () => {
    const { layer, context, ask } = setUp(testPort("remote", "network"), testPort("stand-in", "missing"));
    const ctx = context();
    await expect(ask(ctx)).rejects.toThrow("stand-in is missing");
    expect(ctx.trail.list()).toMatchObject([{ by: "stand-in", mode: "lower", reason: "error" }]);
    expect(layer.status()).toMatchObject({ state: "degraded", by: "stand-in" });
  });
});

it("records each attempt, also the failed ones, with what it used", async () => {
  const { clock, context, ask } = setUp(testPort("remote", "network"));
  const ctx = { ...context(), step: "plan" };
  await ask(ctx);
  const at = clock.wall();
  const times = { layer: "embeddings", step: "plan", startedAt: at, endedAt: at };
  expect(ctx.trail.attempts()).toEqual([
    { ...times, by: "remote", errorClass: "network", usage: null },
    { ...times, by: "local", errorClass: null, usage },
  ]);
});

it("closes every port, also when one of them fails to", async () => {
  const closed: string[] = [];
  const closing = (name: string, error?: Error) => ({
    ...testPort(name),
    async close() {
      closed.push(name);
      if (error) throw error;
    },
  });
  const { layer } = setUp(closing("remote"), closing("local", new Error("cannot finish")));
  await expect(layer.close()).rejects.toThrow("cannot finish");
  expect(closed).toEqual(["local", "remote"]);
});
