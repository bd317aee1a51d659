import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../src/fallbacks/core/context.ts";
import { type ErrorClass, LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { LayerEvent } from "../../../src/fallbacks/core/events.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type LayerOptions, type Port, type Slot } from "../../../src/fallbacks/core/layer.ts";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import type { Needs } from "../../../src/fallbacks/core/selection.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

type Answer = "ok" | "hang" | ErrorClass | LayerError;

interface Model extends Port {
  readonly script: Answer[];
  calls: number;
  /** What it does when the script is over. */
  always: Answer;
  answer(context: CallContext): Promise<string>;
}

function model(name: string, ...script: Answer[]): Model {
  return {
    name,
    script,
    calls: 0,
    always: "ok",
    async answer() {
      this.calls += 1;
      const next = this.script.shift() ?? this.always;
      if (next === "hang") return new Promise<string>(() => {});
      if (next === "ok") return name;
      throw typeof next === "string" ? new LayerError(next, `${name}: ${next}`) : next;
    },
  };
}

const wait = (ms: number, errorClass: ErrorClass = "rate_limited") =>
  new LayerError(errorClass, "wait", { retryAfterMs: ms });

function setUp(
  models: readonly Model[],
  options: Partial<LayerOptions<Model>> & { readonly last?: Slot<Model>; readonly slot?: Partial<Slot<Model>> } = {},
) {
  const clock = createManualClock();
  const events: LayerEvent[] = [];
  const { last = { port: model("mock"), mode: "lower" as const }, slot, ...more } = options;
  const slots = models.map((port): Slot<Model> => ({ port, mode: "equal", timeoutMs: 15_000, ...slot }));
  const [head, ...rest] = [...slots, last];
  const layer = createLayer<Model>({
    name: "llm",
    configured: true,
    clock,
    random: () => 0.999_999,
    faults: createFaults({ clock, random: seededRandom(1) }),
    words: { impact: { lower: "Simpler." }, down: "No answers.", action: "Look." },
    slots: [head, ...rest],
    rest: {},
    maxAttempts: 3,
    retryMs: 200,
    onEvent: (event) => events.push(event),
    ...more,
  });
  const turn = () => testContext({ clock });
  const ask = (context: CallContext = turn(), needs?: Needs) => layer.use((port, c) => port.answer(c), context, needs);
  return { clock, events, layer, ask, turn };
}

/** Answers while the clock goes on, as when a backoff is waited for. */
async function after<T>(clock: { advance(ms: number): Promise<void> }, pending: Promise<T>, ms = 1_000): Promise<T> {
  pending.catch(() => {});
  await clock.advance(ms);
  return pending;
}

describe("which model is asked", () => {
  it("the next one comes before a second try of the same one", async () => {
    const [a, b] = [model("a", "server"), model("b")];
    const { ask } = setUp([a, b]);
    expect((await ask()).by).toBe("b");
    expect([a.calls, b.calls]).toEqual([1, 1]);
  });

  it("fault 9: only the last one is tried again, once, after a pause", async () => {
    const [a, b] = [model("a", "server"), model("b", "server", "ok")];
    const { clock, ask } = setUp([a, b]);
    const pending = ask();
    await clock.advance(199);
    expect(b.calls).toBe(1);
    expect((await after(clock, pending)).by).toBe("b");
    const c = model("c");
    c.always = "server";
    const alone = setUp([c]);
    expect((await after(alone.clock, alone.ask())).by).toBe("mock");
    expect(c.calls).toBe(2);
  });

  it.each(["rate_limited", "quota", "auth", "model_missing", "bad_response", "timeout"] as const)(
    "%s is not tried again on the same model",
    async (errorClass) => {
      const a = model("a", errorClass);
      const { clock, ask } = setUp([a]);
      expect((await after(clock, ask())).by).toBe("mock");
      expect(a.calls).toBe(1);
    },
  );

  it("a model that did not answer in time is asked a second time only where nobody stands in", async () => {
    const a = model("a", "timeout");
    const none = model("none");
    none.always = "server";
    const { clock, ask } = setUp([a], { last: { port: none, mode: "lower", refuses: true } });
    expect((await after(clock, ask())).by).toBe("a");
    expect(a.calls).toBe(2);
  });

  it("no more than three attempts in all, the retry included", async () => {
    const models = ["a", "b", "c", "d"].map((name) => model(name));
    for (const each of models) each.always = "network";
    const { clock, ask } = setUp(models);
    expect((await after(clock, ask())).by).toBe("mock");
    expect(models.map(({ calls }) => calls)).toEqual([1, 1, 1, 0]);
  });

  it("retries end when too many calls fail", async () => {
    const a = model("a");
    a.always = "server";
    const { clock, ask } = setUp([a], { slot: { breaker: { failureThreshold: 1_000, openMs: 1 } } });
    let before = 0;
    const calls: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      await after(clock, ask());
      calls.push(a.calls - before);
      before = a.calls;
    }
    expect(calls).toEqual([2, 2, 1, 1, 1, 1]);
  });

  it("a model that failed in a turn is not asked again by its later steps, retried or not", async () => {
    const a = model("a", "server", "server");
    const { clock, ask, turn } = setUp([a]);
    const context = turn();
    await after(clock, ask(context));
    await ask(context);
    expect(a.calls).toBe(2);
  });

  it("is not asked when too little time is left for it", async () => {
    const a = model("a");
    const { clock, ask } = setUp([a], { slot: { minimumMs: 250 } });
    const served = await ask(testContext({ clock, deadlineMs: 249 }));
    expect(served).toMatchObject({ by: "mock", degraded: { reason: "timeout" } });
    expect(a.calls).toBe(0);
  });

  it("after `mayHelp` says no the next one is spared", async () => {
    const [a, b, c] = [model("a", "context_overflow"), model("b"), model("c")];
    const { ask } = setUp([a, b, c], { mayHelp: (_, failed, next) => !(failed === a && next === b) });
    expect((await ask()).by).toBe("c");
    expect(b.calls).toBe(0);
  });

  it("a caller who leaves in the pause before a retry ends it", async () => {
    const a = model("a");
    a.always = "server";
    const { clock, ask } = setUp([a]);
    const leaving = new AbortController();
    const pending = ask(testContext({ clock, signal: leaving.signal }));
    await clock.advance(10);
    leaving.abort();
    await expect(after(clock, pending, 1)).rejects.toMatchObject({ errorClass: "aborted" });
    expect(a.calls).toBe(1);
  });
});

