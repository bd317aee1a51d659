import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../src/fallbacks/core/context.ts";
import { type ErrorClass, errorClasses, LayerError, ruleOf } from "../../../src/fallbacks/core/errors.ts";
import { createFaults, parseFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type LayerOptions, type Port, type Slot } from "../../../src/fallbacks/core/layer.ts";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import type { Mode } from "../../../src/fallbacks/core/status.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";

/** A port whose answers the test writes: each call takes the next of `script`, or answers its name. */
interface ScriptedPort extends Port {
  readonly script: (ErrorClass | "hang" | "ok")[];
  calls: number;
  answer(context: CallContext): Promise<string>;
}

function scriptedPort(name: string, ...script: ScriptedPort["script"]): ScriptedPort {
  return {
    name,
    script,
    calls: 0,
    async answer() {
      this.calls += 1;
      const next = this.script.shift() ?? "ok";
      if (next === "hang") return new Promise<string>(() => {});
      if (next !== "ok") throw new LayerError(next, `${name}: ${next}`);
      return name;
    },
  };
}

const words = { impact: { lower: "Answers are simpler." }, down: "No answers.", action: "Look at the provider." };

function setUp(
  slots: readonly [ScriptedPort, ...(readonly [ScriptedPort, Mode])[]],
  options: Partial<LayerOptions<ScriptedPort>> & { readonly first?: Partial<Slot<ScriptedPort>> } = {},
) {
  const clock = createManualClock();
  const faults = createFaults({ clock, random: seededRandom(1) });
  const [first, ...rest] = slots;
  const layer = createLayer<ScriptedPort>({
    name: "llm",
    configured: true,
    clock,
    random: () => 0.999_999,
    faults,
    words,
    slots: [
      { port: first, mode: "equal", breaker: { rampTo: 1 }, ...options.first },
      ...rest.map(([port, mode]) => ({ port, mode })),
    ],
    ...options,
  });
  const ask = (context: CallContext = testContext({ clock })) => layer.use((port, c) => port.answer(c), context);
  return { clock, faults, layer, ask };
}

