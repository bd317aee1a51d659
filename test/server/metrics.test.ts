import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { LayerEvent } from "../../src/fallbacks/core/events.ts";
import { createLoopLag } from "../../src/metrics/loop-lag.ts";
import { metricsRig } from "./metrics-rig.ts";
import { keyOf, layerStatus, startServer } from "./test-server.ts";

const refuse = () => {
  throw new LayerError("network", "refused");
};
const rateLimit = () => {
  throw new LayerError("rate_limited", "wait", { retryAfterMs: 30_000 });
};

const usage = (inputTokens: number, outputTokens: number): LayerEvent => ({
  kind: "attempt",
  layer: "llm",
  by: "primary",
  step: "compose",
  startedAt: new Date(0),
  endedAt: new Date(0),
  errorClass: null,
  usage: { inputTokens, outputTokens },
  ms: 100,
  firstMs: null,
});

describe("metrics of a layer", () => {
  it("count calls by port and outcome, and failovers from, to and class", async () => {
    const { ask, primary, read } = metricsRig();
    expect(await ask()).toBe("primary");
    primary(refuse);
    expect(await ask()).toBe("mock");
    expect(await ask()).toBe("mock");
    expect(await read('calls_total{layer="llm",by="primary",outcome="ok"}')).toBe(1);
    expect(await read('calls_total{layer="llm",by="primary",outcome="network"}')).toBe(2);
    expect(await read('calls_total{layer="llm",by="mock",outcome="ok"}')).toBe(2);
    expect(await read('failovers_total{layer="llm",from="primary",to="mock",class="network"}')).toBe(2);
    expect(await read('fallback_served_total{layer="llm",by="mock"}')).toBe(2);
    expect(await read('attempt_seconds_count{layer="llm",by="primary"}')).toBe(3);
    expect(await read('first_token_seconds_count{layer="llm",by="primary"}')).toBe(1);
  });

  it("show breakers, and each of their transitions", async () => {
    const { ask, primary, read, clock } = metricsRig();
    expect(await read('breaker_state{layer="llm",by="primary"}')).toBe(0);
    primary(refuse);
    for (let call = 0; call < 3; call += 1) await ask();
    expect(await read('breaker_state{layer="llm",by="primary"}')).toBe(2);
    expect(await read('breaker_transitions_total{layer="llm",by="primary",state="open",cause="own"}')).toBe(1);
    expect(await ask()).toBe("mock");
    expect(await read('failovers_total{layer="llm",from="primary",to="mock",class="open"}')).toBeGreaterThan(0);
    await clock.advance(5_000);
    primary(() => "");
    expect(await ask()).toBe("primary");
    expect(await read('breaker_transitions_total{layer="llm",by="primary",state="half_open",cause="own"}')).toBe(1);
  });

  it("count waits and show what is left of them now", async () => {
    const { ask, primary, read, clock } = metricsRig();
    expect(await read('cooldown_seconds{layer="llm",by="primary"}')).toBe(0);
    primary(rateLimit);
    await ask();
    expect(
      await read('cooldowns_total{layer="llm",by="primary",class="rate_limited",kind="cooldown",cause="own"}'),
    ).toBe(1);
    expect(await read('cooldown_seconds{layer="llm",by="primary"}')).toBe(30);
    await clock.advance(12_000);
    expect(await read('cooldown_seconds{layer="llm",by="primary"}')).toBe(18);
    await clock.advance(18_001);
    expect(await read('cooldown_seconds{layer="llm",by="primary"}')).toBe(0);
  });

  it("degraded seconds grow while a layer is degraded, between readings too, and stop with it", async () => {
    const { ask, primary, read, clock } = metricsRig();
    const seconds = () => read('degraded_seconds_total{layer="llm",mode="lower"}');
    expect(await seconds()).toBeUndefined();
    await clock.advance(60_000);
    primary(refuse);
    await ask();
    await clock.advance(3_000);
    expect(await seconds()).toBe(3);
    expect(await read('layer_state{layer="llm",state="degraded"}')).toBe(1);
    expect(await read('layer_state{layer="llm",state="ok"}')).toBe(0);
    await clock.advance(4_000);
    primary(() => "");
    expect(await ask()).toBe("primary");
    await clock.advance(50_000);
    expect(await seconds()).toBe(7);
    expect(await read('layer_state{layer="llm",state="ok"}')).toBe(1);
  });

  it("an outage that begins and ends between two readings counts in full, and no jump of the wall clock counts", async () => {
    const { ask, primary, read, clock } = metricsRig();
    await read("x");
    primary(refuse);
    await ask();
    await clock.advance(2_500);
    clock.setWall(new Date(clock.wall().getTime() + 86_400_000));
    primary(() => "");
    await ask();
    await clock.advance(10_000);
    expect(await read('degraded_seconds_total{layer="llm",mode="lower"}')).toBe(2.5);
  });

  it("counts a layer as down from the reading that finds it so", async () => {
    let state: "ok" | "down" = "down";
    const { read, clock } = metricsRig({
      layers: () => [layerStatus({ layer: "store", state, candidates: [], retryBudget: null })],
    });
    const seconds = () => read('degraded_seconds_total{layer="store",mode="down"}');
    expect(await seconds()).toBeUndefined();
    await clock.advance(5_000);
    expect(await seconds()).toBe(5);
    state = "ok";
    await clock.advance(1_000);
    expect(await seconds()).toBe(6);
    await clock.advance(1_000);
    expect(await seconds()).toBe(6);
  });

  it("count tokens by model, and their cost where a price is known", async () => {
    const prices = new Map([["primary", { inputPerMTok: 2, outputPerMTok: 10 }]]);
    const { metrics, read } = metricsRig({ priceOf: (model) => prices.get(model) ?? null });
    metrics.hear(usage(1_000, 50));
    expect(await read('llm_tokens_total{model="primary",kind="input"}')).toBe(1_000);
    expect(await read('llm_tokens_total{model="primary",kind="output"}')).toBe(50);
    expect(await read('llm_cost_usd_total{model="primary"}')).toBeCloseTo(0.0025, 12);
    prices.clear();
    metrics.hear(usage(1_000, 0));
    expect(await read('llm_tokens_total{model="primary",kind="input"}')).toBe(2_000);
    expect(await read('llm_cost_usd_total{model="primary"}')).toBeCloseTo(0.0025, 12);
  });

  it("whatever a provider says of its tokens, hearing of it does not fail", async () => {
    const { metrics, read } = metricsRig();
    for (const odd of [Number.NaN, -5, Number.POSITIVE_INFINITY]) metrics.hear(usage(odd, 1));
    expect(await read('llm_tokens_total{model="primary",kind="input"}')).toBe(0);
    expect(await read('llm_tokens_total{model="primary",kind="output"}')).toBe(3);
  });

  it("show what waits to be copied, and forget it when nothing does", async () => {
    let backlog: { operations: number; bytes: number; oldestS: number } | null = {
      operations: 7,
      bytes: 900,
      oldestS: 12.5,
    };
    const { read } = metricsRig({
      layers: () => [layerStatus({ layer: "store", candidates: [], retryBudget: null, backlog })],
    });
    expect(await read('journal_backlog{layer="store"}')).toBe(7);
    expect(await read('journal_oldest_seconds{layer="store"}')).toBe(12.5);
    backlog = null;
    expect(await read('journal_backlog{layer="store"}')).toBeUndefined();
  });

  it("show turns, the retry budget and the delay of the event loop", async () => {
    const { metrics, read } = metricsRig({ layerOptions: { retryMs: 100 } });
    metrics.turn({ outcome: "degraded", seconds: 1.5 });
    expect(await read('turns_total{outcome="degraded"}')).toBe(1);
    expect(await read('turn_seconds_sum{outcome="degraded"}')).toBe(1.5);
    expect(await read('retry_budget{layer="llm"}')).toBe(10);
    expect(await read('event_loop_lag_seconds{stat="max"}')).toBe(0.3);
  });

  it("count the sentences of models by what came of them, and the vector spaces that wait to be deleted", async () => {
    const { metrics, read } = metricsRig();
    metrics.grounding({ checked: 5, dropped: 1, doubted: 2 });
    expect(await read('grounded_sentences_total{outcome="borne_out"}')).toBe(2);
    expect(await read('grounded_sentences_total{outcome="dropped"}')).toBe(1);
    expect(await read('grounded_sentences_total{outcome="doubted"}')).toBe(2);
    expect(await read("former_vector_spaces")).toBe(2);
  });

  it("count the orders of operators", async () => {
    const { layer, read } = metricsRig();
    await layer.control({ action: "force_open", reason: "a test", author: "me", ttlMs: 1_000 });
    expect(await read('controls_total{layer="llm",by="primary",action="force_open"}')).toBe(1);
    expect(await read('layer_state{layer="llm",state="forced"}')).toBe(1);
  });
});