describe("waits", () => {
  it("fault 13: a model that said when is not hit once before, and is asked from then on", async () => {
    const a = model("a", wait(20_000));
    const { clock, layer, ask } = setUp([a, model("b")]);
    expect((await ask()).degraded).toMatchObject({ by: "b", mode: "equal", reason: "cooldown" });
    await clock.advance(19_999);
    expect((await ask()).degraded?.reason).toBe("cooldown");
    expect(a.calls).toBe(1);
    expect(layer.status()).toMatchObject({
      state: "degraded",
      reason: "cooldown",
      candidates: [{ state: "cooldown" }, { state: "ready" }],
    });
    expect(layer.status().cooldownUntil).toEqual(new Date(clock.wall().getTime() + 1));
    await clock.advance(1);
    expect((await ask()).by).toBe("a");
    expect(layer.status()).toMatchObject({ state: "ok", cooldownUntil: null });
  });

  it("a fallback that asks to wait is left alone too", async () => {
    const [a, b] = [model("a"), model("b", wait(60_000))];
    a.always = "network";
    const { clock, ask } = setUp([a, b, model("c")]);
    for (let turn = 0; turn < 5; turn += 1) expect((await after(clock, ask())).by).toBe("c");
    expect(b.calls).toBe(1);
  });

  it("fault 11: a dead key is asked once, then rests, and is checked at no cost when the time is over", async () => {
    let probes = 0;
    const a = {
      ...model("a"),
      async probe() {
        probes += 1;
        if (a.always !== "ok") throw new LayerError("auth", "401");
      },
    };
    a.always = "auth";
    const { clock, layer, ask } = setUp([a, model("b")], { rest: { parkedMs: 900_000 } });
    for (let turn = 0; turn < 11; turn += 1) expect((await ask()).by).toBe("b");
    expect(a.calls).toBe(1);
    expect(layer.status()).toMatchObject({ reason: "parked", breaker: { state: "closed" } });
    await clock.advance(900_000);
    expect([a.calls, probes]).toEqual([1, 1]);
    await ask();
    expect(a.calls).toBe(1);
    a.always = "ok";
    await clock.advance(1_800_000);
    expect(layer.status().state).toBe("ok");
    expect((await ask()).by).toBe("a");
  });

  it("fault 17: an empty account is not checked, since that costs; the next question after the wait finds out", async () => {
    let probes = 0;
    const a = { ...model("a", "quota"), probe: async () => void (probes += 1) };
    const { clock, ask } = setUp([a, model("b")], { rest: { parkedMs: 900_000 } });
    await ask();
    await clock.advance(900_000);
    expect(probes).toBe(0);
    expect((await ask()).by).toBe("a");
  });

  it("after a wait one caller finds out, and 499 others are served at once by the next model", async () => {
    const a = model("a", wait(1_000), "hang");
    const { clock, ask } = setUp([a, model("b")]);
    await ask();
    await clock.advance(1_000);
    const asked = Array.from({ length: 500 }, () => ask().then(({ by }) => by));
    const [first, ...others] = asked;
    expect(new Set(await Promise.all(others))).toEqual(new Set(["b"]));
    expect(a.calls).toBe(2);
    await clock.advance(60_000);
    expect(await first).toBe("b");
  });

  it("503 with Retry-After is a failure for the breaker, and not tried before its time", async () => {
    const a = model("a", wait(30_000, "server"));
    const { clock, layer, ask } = setUp([a]);
    expect((await after(clock, ask())).by).toBe("mock");
    expect(a.calls).toBe(1);
    expect(layer.status().breaker?.failures).toBe(1);
    await clock.advance(28_000);
    await ask();
    expect(a.calls).toBe(1);
  });

  it("fault 23: when nobody is left the error carries the shortest wait of all", async () => {
    const none = model("none");
    none.always = "server";
    const { clock, ask } = setUp([model("a", wait(40_000)), model("b", wait(7_000))], {
      last: { port: none, mode: "lower", refuses: true },
    });
    await expect(ask()).rejects.toMatchObject({ errorClass: "server", retryAfterMs: 7_000 });
    await clock.advance(2_000);
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 5_000 });
  });

  it("without `rest` only a named time counts", async () => {
    const a = model("a", "rate_limited", "ok", wait(5_000), "ok");
    const { rest: _, ...plain } = { rest: undefined };
    const { clock, ask } = setUp([a], { ...plain, rest: undefined as never });
    expect((await ask()).by).toBe("mock");
    expect((await ask()).by).toBe("a");
    expect((await ask()).by).toBe("mock");
    expect((await ask()).by).toBe("mock");
    await clock.advance(5_000);
    expect((await ask()).by).toBe("a");
  });
});

