import { describe, expect, it } from "vitest";
import type { Order } from "../../src/fallbacks/core/control.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { type Asked, createLayer, type Layer, type Port } from "../../src/fallbacks/core/layer.ts";
import type { Explained } from "../../src/fallbacks/core/selection.ts";
import type { LayerName } from "../../src/fallbacks/core/status.ts";
import type { Operate } from "../../src/server/server-deps.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { keyOf, layerStatus, postJson, recordingLog, startServer } from "./test-server.ts";

const clock = createManualClock();

function realLayer(): Layer<Port> {
  return createLayer<Port>({
    name: "llm",
    slots: ["primary", "secondary", "mock"].map((name) => ({ port: { name }, mode: "lower" })) as never,
    configured: true,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "", action: "" },
  });
}

function operating(change: Partial<Operate> = {}): Operate & { readonly orders: (readonly [LayerName, Order])[] } {
  const orders: (readonly [LayerName, Order])[] = [];
  const faults = createFaults({ clock, random: () => 0 });
  return {
    orders,
    async control(layer, order) {
      orders.push([layer, order]);
      return layerStatus({ layer, candidates: [] });
    },
    explain: () => [],
    faults: Object.assign(faults, { allowed: true }),
    ...change,
  };
}

const tiers = () => ["premium", "standard"];

const LAYERS = "/api/v1/admin/layers";
const reason = "its bill";

describe("POST /api/v1/admin/layers/{name}", () => {
  it("gives the order to the layer, for 15 minutes by default, in the name of the key's id", async () => {
    const operate = operating();
    const { url } = await startServer({ operate, settings: { authMode: "required" } });
    const body = { action: "disable", port: "secondary", reason: "  its bill ", ttl_seconds: 60 };
    const headers = { authorization: `Bearer ${keyOf("operator")}` };
    const response = await postJson(`${url}${LAYERS}/llm`, body, headers);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ layer: "llm", state: "ok", candidates: [] });
    await postJson(`${url}${LAYERS}/store`, { action: "probe_now", reason }, headers);
    const author = expect.stringMatching(/^[0-9a-f]{12}$/);
    expect(operate.orders).toEqual([
      ["llm", { action: "disable", port: "secondary", reason, author, ttlMs: 60_000 }],
      ["store", { action: "probe_now", reason, author, ttlMs: 900_000 }],
    ]);
  });

  it("shows a forced layer in its answer and in /health: state, reason, author and until when", async () => {
    const layer = realLayer();
    const operate = operating({
      async control(_name, order) {
        await layer.control(order);
        return layer.status();
      },
    });
    const { url } = await startServer({ operate, layers: () => [layer.status()] });
    const answer = await postJson(`${url}${LAYERS}/llm`, { action: "force_open", reason, ttl_seconds: 60 });
    const until = new Date(clock.wall().getTime() + 60_000).toISOString();
    const forced = { action: "force_open", reason, author: "open", since: clock.wall().toISOString(), until };
    const shown = {
      state: "forced",
      reason: "forced",
      by: "secondary",
      candidates: [
        { name: "primary", state: "forced", until, forced },
        { name: "secondary", state: "ready", until: null, forced: null },
      ],
    };
    expect(await answer.json()).toMatchObject({ layer: "llm", ...shown });
    const health = await (await fetch(`${url}/health`)).json();
    expect(health).toMatchObject({ status: "degraded", layers: { llm: shown } });
    expect((await layer.use(async ({ name }) => name, testContext({ clock }))).by).toBe("secondary");
    await postJson(`${url}${LAYERS}/llm`, { action: "close", reason });
    expect((await layer.use(async ({ name }) => name, testContext({ clock }))).by).toBe("primary");
  });

  it.each([
    [{ action: "explode", reason }, "action", "must be one of force_open, close, probe_now, disable"],
    [{ action: "close" }, "reason", "reason is missing"],
    [{ action: "close", reason: "   " }, "reason", "at least 1 characters"],
    [{ action: "close", reason: "x".repeat(201) }, "reason", "at most 200 characters"],
    [{ action: "close", reason, ttl_seconds: 0 }, "ttl_seconds", "must be at least 1"],
    [{ action: "close", reason, ttl_seconds: 86_401 }, "ttl_seconds", "must be at most 86400"],
    [{ action: "close", reason, author: "me" }, "author", "is not a known field"],
  ])("refuses %j and names %s", async (body, field, detail) => {
    const operate = operating();
    const { url } = await startServer({ operate });
    const response = await postJson(`${url}${LAYERS}/llm`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_request",
      field,
      detail: expect.stringContaining(detail),
    });
    expect(operate.orders).toEqual([]);
  });

  it("refuses a layer that is not there, and a port that the layer does not have", async () => {
    const layer = realLayer();
    const { url } = await startServer({
      operate: operating({ control: async (_name, order) => layer.control(order).then(() => layer.status()) }),
    });
    const odd = await postJson(`${url}${LAYERS}/llms`, { action: "close", reason });
    expect(await odd.json()).toMatchObject({ code: "invalid_request", field: "name" });
    for (const port of ["mock", "third"]) {
      const response = await postJson(`${url}${LAYERS}/llm`, { action: "force_open", port, reason });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: "invalid_request",
        field: "port",
        detail: expect.stringContaining("primary, secondary"),
      });
    }
  });

  it("leaves a line in the log with the id of the key, never the key, for refused orders too", async () => {
    const log = recordingLog();
    const operate = operating({
      control: () => Promise.reject(new RangeError("port: no such port")),
    });
    const settings = { authMode: "required" } as const;
    const { url } = await startServer({ operate, log, settings });
    const headers = { authorization: `Bearer ${keyOf("operator")}` };
    await postJson(`${url}${LAYERS}/llm`, { action: "force_open", port: "x", reason }, headers);
    const line = log.lines.find(({ message }) => message.startsWith("audit"));
    expect(line).toMatchObject({
      level: "warn",
      message: "audit: an order to a layer was refused",
      fields: { keyId: expect.stringMatching(/^[0-9a-f]{12}$/), layer: "llm", action: "force_open", port: "x", reason },
    });
    expect(JSON.stringify(log.lines)).not.toContain(keyOf("operator"));
  });
});

