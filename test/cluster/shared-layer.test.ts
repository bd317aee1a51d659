import { describe, expect, it } from "vitest";
import { createShares } from "../../src/cluster/shares.ts";
import { type ErrorClass, LayerError } from "../../src/fallbacks/core/errors.ts";
import type { LayerEvent } from "../../src/fallbacks/core/events.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import type { GateMemory } from "../../src/fallbacks/core/gate.ts";
import { createLayer, type Port } from "../../src/fallbacks/core/layer.ts";
import type { ChatModel } from "../../src/fallbacks/llm/port.ts";
import { createModelMemory } from "../../src/wiring/model-memory.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock, settle } from "../support/manual-clock.ts";
import { createFakeClusters, type FakeMember } from "./fake-cluster.ts";

/** One server, for all processes. */
interface Upstream {
  state: "up" | ErrorClass;
  calls: number;
  probes: number;
}

interface TestPort extends Port {
  answer(): Promise<string>;
}

function createProcess(
  clock: ManualClock,
  member: FakeMember,
  upstream: Upstream,
  more: {
    readonly probe?: boolean;
    readonly head?: boolean;
    readonly memory?: GateMemory;
    readonly shared?: boolean;
  } = {},
) {
  const events: LayerEvent[] = [];
  const meet = async () => {
    if (upstream.state !== "up") throw new LayerError(upstream.state, `it is ${upstream.state}`);
    return "remote";
  };
  const remote: TestPort = {
    name: "remote",
    answer() {
      upstream.calls += 1;
      return meet();
    },
    ...(more.probe !== false && {
      async probe() {
        upstream.probes += 1;
        await meet();
      },
    }),
  };
  const well = (name: string): TestPort => ({ name, answer: async () => name });
  const shares = createShares(member);
  const layer = createLayer<TestPort>({
    name: "llm",
    configured: true,
    clock,
    random: () => 0.999_999,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: { lower: "Coarser." }, down: "Nothing.", action: "Look at it." },
    slots: [
      { port: remote, mode: "equal" },
      { port: well("local"), mode: "lower" },
    ],
    rest: {},
    onEvent: (event) => void events.push(event),
    ...(more.memory && { memoryOf: () => more.memory as GateMemory }),
    ...(more.shared !== false && { shareOf: ({ name }: TestPort) => shares.of("llm", name) }),
  });
  return {
    layer,
    member,
    events,
    ask: async () => (await layer.use((port) => port.answer(), testContext({ clock }))).by,
    breaker: () => layer.status().breaker?.state,
  };
}

function setUp(count = 3, more: Parameters<typeof createProcess>[3] = {}) {
  const clock = createManualClock();
  const { members } = createFakeClusters(count, clock);
  const upstream: Upstream = { state: "up", calls: 0, probes: 0 };
  const all = members.map((member) => createProcess(clock, member, upstream, more));
  return { clock, upstream, all };
}
type Process = ReturnType<typeof createProcess>;