describe("who may be asked", () => {
  it("an outage is that of the model that should have served; another list is not degraded by it", async () => {
    const [a, b] = [model("a"), model("b")];
    a.always = "network";
    const { clock, ask, turn, layer } = setUp([a, b], {
      select: (ports, _, { step }) => (step === "plan" ? [...ports].reverse() : ports).map((port) => ({ port })),
    });
    const plan = () => ({ ...turn(), step: "plan" });
    expect((await ask(plan())).degraded).toBeUndefined();
    expect((await ask()).degraded).toMatchObject({ by: "b", mode: "equal" });
    expect((await ask(plan())).degraded).toBeUndefined();
    expect(layer.status().state).toBe("degraded");
    b.always = "network";
    expect((await after(clock, ask(plan()))).degraded).toMatchObject({ by: "mock", mode: "lower" });
  });

  it("a model that does not suit is no degradation", async () => {
    const { ask } = setUp([model("small"), model("large")], {
      select: ([small, large], needs) => [
        { port: small as Model, ...((needs.tokens?.() ?? 0) > 100 && { unsuitable: "window" as const }) },
        { port: large as Model },
      ],
    });
    expect(await ask(undefined, { tokens: () => 500 })).toEqual({ value: "large", by: "large" });
    expect(await ask(undefined, { tokens: () => 50 })).toEqual({ value: "small", by: "small" });
  });

  it("explains what would happen, and calls nobody", async () => {
    const models = [model("a", wait(9_000)), model("b"), model("c"), model("d")];
    const { layer, ask } = setUp(models, {
      select: (ports) => ports.map((port) => ({ port, ...(port.name === "b" && { unsuitable: "ability" as const }) })),
    });
    await ask();
    const calls = models.map((each) => each.calls);
    expect(layer.explain({ step: "compose", tier: null, needs: {}, remainingMs: 30_000 })).toEqual([
      { port: "a", verdict: "cooldown", inMs: 9_000 },
      { port: "b", verdict: "ability", inMs: null },
      { port: "c", verdict: "serves", inMs: null },
      { port: "d", verdict: "stands_by", inMs: null },
      { port: "mock", verdict: "stands_by", inMs: null },
    ]);
    expect(models.map((each) => each.calls)).toEqual(calls);
  });
});

