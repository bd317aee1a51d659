import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer, type LayerOptions, type Port } from "../../src/fallbacks/core/layer.ts";
import type { LayerStatus } from "../../src/fallbacks/core/status.ts";
import { createMetrics, type Metrics, type MetricsOptions } from "../../src/metrics/create-metrics.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

/** A model whose behaviour the test writes. */
interface ScriptedModel extends Port {
  act(): unknown;
}

export interface MetricsRig {
  readonly clock: ManualClock;
  readonly layer: Layer<ScriptedModel>;
  readonly metrics: Metrics;
  /** What the primary model does from now on; by default it answers. */
  readonly primary: (act: () => unknown) => void;
  readonly ask: () => Promise<string>;
  /** Value of one series, such as `calls_total{layer="llm",by="mock",outcome="ok"}`; undefined: it is not there. */
  readonly read: (series: string) => Promise<number | undefined>;
}

/** A real layer of a primary model and the mock, with metrics that listen to it. */
export function metricsRig(
  change: Partial<MetricsOptions> & { readonly layerOptions?: Partial<LayerOptions<ScriptedModel>> } = {},
): MetricsRig {
  const clock = createManualClock();
  let act: () => unknown = () => "";
  const statuses: () => readonly LayerStatus[] = () => [layer.status()];
  const { layerOptions, ...metricsOptions } = change;
  const metrics = createMetrics({
    clock,
    layers: statuses,
    priceOf: () => null,
    formerSpaces: () => 2,
    loopLag: { read: () => ({ mean: 0.001, p99: 0.02, max: 0.3 }), close() {} },
    ...metricsOptions,
  });
  const layer = createLayer<ScriptedModel>({
    name: "llm",
    slots: [
      { port: { name: "primary", act: () => act() }, mode: "equal" },
      { port: { name: "mock", act: () => "" }, mode: "lower" },
    ],
    configured: true,
    clock,
    random: () => 0.999_999,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "", action: "" },
    onEvent: metrics.hear,
    usageOf: (value) => (typeof value === "object" ? (value as { inputTokens: number; outputTokens: number }) : null),
    ...layerOptions,
  });
  const lines = async () => (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return {
    clock,
    layer,
    metrics,
    primary(next) {
      act = next;
    },
    async ask() {
      const served = await layer.use(async (port, { idle }) => {
        const value = await port.act();
        idle.begin();
        return value;
      }, testContext({ clock }));
      return served.by;
    },
    async read(series) {
      const line = (await lines()).find((text) => text.startsWith(`understudy_${series} `));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    },
  };
}