describe("layer", () => {
  it("serves from the first port and says nothing", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary"), [scriptedPort("mock"), "lower"]]);
    const context = testContext({ clock });
    expect(await ask(context)).toEqual({ value: "primary", by: "primary" });
    expect(context.trail.list()).toEqual([]);
    expect(layer.status()).toMatchObject({
      state: "ok",
      by: "primary",
      mode: null,
      since: null,
      impact: "None.",
      action: "none",
    });
  });

  it("an outage is one episode: health and receipts give the same record, until the first port serves again", async () => {
    const primary = scriptedPort("primary", "network", "network", "network");
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    const since = clock.wall();
    const context = testContext({ clock });
    const served = await ask(context);
    expect(served.degraded).toEqual({ layer: "llm", mode: "lower", by: "mock", reason: "error", since });
    expect(context.trail.list()).toEqual([served.degraded]);
    await clock.advance(1_000);
    await ask();
    await ask();
    expect(primary.calls).toBe(3);
    expect((await ask()).degraded).toEqual({ layer: "llm", mode: "lower", by: "mock", reason: "open", since });
    expect(primary.calls).toBe(3);
    expect(layer.status()).toMatchObject({
      state: "degraded",
      by: "mock",
      mode: "lower",
      reason: "open",
      since,
      lastError: { errorClass: "network", count: 3 },
      breaker: { state: "open" },
      impact: "Answers are simpler.",
      action: "Look at the provider.",
    });
    await clock.advance(5_000);
    expect(await ask()).toEqual({ value: "primary", by: "primary" });
    expect(layer.status()).toMatchObject({ state: "ok", mode: null, since: null, breaker: { state: "closed" } });
  });

  it.each(errorClasses)("%s: the next port, and the breaker, as the table says", async (errorClass) => {
    const { layer, ask } = setUp([scriptedPort("primary", errorClass), [scriptedPort("mock"), "lower"]]);
    const rule = ruleOf(errorClass);
    if (rule.next) expect((await ask()).by).toBe("mock");
    else await expect(ask()).rejects.toMatchObject({ errorClass });
    const breaker = layer.status().breaker;
    expect(breaker?.failures).toBe(rule.breaker === "neutral" ? 0 : 1);
    expect(breaker?.state).toBe(rule.breaker === "trip" ? "open" : "closed");
  });

  it("tells of an episode once at its start and once at its end", async () => {
    const heard: string[] = [];
    const primary = scriptedPort("primary", "network", "network");
    const { ask } = setUp([primary, [scriptedPort("mock"), "lower"]], {
      onEvent(event) {
        if (event.kind === "episode") heard.push([event.layer, event.change, event.by, event.reason].join(" "));
      },
    });
    for (let i = 0; i < 4; i += 1) await ask();
    expect(heard).toEqual(["llm started mock error", "llm ended mock error"]);
  });

  it("a missing port is not asked again before its probe, and the reason stays `missing`", async () => {
    const primary = scriptedPort("primary", "missing");
    const { layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    await ask();
    expect((await ask()).degraded?.reason).toBe("missing");
    expect(primary.calls).toBe(1);
    expect(layer.status().reason).toBe("missing");
  });

  it("a hung port costs its own limit, then the next one serves", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary", "hang"), [scriptedPort("mock"), "lower"]], {
      first: { timeoutMs: 2_000 },
    });
    const pending = ask();
    await clock.advance(1_999);
    expect(layer.status().state).toBe("ok");
    await clock.advance(1);
    expect((await pending).degraded?.reason).toBe("timeout");
    expect(layer.status().breaker?.failures).toBe(1);
  });

  it("a port but the last gets half of the time left, so that its fallback can still serve; a hurried caller blames nobody", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary", "hang"), [scriptedPort("mock"), "lower"]]);
    const pending = ask(testContext({ clock, deadlineMs: 400 }));
    await clock.advance(200);
    expect((await pending).by).toBe("mock");
    expect(layer.status().breaker?.failures).toBe(0);
  });

  it("a port that failed in a turn is not asked again by the same turn, and is by the next one", async () => {
    const primary = scriptedPort("primary", "network");
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    const turn = testContext({ clock });
    await ask(turn);
    expect((await ask(turn)).degraded).toMatchObject({ by: "mock", reason: "error" });
    expect(primary.calls).toBe(1);
    expect(layer.status().breaker?.failures).toBe(1);
    expect((await ask()).by).toBe("primary");
  });

  it("nothing outlives the deadline, the last port included", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary", "network"), [scriptedPort("mock", "hang"), "lower"]]);
    const pending = ask(testContext({ clock, deadlineMs: 3_000 }));
    const failure = expect(pending).rejects.toMatchObject({ errorClass: "timeout" });
    await clock.advance(3_000);
    await failure;
    await expect(ask(testContext({ clock, deadlineMs: 0 }))).rejects.toMatchObject({ errorClass: "timeout" });
    expect(layer.status().state).not.toBe("down");
  });

  it("fault 30: a caller who goes away gets `aborted`, and the port is not blamed", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary", "hang"), [scriptedPort("mock"), "lower"]]);
    const caller = new AbortController();
    const pending = ask(testContext({ clock, signal: caller.signal }));
    const failure = expect(pending).rejects.toMatchObject({ errorClass: "aborted" });
    await settle();
    caller.abort();
    await failure;
    expect(layer.status()).toMatchObject({ state: "ok", lastError: null, breaker: { failures: 0 } });
    expect(clock.pending).toBe(0);
  });

  it("an idle limit ends silence, not a long step that is known to be running", async () => {
    const clock = createManualClock();
    let finish = (): void => {};
    const step = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { layer } = setUp([scriptedPort("primary"), [scriptedPort("mock"), "lower"]], {
      clock,
      first: { idleMs: 1_000, timeoutMs: Number.POSITIVE_INFINITY },
    });
    const served = layer.use(async (port, context) => {
      if (port.name === "mock") return port.name;
      context.idle.stop();
      await step;
      context.idle.restart();
      return new Promise<string>(() => {});
    }, testContext({ clock }));
    await clock.advance(20_000);
    expect(layer.status().state).toBe("ok");
    finish();
    await clock.advance(999);
    expect(layer.status().state).toBe("ok");
    await clock.advance(1);
    expect((await served).degraded?.reason).toBe("timeout");
  });

  it("an idle limit leaves half of the time to the next port, too", async () => {
    const { clock, layer } = setUp([scriptedPort("primary", "hang"), [scriptedPort("mock"), "lower"]], {
      first: { idleMs: 2_000, timeoutMs: Number.POSITIVE_INFINITY },
    });
    const served = layer.use((port, context) => port.answer(context), testContext({ clock, deadlineMs: 1_000 }));
    await clock.advance(500);
    expect((await served).by).toBe("mock");
    expect(layer.status().breaker?.failures).toBe(0);
  });

  it("every sign of life starts the idle limit anew", async () => {
    const { clock, layer } = setUp([scriptedPort("primary"), [scriptedPort("mock"), "lower"]], {
      first: { idleMs: 1_000, timeoutMs: Number.POSITIVE_INFINITY },
    });
    const served = layer.use(
      (port, context) =>
        new Promise<string>((resolve) => {
          for (const ms of [600, 1_200, 1_800]) clock.after(ms, () => context.idle.restart());
          clock.after(2_400, () => resolve(port.name));
        }),
      testContext({ clock }),
    );
    await clock.advance(2_400);
    expect(await served).toEqual({ value: "primary", by: "primary" });
    expect(clock.pending).toBe(0);
  });

  it("fault 29: a success that began before the outage does not end it", async () => {
    const primary = scriptedPort("primary");
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    let finish = (): void => {};
    const late = layer.use(
      (port) =>
        new Promise<string>((resolve) => {
          finish = () => resolve(port.name);
        }),
      testContext({ clock }),
    );
    await settle();
    primary.script.push("network", "network", "network");
    for (let i = 0; i < 3; i += 1) await ask();
    finish();
    expect((await late).degraded).toBeUndefined();
    expect(layer.status()).toMatchObject({ state: "degraded", breaker: { state: "open" } });
  });

  it("tries itself again without traffic, by the smallest real call, and not before the open time is over", async () => {
    let probes = 0;
    const primary: ScriptedPort = {
      ...scriptedPort("primary", "network", "network", "network"),
      async probe() {
        probes += 1;
        if (probes === 1) throw new LayerError("network", "still away");
      },
    };
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    for (let i = 0; i < 3; i += 1) await ask();
    await clock.advance(4_990);
    expect(probes).toBe(0);
    await clock.advance(10);
    expect(probes).toBe(1);
    expect(layer.status().state).toBe("degraded");
    await clock.advance(10_000);
    expect(probes).toBe(2);
    expect(layer.status()).toMatchObject({ state: "ok", evidence: "probe", breaker: { state: "closed" } });
    await clock.advance(600_000);
    expect(probes).toBe(2);
  });

  it("comes back for its probe when traffic that held it decided nothing, and when the probe itself decided nothing", async () => {
    let probes = 0;
    const primary: ScriptedPort = {
      ...scriptedPort("primary", "missing", "hang"),
      async probe() {
        probes += 1;
        if (probes === 1) throw new LayerError("rate_limited", "later");
      },
    };
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]], { random: () => 0 });
    await ask();
    await clock.advance(600);
    expect(probes).toBe(1);
    // Traffic holds the probe when it is due again, and its client leaves.
    const caller = new AbortController();
    const left = expect(ask(testContext({ clock, signal: caller.signal }))).rejects.toMatchObject({
      errorClass: "aborted",
    });
    await clock.advance(5_000);
    caller.abort();
    await left;
    expect(probes).toBe(1);
    await clock.advance(5_000);
    expect(probes).toBe(2);
    expect(layer.status()).toMatchObject({ state: "ok", evidence: "probe" });
  });

  it("never probes while closed: traffic was faster", async () => {
    let probes = 0;
    const primary: ScriptedPort = {
      ...scriptedPort("primary", "missing"),
      async probe() {
        probes += 1;
        throw new LayerError("rate_limited", "later");
      },
    };
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]], { random: () => 0 });
    await ask();
    await clock.advance(600);
    expect(probes).toBe(1);
    expect((await ask()).by).toBe("primary");
    expect(layer.status().breaker?.state).toBe("closed");
    await clock.advance(60_000);
    expect(probes).toBe(1);
  });

  it("a port that a turn goes past, because it failed there, is not degraded again once another turn found it well", async () => {
    const primary = scriptedPort("primary", "network");
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    const turn = testContext({ clock });
    await ask(turn);
    await clock.advance(10);
    expect((await ask()).by).toBe("primary");
    await clock.advance(10);
    expect((await ask(turn)).by).toBe("mock");
    expect(layer.status().state).toBe("ok");
  });

  it("stops probing when it is closed", async () => {
    let probes = 0;
    const primary: ScriptedPort = {
      ...scriptedPort("primary", "missing"),
      async probe() {
        probes += 1;
      },
    };
    const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]]);
    await ask();
    expect(clock.pending).toBe(1);
    await layer.close();
    expect(clock.pending).toBe(0);
    await clock.advance(600_000);
    expect(probes).toBe(0);
  });

  it("is down when the last port fails, and says since when", async () => {
    const { clock, layer, ask } = setUp([scriptedPort("primary", "server"), [scriptedPort("mock", "server"), "lower"]]);
    const since = clock.wall();
    await expect(ask()).rejects.toMatchObject({ errorClass: "server" });
    expect(layer.status()).toMatchObject({ state: "down", since, impact: "No answers." });
    await ask();
    expect(layer.status().state).toBe("ok");
  });

  it("is not down when its only port says that nothing is configured", async () => {
    const { layer, ask } = setUp([scriptedPort("none", "missing")]);
    await expect(ask()).rejects.toMatchObject({ errorClass: "missing" });
    expect(layer.status()).toMatchObject({ state: "ok", lastError: { errorClass: "missing" } });
  });

  it("a call that fell back beside a success of the first port starts no episode", async () => {
    const slowFallback = scriptedPort("mock");
    const { clock, layer } = setUp([scriptedPort("primary", "network"), [slowFallback, "lower"]]);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const degraded = layer.use(async (port, context) => {
      if (port === slowFallback) await gate;
      return port.answer(context);
    }, testContext({ clock }));
    await clock.advance(10);
    await layer.use((port, context) => port.answer(context), testContext({ clock }));
    await clock.advance(10);
    release();
    expect((await degraded).degraded?.by).toBe("mock");
    expect(layer.status().state).toBe("ok");
  });

  it("injects faults under the breaker of every port but the last", async () => {
    const [primary, second, last] = [scriptedPort("primary"), scriptedPort("second"), scriptedPort("mock")];
    const { faults, layer, ask } = setUp([primary, [second, "equal"], [last, "lower"]]);
    faults.set(parseFaults("llm:refuse"));
    for (let i = 0; i < 3; i += 1) expect((await ask()).by).toBe("mock");
    expect([primary.calls, second.calls, last.calls]).toEqual([0, 0, 3]);
    expect(layer.status().breaker?.state).toBe("open");
  });

  it("any outage ends in `ok` once the first port answers again, whatever happened before", async () => {
    const outcome = fc.constantFrom<"ok" | ErrorClass>(
      "ok",
      "network",
      "server",
      "bad_response",
      "rate_limited",
      "missing",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 30 }), fc.nat(), async (script, seed) => {
        const random = seededRandom(seed);
        const primary = scriptedPort("primary", ...script);
        const { clock, layer, ask } = setUp([primary, [scriptedPort("mock"), "lower"]], { random });
        while (primary.script.length > 0) {
          const served = await ask();
          const status = layer.status();
          expect(status.state).toBe(served.degraded ? "degraded" : "ok");
          expect(status.by).toBe(served.by);
          expect(status.since).toEqual(served.degraded?.since ?? null);
          expect(status.reason).toBe(served.degraded?.reason ?? null);
          await clock.advance(random() * 400_000);
        }
        await clock.advance(300_000);
        await ask();
        expect(layer.status()).toMatchObject({ state: "ok", by: "primary" });
      }),
      { numRuns: 60 },
    );
  });
});