describe("operators", () => {
  const order = { reason: "rehearsal", author: "key 1", ttlMs: 60_000 };

  it("force_open passes a model over, shows who and why, and ends by itself", async () => {
    const a = model("a");
    const { clock, layer, ask, events } = setUp([a, model("b")]);
    await layer.control({ action: "force_open", ...order });
    expect(layer.status()).toMatchObject({
      state: "forced",
      by: "b",
      reason: "forced",
      candidates: [
        { name: "a", state: "forced", forced: { action: "force_open", reason: "rehearsal", author: "key 1" } },
        {},
      ],
    });
    expect((await ask()).degraded).toMatchObject({ by: "b", reason: "forced" });
    expect(events).toContainEqual({ kind: "control", layer: "llm", by: "a", action: "force_open", ...order });
    await clock.advance(60_000);
    expect((await ask()).by).toBe("a");
    expect(layer.status().state).toBe("ok");
  });

  it("close ends an order and a wait; the next call decides", async () => {
    const a = model("a", wait(3_600_000), "ok");
    const { layer, ask } = setUp([a, model("b")]);
    await ask();
    await layer.control({ action: "close", ...order });
    expect(layer.status().state).toBe("degraded");
    expect((await ask()).by).toBe("a");
    expect(layer.status().state).toBe("ok");
  });

  it("probe_now checks at once and brings back what is well", async () => {
    let well = false;
    const a = {
      ...model("a", "auth"),
      async probe() {
        if (!well) throw new LayerError("auth", "401");
      },
    };
    const { layer, ask } = setUp([a, model("b")]);
    await ask();
    await layer.control({ action: "probe_now", ...order });
    expect(layer.status()).toMatchObject({ state: "degraded", reason: "parked" });
    well = true;
    await layer.control({ action: "probe_now", ...order });
    expect(layer.status().state).toBe("ok");
  });

  it("disable lets every call through, however many fail", async () => {
    const a = model("a");
    a.always = "bad_response";
    const { layer, ask } = setUp([a, model("b")]);
    await layer.control({ action: "disable", ...order });
    for (let turn = 0; turn < 10; turn += 1) await ask();
    expect(a.calls).toBe(10);
  });

  it("names the port that cannot be controlled, and those that can", async () => {
    const { layer } = setUp([model("a"), model("b")]);
    for (const port of ["mock", "nobody"]) {
      await expect(layer.control({ action: "close", port, ...order })).rejects.toThrow(
        `"${port}" of llm; allowed: a, b`,
      );
    }
  });
});

