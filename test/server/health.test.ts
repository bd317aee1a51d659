import { describe, expect, it } from "vitest";
import { type LayerStatus, layerNames } from "../../src/fallbacks/core/status.ts";
import { healthOf } from "../../src/server/health.ts";
import { healthSchema } from "../../src/server/health-schema.ts";
import { keyOf, layerStatus, startServer } from "./test-server.ts";

const since = new Date("2026-01-15T09:00:00.000Z");
const on = (layer: LayerStatus["layer"], mode: LayerStatus["mode"]) =>
  layerStatus({ layer, state: "degraded", mode, since, by: "second", reason: "open", impact: "Slower." });

function verdict(...layers: readonly LayerStatus[]) {
  const { status, notices } = healthOf({ layers, exclude: [], production: false });
  return [status, notices.length];
}

describe("the overall state", () => {
  it("is the worst impact", () => {
    expect(verdict(...layerNames.map((layer) => layerStatus({ layer })))).toEqual(["ok", 0]);
    for (const mode of ["lower", "made_up", "not_durable"] as const) {
      expect(verdict(on("vectors", mode), layerStatus())).toEqual(["degraded", 0]);
    }
    expect(verdict(on("store", "equal"))).toEqual(["ok", 1]);
    expect(verdict(layerStatus({ layer: "store", state: "recovering" }))).toEqual(["ok", 1]);
    expect(verdict(layerStatus({ layer: "store", state: "recovering", mode: "not_durable" }))).toEqual(["degraded", 0]);
    expect(verdict(layerStatus({ layer: "tracing", state: "down" }))).toEqual(["ok", 1]);
    expect(verdict(on("tracing", "lower"))).toEqual(["ok", 1]);
  });

  it.each(layerNames)("with %s down", (layer) => {
    const [status] = verdict(layerStatus({ layer, state: "down" }));
    const expected = layer === "tracing" ? "ok" : ["llm", "graph", "store"].includes(layer) ? "down" : "degraded";
    expect(status).toBe(expected);
  });

  it("is degraded in production, and only there, when no model is configured", () => {
    const layers = [layerStatus({ configured: false, by: "mock", ports: ["mock"] })];
    const production = healthOf({ layers, exclude: [], production: true });
    expect(production.status).toBe("degraded");
    expect(production.layers["llm"]).toMatchObject({ state: "degraded", reason: "not_configured" });
    expect(healthOf({ layers, exclude: [], production: false }).status).toBe("ok");
  });

  it("says in a notice what stood in, where and since when", () => {
    expect(healthOf({ layers: [on("store", "equal")], exclude: [], production: false }).notices).toEqual([
      "store: degraded since 2026-01-15T09:00:00.000Z, served by second. What users notice: Slower.",
    ]);
  });
});

describe("GET /health", () => {
  const broken = layerStatus({
    state: "degraded",
    mode: "lower",
    since,
    lastError: { errorClass: "network", text: "refused by db.internal:6379", count: 3 },
    breaker: { state: "open", failures: 3, failureRate: null, calls: 9, nextProbeAt: since, notPermitted: 1 },
    backlog: { operations: 1, bytes: 2, oldestS: 3 },
  });

  it("shows operators everything, and everybody else no host, version or error text", async () => {
    const { url } = await startServer({ layers: () => [broken], settings: { authMode: "required" } });
    const full = await fetch(`${url}/health`, { headers: { "x-api-key": keyOf("operator") } });
    const json: unknown = await full.json();
    expect(full.status).toBe(200);
    expect(json).toEqual(healthSchema.strict().parse(json));
    expect(json).toMatchObject({
      status: "degraded",
      version: "0.0.0-test",
      layers: {
        llm: {
          ports: ["primary", "mock"],
          evidence_age_s: 1.5,
          last_error: { error_class: "network", text: "refused by db.internal:6379", count: 3 },
          breaker: { state: "open", next_probe_at: since.toISOString(), not_permitted: 1 },
          backlog: { oldest_s: 3 },
          fallback_verified_age_s: null,
          action: "none",
        },
      },
    });
    for (const key of [keyOf("user"), keyOf("admin"), "a-wrong-key-a-wrong-key", ""]) {
      const text = await (await fetch(`${url}/health`, { headers: key === "" ? {} : { "x-api-key": key } })).text();
      expect(text).not.toMatch(/db\.internal|0\.0\.0-test/);
      expect(Object.keys((JSON.parse(text) as { layers: { llm: object } }).layers.llm)).toEqual([
        "state",
        "configured",
        "by",
        "mode",
        "since",
        "reason",
        "impact",
      ]);
    }
  });

  it("is 503 only when no turn can be answered, and leaves out what is excluded", async () => {
    const down = layerStatus({ layer: "store", state: "down" });
    const { url } = await startServer({ layers: () => [broken, down] });
    expect((await fetch(`${url}/health`)).status).toBe(503);
    const rest = await fetch(`${url}/health?exclude=store,tracing`);
    expect(rest.status).toBe(200);
    expect(await rest.json()).toMatchObject({ status: "degraded", layers: { llm: {} } });
    const none = await fetch(`${url}/health?exclude=store,llm&verbose`);
    expect(await none.json()).toMatchObject({ status: "ok", layers: {} });
  });

  it("reads the layers anew each time", async () => {
    let state: LayerStatus["state"] = "ok";
    const { url } = await startServer({ layers: () => [layerStatus({ state, mode: "lower" })] });
    const status = async () => ((await (await fetch(`${url}/health`)).json()) as { status: string }).status;
    expect(await status()).toBe("ok");
    state = "degraded";
    expect(await status()).toBe("degraded");
  });
});

describe("GET /readyz", () => {
  it("gives the reasons when it is not ready", async () => {
    const reasons = ["draining"];
    const { url } = await startServer({ ready: () => ({ ready: false, reasons }) });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
