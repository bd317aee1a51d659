import { describe, expect, it } from "vitest";
import type { LayerEvent } from "../src/fallbacks/core/events.ts";
import { createEventLog } from "../src/log-events.ts";
import { createManualClock } from "./support/manual-clock.ts";

interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function setUp() {
  const clock = createManualClock();
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Line["fields"], message });
  // The part of pino's interface that is used.
  const log = { info: at("info"), warn: at("warn"), error: at("error") } as unknown as Parameters<
    typeof createEventLog
  >[0]["log"];
  return { clock, lines, ...createEventLog({ clock, log }) };
}

const breaker = (state: "open" | "closed" | "half_open"): LayerEvent => ({
  kind: "breaker",
  layer: "llm",
  by: "a",
  state,
});
const failover: LayerEvent = { kind: "failover", layer: "llm", from: "a", to: "b", cause: "server" };
const since = new Date(0);

describe("the log of layers", () => {
  it("says who served for whom and why, what breakers do, and when an outage begins and ends", () => {
    const { hear, lines } = setUp();
    hear(failover);
    hear(breaker("open"));
    hear(breaker("closed"));
    const outage = { layer: "llm", since, by: "b", mode: "equal", reason: "open" } as const;
    hear({ kind: "episode", change: "started", ...outage });
    hear({ kind: "episode", change: "ended", ...outage });
    expect(lines).toEqual([
      { level: "warn", fields: { layer: "llm", from: "a", to: "b", cause: "server" }, message: "another port served" },
      { level: "warn", fields: { layer: "llm", by: "a", state: "open" }, message: "a breaker changed" },
      { level: "info", fields: { layer: "llm", by: "a", state: "closed" }, message: "a breaker changed" },
      { level: "warn", fields: outage, message: "a layer is degraded" },
      { level: "info", fields: outage, message: "a layer is on its first port again" },
    ]);
  });

  it("does not write each call", () => {
    const { hear, lines } = setUp();
    const when = { startedAt: since, endedAt: since };
    hear({
      kind: "attempt",
      layer: "llm",
      by: "a",
      step: null,
      ...when,
      errorClass: null,
      usage: null,
      ms: 1,
      firstMs: 1,
    });
    expect(lines).toEqual([]);
  });

  it.each([
    ["auth", "replace it"],
    ["quota", "look at its billing"],
    ["model_missing", "correct its name"],
  ] as const)("a port that is parked for %s is an alert that says what to do", (errorClass, todo) => {
    const { hear, lines } = setUp();
    hear({ kind: "rest", layer: "llm", by: "a", rest: "parked", errorClass, ms: 900_000 });
    expect(lines).toEqual([
      {
        level: "error",
        fields: {
          alert: "parked",
          layer: "llm",
          by: "a",
          errorClass,
          ms: 900_000,
          action: expect.stringContaining(todo),
        },
        message: "a port is parked: somebody has to act",
      },
    ]);
    expect(lines[0]?.fields["action"]).toContain("probe_now");
  });

  it("a cooldown is no alert", () => {
    const { hear, lines } = setUp();
    hear({ kind: "rest", layer: "llm", by: "a", rest: "cooldown", errorClass: "rate_limited", ms: 1_500.4 });
    expect(lines).toMatchObject([{ level: "info", fields: { by: "a", errorClass: "rate_limited", ms: 1_500 } }]);
  });

  it("an order is always written, with its author and reason", () => {
    const { hear, lines } = setUp();
    const order = { layer: "llm", by: "a", action: "force_open", reason: "its bill", author: "abc" } as const;
    for (let time = 0; time < 20; time += 1) hear({ kind: "control", ...order, ttlMs: 60_000 });
    expect(lines).toHaveLength(20);
    expect(lines[0]).toEqual({ level: "warn", fields: { ...order, ttlS: 60 }, message: "an operator gave an order" });
  });
});

describe("fault 26: a layer that flaps", () => {
  it("gets its first changes written, then one line a minute, until it is calm", async () => {
    const { hear, lines, clock } = setUp();
    const flap = async (minutes: number) => {
      for (let change = 0; change < minutes * 20; change += 1) {
        hear(breaker(change % 2 === 0 ? "open" : "closed"));
        for (let call = 0; call < 10; call += 1) hear(failover);
        await clock.advance(3_000);
      }
    };
    await flap(1);
    const summary = (folded: object) => ({
      level: "warn",
      fields: { layer: "llm", folded },
      message: expect.any(String),
    });
    // Twenty changes and two hundred calls: five of each are written, and one sum.
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toEqual(summary({ failover: 195, breaker: 15 }));
    await flap(2);
    expect(lines.slice(11)).toEqual(Array.from({ length: 2 }, () => summary({ failover: 200, breaker: 20 })));
    await clock.advance(120_000);
    expect(lines).toHaveLength(13);
    hear(breaker("open"));
    expect(lines.at(-1)).toMatchObject({ message: "a breaker changed" });
  });

  it("does not hide another layer, nor the end of a long outage behind its calls", async () => {
    const { hear, lines, clock } = setUp();
    for (let call = 0; call < 1_000; call += 1) hear(failover);
    hear({ ...breaker("open"), layer: "store" });
    hear(breaker("closed"));
    expect(lines).toHaveLength(7);
    await clock.advance(60_000);
    hear(breaker("open"));
    hear(failover);
    expect(lines.slice(7)).toMatchObject([{ fields: { folded: { failover: 995 } } }, { fields: { state: "open" } }]);
  });

  it("writes what is rare as long as something else floods", async () => {
    const { hear, lines, clock } = setUp();
    for (let minute = 0; minute < 4; minute += 1) {
      for (let call = 0; call < 100; call += 1) hear(failover);
      for (let change = 0; change < 4; change += 1) hear(breaker("open"));
      await clock.advance(60_000);
    }
    expect(lines.filter(({ message }) => message === "a breaker changed")).toHaveLength(16);
  });

  it("loses no count when the server ends", () => {
    const { hear, lines, close, clock } = setUp();
    for (let call = 0; call < 8; call += 1) hear(failover);
    close();
    expect(lines.at(-1)).toMatchObject({ fields: { folded: { failover: 3 } } });
    expect(clock.pending).toBe(0);
  });
});