describe("limits", () => {
  it("fault 2: silence costs the limit on the first token, and three of them open the breaker", async () => {
    const a = model("a");
    a.always = "hang";
    const { clock, layer, ask } = setUp([a, model("b")], {
      slot: { firstMs: 5_000, idleMs: 10_000, timeoutMs: 15_000 },
    });
    for (let turn = 0; turn < 3; turn += 1) {
      const pending = ask(undefined, { shown: true });
      await clock.advance(4_999);
      expect(layer.status().candidates[1]?.breaker.calls).toBe(turn);
      await clock.advance(1);
      expect((await pending).by).toBe("b");
    }
    expect((await ask()).by).toBe("b");
    expect(a.calls).toBe(3);
  });

  it("a model that was silent is checked before a question is risked on it: nobody waits for it a fourth time", async () => {
    let up = false;
    const a = {
      ...model("a"),
      probe: () => (up ? Promise.resolve() : new Promise<void>(() => {})),
    };
    a.always = "hang";
    const { clock, ask } = setUp([a, model("b")], { slot: { firstMs: 5_000, idleMs: 10_000 } });
    for (let turn = 0; turn < 3; turn += 1) await after(clock, ask(), 5_000);
    for (let minute = 0; minute < 20; minute += 1) {
      await clock.advance(30_000);
      expect((await ask()).by).toBe("b");
    }
    expect(a.calls).toBe(3);
    a.always = "ok";
    up = true;
    await clock.advance(300_000);
    expect((await ask()).by).toBe("a");
  });

  it("what is shown may go on as long as it is not silent; anything else has its own limit", async () => {
    const a: Model = {
      ...model("a"),
      async answer({ idle, signal }) {
        idle.begin();
        return new Promise((resolve, reject) => {
          const step = (left: number) => {
            idle.restart();
            if (left === 0) resolve("a");
            else if (!signal.aborted) clock.after(1_000, () => step(left - 1));
          };
          signal.addEventListener("abort", () => reject(new LayerError("aborted", "")));
          step(20);
        });
      },
    };
    const { clock, ask } = setUp([a, model("b")], { slot: { firstMs: 5_000, idleMs: 2_000, timeoutMs: 15_000 } });
    expect((await after(clock, ask(undefined, { shown: true }), 25_000)).by).toBe("a");
    expect((await after(clock, ask(undefined, {}), 25_000)).by).toBe("b");
  });

  it("fault 3: slow and right is served; ten slow ones of twenty open the breaker", async () => {
    const a: Model = {
      ...model("a"),
      answer: () =>
        new Promise((resolve) => {
          clock.after(11_000, () => resolve("a"));
        }),
    };
    const { clock, layer, ask } = setUp([a, model("b")], { slot: { timeoutMs: 20_000 } });
    const served = Array.from({ length: 10 }, () => ask(testContext({ clock, deadlineMs: 60_000 })));
    await clock.advance(11_000);
    expect(new Set((await Promise.all(served)).map(({ by }) => by))).toEqual(new Set(["a"]));
    expect(layer.status().breaker?.state).toBe("open");
  });
});