describe("GET /api/v1/admin/router/explain", () => {
  const explained: readonly Explained[] = [
    { port: "primary", verdict: "cooldown", inMs: 1_200 },
    { port: "secondary", verdict: "serves", inMs: null },
    { port: "mock", verdict: "stands_by", inMs: null },
  ];

  it("asks for what the query says and shows who would serve", async () => {
    const asked: Asked[] = [];
    const operate = operating({
      explain(call) {
        asked.push(call);
        return explained;
      },
    });
    const { url } = await startServer({ operate, tiers });
    const query = "step=plan&tier=premium&tokens=1200&remaining_ms=20000&json=true";
    const response = await fetch(`${url}/api/v1/admin/router/explain?${query}`);
    expect(await response.json()).toEqual({
      models: [
        { name: "primary", verdict: "cooldown", in_ms: 1_200 },
        { name: "secondary", verdict: "serves", in_ms: null },
        { name: "mock", verdict: "stands_by", in_ms: null },
      ],
      would_serve: "secondary",
    });
    await fetch(`${url}/api/v1/admin/router/explain`);
    expect(asked).toMatchObject([
      { step: "plan", tier: "premium", remainingMs: 20_000, needs: { json: true, tools: false } },
      { step: "compose", tier: null, remainingMs: 30_000, needs: { json: false, tools: false } },
    ]);
    expect(asked.map(({ needs }) => needs.tokens?.())).toEqual([1_200, 0]);
  });

  it("would_serve is null when nobody is left", async () => {
    const { url } = await startServer({ operate: operating({ explain: () => explained.slice(0, 1) }), tiers });
    const response = await fetch(`${url}/api/v1/admin/router/explain`);
    expect(await response.json()).toMatchObject({ would_serve: null });
  });

  it.each([
    ["tokens=-1", "tokens", "must be a whole number"],
    ["tokens=1e9", "tokens", "must be a whole number"],
    ["remaining_ms=300001", "remaining_ms", "must be at most 300000"],
    ["json=yes", "json", "must be one of true, false"],
    ["step=Compose!", "step", "must be one of recognise, plan"],
    ["tier=gold", "tier", "allowed: premium, standard"],
    ["model=x", "model", "is not a known field"],
  ])("refuses %s", async (query, field, detail) => {
    const { url } = await startServer({ operate: operating(), tiers });
    const response = await fetch(`${url}/api/v1/admin/router/explain?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_request",
      field,
      detail: expect.stringContaining(detail),
    });
  });
});

describe("/api/v1/admin/faults", () => {
  const FAULTS = "/api/v1/admin/faults";
  const layers = () => [layerStatus(), layerStatus({ layer: "store", ports: ["embedded"] })];

  it("sets, shows and clears the plan", async () => {
    const operate = operating();
    const { url } = await startServer({ operate, layers });
    const text =
      "llm:500@0.3;llm:slow(200);llm:refuse;llm:hang@0.5;llm:flap(3000);llm:cut-after(3)@0.2;llm:reset-after(0);llm:stall-after(9);llm:wrong-schema";
    expect(await (await postJson(url + FAULTS, { faults: text })).json()).toEqual({ faults: text });
    expect(await (await fetch(url + FAULTS)).json()).toEqual({ faults: text });
    expect(operate.faults.plan).toHaveLength(9);
    await postJson(url + FAULTS, { faults: "" });
    expect(operate.faults.plan).toEqual([]);
  });

  it.each([
    ["llm:explode", "the mode must be"],
    ["store:refuse", "store has only its last port"],
  ])("refuses %s and keeps the plan as it was", async (text, detail) => {
    const operate = operating();
    const { url } = await startServer({ operate, layers });
    await postJson(url + FAULTS, { faults: "llm:hang" });
    const response = await postJson(url + FAULTS, { faults: `llm:refuse;${text}` });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "faults", detail: expect.stringContaining(detail) });
    expect(operate.faults.plan).toMatchObject([{ mode: { kind: "hang" } }]);
  });

  it("is refused where it is not allowed, and says so in the log", async () => {
    const log = recordingLog();
    const operate = operating();
    const { url } = await startServer({
      operate: { ...operate, faults: Object.assign(operate.faults, { allowed: false }) },
      layers,
      log,
    });
    const response = await postJson(url + FAULTS, { faults: "llm:hang" });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "forbidden" });
    expect(operate.faults.plan).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", message: "audit: faults were refused" }));
  });
});