describe("a layer in several processes", () => {
  it("shows an outage that another process has met, before anybody has asked here", async () => {
    const { upstream, all, clock } = setUp();
    const [a, b] = all as [Process, Process];
    upstream.state = "timeout";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await settle();
    expect(b.layer.status()).toMatchObject({
      state: "degraded",
      by: "local",
      reason: "open",
      since: clock.wall(),
      candidates: [{ state: "open", lastErrorClass: "timeout", breaker: { failures: 0 } }],
    });
    expect(await b.ask()).toBe("local");
    expect(upstream.calls).toBe(3);
    expect(b.events.filter(({ kind }) => kind === "breaker")).toEqual([
      { kind: "breaker", layer: "llm", by: "remote", state: "open", cause: "peer" },
    ]);
    expect(a.events.filter(({ kind }) => kind === "breaker")).toEqual([
      { kind: "breaker", layer: "llm", by: "remote", state: "open" },
    ]);
  });

  it("without traffic brings it back everywhere by one background check at a time", async () => {
    const { upstream, all, clock } = setUp();
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await (all[0] as Process).ask();
    await clock.advance(5_000 + 250);
    expect(upstream.probes).toBe(1);
    await clock.advance(10_000 + 250);
    expect(upstream.probes).toBe(2);
    upstream.state = "up";
    await clock.advance(20_000 + 250);
    expect(all.map(({ layer }) => layer.status().state)).toEqual(["ok", "ok", "ok"]);
    // Where it was found to be well, the others have each looked once.
    expect(upstream.probes).toBe(5);
    expect(upstream.calls).toBe(3);
  });

  it("leaves the probe to traffic, which proves more", async () => {
    const { upstream, all, clock } = setUp();
    const [a, b] = all as [Process, Process];
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await clock.advance(5_000);
    upstream.state = "up";
    for (const each of all) await each.ask();
    await settle();
    const answers: string[] = [];
    for (const each of all) answers.push(await each.ask());
    expect(answers.filter((by) => by === "remote").length).toBeGreaterThanOrEqual(1);
    await clock.advance(1_000);
    expect(await b.ask()).toBe("remote");
    expect(upstream.probes).toBeLessThanOrEqual(2);
  });

  it("shows a wait that another process was told, and says whose it is", async () => {
    const { upstream, all, clock } = setUp(2);
    const [a, b] = all as [Process, Process];
    upstream.state = "quota";
    await a.ask();
    await settle();
    expect(b.layer.status()).toMatchObject({
      state: "degraded",
      reason: "parked",
      cooldownUntil: new Date(clock.wall().getTime() + 900_000),
    });
    expect(b.events.filter(({ kind }) => kind === "rest")).toEqual([
      { kind: "rest", layer: "llm", by: "remote", rest: "parked", errorClass: "quota", ms: 900_000, cause: "peer" },
    ]);
    upstream.state = "up";
    await a.layer.control({ action: "probe_now", reason: "paid", author: "an operator", ttlMs: 1_000 });
    await clock.advance(0);
    expect(await b.ask()).toBe("remote");
  });

  it("an order to close brings it back in all processes", async () => {
    const { upstream, all, clock } = setUp();
    const [a, b] = all as [Process, Process];
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await settle();
    upstream.state = "up";
    await b.layer.control({ action: "close", reason: "mended", author: "an operator", ttlMs: 1_000 });
    expect(await b.ask()).toBe("remote");
    await clock.advance(1_000);
    expect(all.map((each) => each.breaker())).toEqual(["closed", "half_open", "closed"]);
  });

  it("an order to probe asks nobody first", async () => {
    const { upstream, all } = setUp();
    const [a, b] = all as [Process, Process];
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await settle();
    upstream.state = "up";
    await b.layer.control({ action: "probe_now", reason: "mended", author: "an operator", ttlMs: 1_000 });
    expect([b.breaker(), b.member.claims]).toEqual(["closed", []]);
  });

  it("shares no port that it could not check", async () => {
    const { upstream, all } = setUp(2, { probe: false });
    const [a, b] = all as [Process, Process];
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await settle();
    expect(b.breaker()).toBe("closed");
    expect(a.member.said).toEqual([]);
  });

  it("has no part in it once it is closed", async () => {
    const { upstream, all, clock } = setUp();
    const [a, b] = all as [Process, Process];
    await b.layer.close();
    upstream.state = "network";
    for (let turn = 0; turn < 3; turn += 1) await a.ask();
    await clock.advance(60_000);
    expect([b.breaker(), b.member.claims, b.events]).toEqual(["closed", [], []]);
  });

  it("with Redis frozen, no call waits: each takes no time of the clock", async () => {
    const { upstream, all, clock } = setUp();
    for (const { member } of all) member.setLink("frozen");
    upstream.state = "network";
    const before = clock.now();
    for (let turn = 0; turn < 50; turn += 1) for (const each of all) expect(await each.ask()).toBe("local");
    expect(clock.now()).toBe(before);
    // Nobody hears the others, so each has met it by itself.
    expect(upstream.calls).toBe(9);
  });

  it("two models that are one to their provider are one here too", async () => {
    const clock = createManualClock();
    const { members } = createFakeClusters(1, clock);
    const upstream: Upstream = { state: "up", calls: 0, probes: 0 };
    const [member] = members as [FakeMember];
    const shares = createShares(member);
    const ports = ["one", "two"].map(
      (name): TestPort => ({
        name,
        async answer() {
          upstream.calls += 1;
          if (name === "one") throw new LayerError("server", "500");
          return name;
        },
        probe: async () => {},
      }),
    );
    const memory = createModelMemory({
      clock,
      random: () => 0.999_999,
      rest: {},
      identityOf: () => "the same",
    });
    const layer = createLayer<TestPort>({
      name: "llm",
      configured: true,
      clock,
      random: () => 0.999_999,
      faults: createFaults({ clock, random: () => 0 }),
      words: { impact: { lower: "Coarser." }, down: "Nothing.", action: "Look at it." },
      slots: [
        { port: ports[0] as TestPort, mode: "equal" },
        { port: ports[1] as TestPort, mode: "equal" },
        { port: { name: "local", answer: async () => "local" }, mode: "lower" },
      ],
      rest: {},
      memoryOf: (port) => memory.memoryOf(port as unknown as ChatModel),
      shareOf: () => shares.of("llm", "the same"),
    });
    for (let turn = 0; turn < 3; turn += 1) await layer.use((port) => port.answer(), testContext({ clock }));
    await settle();
    expect(layer.status().candidates.map(({ state }) => state)).toEqual(["open", "open"]);
  });
});