describe("what is no outage", () => {
  const none = () => {
    const port = model("none");
    port.always = "server";
    return { port, mode: "lower" as const, refuses: true };
  };
  const noWindow: LayerOptions<Model>["select"] = (ports) =>
    ports.map((port) => ({ port, unsuitable: "window" as const }));

  it("a prompt that fits no model is the call's own: refused as such, and nobody is away", async () => {
    const { layer, ask } = setUp([model("a")], { last: none(), select: noWindow });
    await expect(ask()).rejects.toMatchObject({ errorClass: "context_overflow" });
    expect(layer.status()).toMatchObject({ state: "ok", lastError: null });
    const own = setUp([model("a", "context_overflow")], { last: none() });
    await expect(own.ask()).rejects.toMatchObject({ errorClass: "context_overflow" });
    expect(own.layer.status().state).toBe("ok");
    expect((await own.ask()).by).toBe("a");
  });

  it("served by the stand-in it is in the receipt, and not in health", async () => {
    const { layer, ask, turn } = setUp([model("a")], { select: noWindow });
    const context = turn();
    expect((await ask(context)).degraded).toMatchObject({ by: "mock", mode: "lower" });
    expect(context.trail.list()).toMatchObject([{ by: "mock" }]);
    expect(layer.status().state).toBe("ok");
  });

  it("a caller in a hurry is served by the stand-in, and the layer is as it was", async () => {
    const { clock, layer, ask } = setUp([model("a")], { slot: { minimumMs: 250 } });
    expect((await ask(testContext({ clock, deadlineMs: 200 }))).degraded).toMatchObject({ reason: "timeout" });
    expect(layer.status().state).toBe("ok");
    const strict = setUp([model("a")], { last: none(), slot: { minimumMs: 250 } });
    await expect(strict.ask(testContext({ clock: strict.clock, deadlineMs: 200 }))).rejects.toMatchObject({
      errorClass: "timeout",
    });
    expect(strict.layer.status().state).toBe("ok");
  });

  it("an order for a model that nobody expects to serve", async () => {
    const { layer } = setUp([model("a"), model("b")]);
    await layer.control({ action: "force_open", port: "b", reason: "x", author: "k", ttlMs: 1_000 });
    expect(layer.status()).toMatchObject({ state: "ok", by: "a", candidates: [{}, { state: "forced" }] });
  });

  it("a step in which a model that is back lets in no more", async () => {
    const a = model("a", "network", "network", "network", "ok");
    const { clock, layer, ask } = setUp([a, model("b")]);
    for (let turn = 0; turn < 3; turn += 1) await ask();
    await clock.advance(5_000);
    expect((await ask()).by).toBe("a");
    a.always = "hang";
    const held = [ask(), ask()];
    for (const each of held) each.catch(() => {});
    expect((await ask()).degraded).toMatchObject({ by: "b", reason: "recovering" });
    expect(layer.status().state).toBe("ok");
    await clock.advance(60_000);
    await Promise.allSettled(held);
  });
});

describe("what comes back", () => {
  it("a model that failed while nobody expected it to serve is checked once somebody does", async () => {
    const [a, b] = [model("a"), { ...model("b"), probe: async () => {} }];
    a.always = "network";
    b.always = "timeout";
    const { clock, layer, ask, turn } = setUp([a, b], {
      select: ([first, second], _, { tier }) =>
        (tier === "standard" ? [second] : [first, second]).map((port) => ({ port: port as Model })),
    });
    for (let time = 0; time < 3; time += 1) await ask();
    expect(layer.status().candidates[1]?.state).toBe("open");
    b.always = "ok";
    const standard = () => ({ ...turn(), tier: "standard" });
    await ask(standard());
    await clock.advance(10_000);
    expect((await ask(standard())).by).toBe("b");
  });

  it("a check on order that fails leaves the wait that the server asked for as it is", async () => {
    const a = {
      ...model("a", wait(3_000_000)),
      async probe() {
        throw new LayerError("network", "away");
      },
    };
    const { layer, ask } = setUp([a, model("b")]);
    await ask();
    await layer.control({ action: "probe_now", reason: "x", author: "k", ttlMs: 1 });
    expect((await ask()).by).toBe("b");
    expect(a.calls).toBe(1);
  });

  it("a check while it is well does not make the next failure count for three", async () => {
    const a = { ...model("a", "network"), probe: async () => {} };
    const { layer, ask } = setUp([a, model("b")]);
    await layer.check();
    await ask();
    expect(layer.status().breaker).toMatchObject({ state: "closed", failures: 1 });
  });

  it("a long answer that is still coming is no hung probe", async () => {
    let end = () => {};
    let fails = true;
    const a: Model = {
      ...model("a"),
      answer() {
        if (fails) return Promise.reject(new LayerError("network", "away"));
        return new Promise((resolve) => {
          end = () => resolve("a");
        });
      },
    };
    const { clock, layer, ask } = setUp([a, model("b")], { slot: { timeoutMs: 60_000 } });
    for (let turn = 0; turn < 3; turn += 1) await ask();
    fails = false;
    await clock.advance(5_000);
    const long = ask(testContext({ clock, deadlineMs: 60_000 }), { shown: true });
    await clock.advance(20_000);
    expect((await ask()).by).toBe("b");
    end();
    expect((await long).by).toBe("a");
    expect(layer.status().state).toBe("ok");
  });
});