it("the delay of the event loop is what it is late, without the tick itself", async () => {
  const lag = createLoopLag();
  expect(lag.read()).toEqual({ mean: 0, p99: 0, max: 0 });
  const ticks = () => new Promise((resolve) => setTimeout(resolve, 100));
  const patient = { timeout: 20_000 };
  // Node counts from the second tick on, so the block must have ticks before and after it.
  await vi.waitFor(async () => {
    await ticks();
    const until = performance.now() + 100;
    while (performance.now() < until);
    await ticks();
    expect(lag.read().max).toBeGreaterThan(0.04);
  }, patient);
  await vi.waitFor(async () => {
    await ticks();
    expect(lag.read().mean).toBeLessThan(0.015);
  }, patient);
  lag.close();
  expect(lag.read()).toEqual({ mean: 0, p99: 0, max: 0 });
});

describe("GET /metrics", () => {
  it("is for operators, in the text format", async () => {
    const { metrics } = metricsRig();
    const { url } = await startServer({ metrics, settings: { authMode: "required" } });
    const get = (key: string) => fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
    expect((await get(keyOf("user"))).status).toBe(403);
    const response = await get(keyOf("operator"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toContain("# TYPE understudy_layer_state gauge");
  });
});

describe("what ships for Prometheus", () => {
  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
  const named = (text: string) => new Set(text.match(/understudy_[a-z_]+/g));

  async function exported(): Promise<readonly string[]> {
    const text = await metricsRig().metrics.text();
    return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = ""]) => name);
  }
  const base = (name: string) => name.replace(/_(bucket|sum|count)$/, "");

  it("docs/metrics.md explains every metric, and no other", async () => {
    const rows = [...read("docs/metrics.md").matchAll(/^\| `(understudy_\w+)`/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set(await exported()));
    expect(rows).toHaveLength(new Set(rows).size);
  });

  it.each(["deploy/alerts.yml", "deploy/grafana-dashboard.json"])(
    "%s names only metrics that there are",
    async (file) => {
      const names = await exported();
      const used = [...named(read(file))];
      expect(used.length).toBeGreaterThan(5);
      expect(used.filter((name) => !names.includes(name) && !names.includes(base(name)))).toEqual([]);
    },
  );

  it("each alert names a runbook that exists", () => {
    const alerts = read("deploy/alerts.yml");
    const links = [...alerts.matchAll(/runbook: (\S+)#(\S+)$/gm)];
    expect(links).toHaveLength([...alerts.matchAll(/- alert: /g)].length);
    for (const [, page = "", anchor = ""] of links) {
      const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
        text
          .toLowerCase()
          .replace(/[^\w -]/g, "")
          .replaceAll(" ", "-"),
      );
      expect(headings).toContain(anchor);
    }
  });

  it("the dashboard is JSON with a panel for each question", () => {
    const dashboard = JSON.parse(read("deploy/grafana-dashboard.json")) as { panels: readonly { title: string }[] };
    expect(dashboard.panels.length).toBeGreaterThan(8);
  });
});
