import { afterEach, describe, expect, it, vi } from "vitest";
import { type Clock, systemClock } from "../../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer } from "../../../src/fallbacks/core/layer.ts";
import { createLangfuseTracing } from "../../../src/fallbacks/tracing/langfuse.ts";
import { createNoopTracing } from "../../../src/fallbacks/tracing/noop.ts";
import type { Tracing } from "../../../src/fallbacks/tracing/port.ts";
import { outcome, turnTrace } from "../../contracts/tracing.ts";
import { type ChildServer, startChildServer } from "../../support/child-server.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { advanceUntil, keys, langfuseTests, traceIds } from "./langfuse-setup.ts";

function layerOf(port: Tracing, clock: Clock): Layer<Tracing> {
  const random = () => 0.5;
  return createLayer<Tracing>({
    name: "tracing",
    slots: [
      { port, mode: "equal", timeoutMs: 500 },
      { port: createNoopTracing(), mode: "equal" },
    ],
    configured: true,
    clock,
    random,
    faults: createFaults({ clock, random }),
    words: { impact: { equal: "None." }, down: "None.", action: "None." },
  });
}

async function turn(layer: Layer<Tracing>, clock: Clock, turnId: string): Promise<string> {
  const context = testContext({ clock });
  const { value, by } = await layer.use((port, limited) => port.start(turnTrace(turnId), limited), context);
  value.end(outcome);
  return by;
}

describe("Langfuse in its layer", () => {
  const { fake, create } = langfuseTests();

  it("an outage is a degraded layer, and ends by the background probe", async () => {
    const clock = createManualClock();
    const port = create(clock);
    const layer = layerOf(port, clock);
    fake().fault({ kind: "status", status: 503 });
    expect(await turn(layer, clock, "kept")).toBe("langfuse");
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.start(turnTrace(), testContext())).rejects.toThrow(LayerError));
    expect(await turn(layer, clock, "untraced")).toBe("noop");
    expect(layer.status()).toMatchObject({ state: "degraded", by: "noop", lastError: { errorClass: "server" } });
    await turn(layer, clock, "untraced");
    await turn(layer, clock, "untraced");
    expect(layer.status().breaker).toMatchObject({ state: "open" });

    fake().fault(undefined);
    await advanceUntil(clock, 1_000, () => expect(layer.status()).toMatchObject({ state: "ok", by: "langfuse" }));
    expect(await turn(layer, clock, "new")).toBe("langfuse");
    await advanceUntil(clock, 2_000, () => expect(traceIds(fake())).toEqual(["kept", "new"]));
    await layer.close();
  });

  it("wrong keys do not open the breaker, and yet no turn is lost unsaid, and it recovers by itself", async () => {
    const clock = createManualClock();
    const port = create(clock);
    const layer = layerOf(port, clock);
    fake().fault({ kind: "status", status: 401 });
    await turn(layer, clock, "kept");
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.start(turnTrace(), testContext())).rejects.toThrow(LayerError));
    expect(await turn(layer, clock, "untraced")).toBe("noop");
    expect(layer.status()).toMatchObject({ state: "degraded", reason: "parked", breaker: { state: "closed" } });
    fake().fault(undefined);
    await advanceUntil(clock, 2_000, () => expect(traceIds(fake())).toEqual(["kept"]));
    await vi.waitFor(async () => expect(await turn(layer, clock, "new")).toBe("langfuse"));
    expect(layer.status()).toMatchObject({ state: "ok" });
    await layer.close();
  });
});

describe("a frozen Langfuse", () => {
  const children: ChildServer[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
  });

  it("fault 51: is noticed, and has every turn once when it thaws", async () => {
    const child = await startChildServer("test/support/fake-langfuse-child.ts");
    children.push(child);
    const { url } = child;
    const port = createLangfuseTracing({
      ...keys,
      baseUrl: url,
      clock: systemClock,
      flushMs: 20,
      requestTimeoutMs: 300,
    });
    const end = async (turnId: string) => {
      const span = await port.start(turnTrace(turnId), testContext());
      span.end(outcome);
    };
    await end("before");
    await vi.waitFor(() => expect(port.waiting).toBe(0), { timeout: 10_000 });
    child.freeze();
    await end("frozen");
    await vi.waitFor(
      () => expect(port.start(turnTrace(), testContext())).rejects.toMatchObject({ errorClass: "timeout" }),
      {
        timeout: 10_000,
      },
    );
    expect(port.waiting).toBe(1);
    child.thaw();
    await vi.waitFor(() => expect(port.waiting).toBe(0), { timeout: 10_000 });
    await vi.waitFor(() => end("after"));
    await port.close();
    expect(port.dropped).toBe(0);
    const authorization = `Basic ${Buffer.from(`${keys.publicKey}:${keys.secretKey}`).toString("base64")}`;
    const response = await fetch(`${url}/api/public/traces`, { headers: { authorization } });
    const { data } = (await response.json()) as { data: readonly { id: string; observations: readonly object[] }[] };
    expect(data.map(({ id, observations }) => [id, observations.length])).toEqual([
      ["before", 4],
      ["frozen", 4],
      ["after", 4],
    ]);
  });
});