describe("what a caller is told to wait", () => {
  it("is of the models that he may use", async () => {
    const none = model("none");
    none.always = "server";
    const { ask } = setUp([model("a", wait(2_000)), model("b", wait(900_000))], {
      last: { port: none, mode: "lower", refuses: true },
      select: ([first, second], _, { tier }) =>
        (tier === "standard" ? [second] : [first, second]).map((port) => ({ port: port as Model })),
    });
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 2_000 });
    const { turn } = setUp([model("x")]);
    await expect(ask({ ...turn(), tier: "standard" })).rejects.toMatchObject({ retryAfterMs: 900_000 });
  });
});

it("a single failure is tried again also when the models behind it are resting", async () => {
  const [a, b] = [model("a", "ok", "server", "ok"), model("b", "quota")];
  const { clock, ask } = setUp([a, b], {
    select: (ports, _, { step }) => (step === "plan" ? [...ports].reverse() : ports).map((port) => ({ port })),
  });
  await ask({ ...testContext({ clock }), step: "plan" });
  expect((await after(clock, ask())).by).toBe("a");
});

it("what has been given out is taken over by nobody: the one who broke off is to blame, nobody else is asked, and nothing is down", async () => {
  const none = model("none");
  none.always = "server";
  const [a, b] = [model("a", "bad_response"), model("b")];
  const { layer, ask, events } = setUp([a, b], { last: { port: none, mode: "lower", refuses: true } });
  await expect(ask(undefined, { committed: () => a.calls > 0 })).rejects.toMatchObject({ errorClass: "bad_response" });
  expect([b.calls, none.calls]).toEqual([0, 0]);
  expect(events.filter(({ kind }) => kind === "attempt")).toHaveLength(1);
  expect(layer.status()).toMatchObject({ state: "ok", breaker: { failures: 1 } });
});

it("a port whose code loads slowly is not blamed: the next one serves, and it serves when it is there", async () => {
  let loaded = () => {};
  const loading = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  const a = { ...model("a"), load: () => loading, probe: async () => {} };
  const { clock, layer, ask } = setUp([a, model("b")]);
  const first = ask();
  await clock.advance(15_000);
  expect((await first).degraded).toMatchObject({ by: "b", reason: "recovering" });
  expect(layer.status()).toMatchObject({ state: "recovering", breaker: { state: "closed", failures: 0 } });
  expect(a.calls).toBe(0);
  loaded();
  await clock.advance(4_000);
  expect(layer.status().state).toBe("ok");
  expect((await ask()).by).toBe("a");
});

it("a port whose code loads slowly has the whole limit of a check left for it", async () => {
  const takes = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const a = { ...model("a"), load: () => takes(1_900), probe: () => takes(1_900) };
  const { clock, layer } = setUp([a]);
  const checked = layer.check();
  await clock.advance(3_800);
  await checked;
  expect(layer.status()).toMatchObject({ state: "ok", evidence: "probe", breaker: { state: "closed" } });
});

it("tells of attempts, failovers and waits, each once", async () => {
  const { ask, events } = setUp([model("a", wait(5_000)), model("b")]);
  await ask();
  expect(events.map(({ kind }) => kind)).toEqual(["attempt", "rest", "attempt", "failover", "episode"]);
  expect(events[0]).toMatchObject({ by: "a", errorClass: "rate_limited" });
  expect(events[1]).toMatchObject({ by: "a", rest: "cooldown", ms: 5_000 });
  expect(events[3]).toMatchObject({ from: "a", to: "b", cause: "rate_limited" });
});
