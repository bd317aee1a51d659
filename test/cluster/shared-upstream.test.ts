import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createRedisCluster, type RedisCluster } from "../../src/cluster/redis-cluster.ts";
import { createShares } from "../../src/cluster/shares.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer } from "../../src/fallbacks/core/layer.ts";
import { createModel } from "../../src/fallbacks/llm/create-model.ts";
import { createMockModel } from "../../src/fallbacks/llm/mock.ts";
import type { ChatModel, TextTask } from "../../src/fallbacks/llm/port.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";

const CHAT = "/v1/chat/completions";
const WAIT = { timeout: 20_000, interval: 10 };
const PROCESSES = 3;
const CALLERS = 200;

const greet: TextTask<string> = {
  name: "greet",
  prompt: (input) => ({ system: "Greet.", messages: [{ role: "user", content: input }] }),
  byRule: () => "Hello.",
};

describeWithRedis("three processes before one model, on one Redis", () => {
  let redis: RedisServer;
  let upstream: FakeModel;
  let clock: ManualClock;
  let leave: AbortController;
  let clusters: RedisCluster[];
  let layers: Layer<ChatModel>[];

  beforeEach(async () => {
    [redis, upstream] = await Promise.all([startRedis(), startFakeModel()]);
    clock = createManualClock();
    leave = new AbortController();
    clusters = Array.from({ length: PROCESSES }, () =>
      createRedisCluster({
        url: redis.url,
        clock: systemClock,
        random: Math.random,
        instance: randomBytes(16).toString("hex"),
        report: (error) => expect(error).toBeUndefined(),
      }),
    );
    layers = clusters.map((cluster) => {
      const shares = createShares(cluster);
      const model = { provider: "openai", name: "model", model: "m", baseUrl: upstream.url, apiKey: "key" } as const;
      return createLayer<ChatModel>({
        name: "llm",
        configured: true,
        clock,
        random: () => 0.999_999,
        faults: createFaults({ clock, random: () => 0 }),
        words: { impact: {}, down: "", action: "" },
        slots: [
          { port: createModel({ ...model, clock }), mode: "equal" },
          { port: createMockModel(), mode: "lower" },
        ],
        rest: {},
        shareOf: () => shares.of("llm", JSON.stringify(["openai", "m", upstream.url, "key"])),
      });
    });
    await vi.waitFor(() => expect(clusters.every(({ connected }) => connected)).toBe(true), WAIT);
  });
  afterEach(async () => {
    leave.abort();
    await Promise.all([...layers, ...clusters].map((each) => each.close()));
    await Promise.all([redis.close(), upstream.close()]);
  });

  /** One call; who served it. */
  async function ask(layer: Layer<ChatModel> | undefined): Promise<string> {
    const served = await layer?.use(
      async (port, context) => {
        let text = "";
        for await (const chunk of port.stream(greet, "Hi", context)) if (chunk.type === "text") text += chunk.text;
        return text;
      },
      testContext({ clock, signal: leave.signal }),
    );
    return served?.by ?? "nobody";
  }

  const states = () => layers.map((layer) => layer.status().breaker?.state);
  // Dates have whole milliseconds.
  const openMs = () => (layers[0]?.status().candidates[0]?.until?.getTime() ?? 0) - clock.wall().getTime() + 1;

  it("fault 27: of 200 callers in each that find it half open one gets to the model; the others are served at once", async () => {
    upstream.fault("500");
    for (let turn = 0; turn < 3; turn += 1) expect(await ask(layers[0])).toBe("mock");
    await vi.waitFor(() => expect(states()).toEqual(["open", "open", "open"]), WAIT);
    expect(upstream.count(CHAT)).toBe(3);
    upstream.fault("hang");
    // With the end of the open time each process asks for the right to probe, by a caller or by its background check.
    await clock.advance(openMs());
    const before = upstream.count(CHAT);
    const answers: string[] = [];
    const crowd = () => {
      for (const layer of layers)
        for (let i = 0; i < CALLERS; i += 1)
          void ask(layer).then(
            (by) => answers.push(by),
            () => {},
          );
    };
    let asked = 0;
    await vi.waitFor(async () => {
      crowd();
      asked += PROCESSES * CALLERS;
      await vi.waitFor(() => expect(answers.length).toBeGreaterThanOrEqual(asked - 1), WAIT);
      expect(upstream.count(CHAT)).toBe(before + 1);
    }, WAIT);
    crowd();
    asked += PROCESSES * CALLERS;
    await vi.waitFor(() => expect(answers).toHaveLength(asked - 1), WAIT);
    expect(new Set(answers)).toEqual(new Set(["mock"]));
    expect(upstream.count(CHAT)).toBe(before + 1);
    expect(upstream.open).toBe(1);
  });

  it("a key that was refused once is left alone by all, and none of it is in Redis", async () => {
    upstream.fault("401");
    expect(await ask(layers[0])).toBe("mock");
    await vi.waitFor(() => {
      expect(layers.map((layer) => layer.status().candidates[0]?.state)).toEqual(["parked", "parked", "parked"]);
    }, WAIT);
    for (const layer of layers) expect(await ask(layer)).toBe("mock");
    expect(upstream.count(CHAT)).toBe(1);
    const names = (await redis.command("KEYS", "*")).split("\n");
    const kept = names.filter((name) => name.startsWith("{understudy}:kept:"));
    expect(kept).toHaveLength(1);
    expect(`${names.join()} ${await redis.command("GET", kept[0] as string)}`).not.toContain(upstream.url);
  });

  it("fault 40: with Redis frozen no call takes longer, and each process finds out by itself", async () => {
    upstream.fault("500");
    redis.stop();
    const before = clock.now();
    // Nobody is told, so each has its own three failures.
    for (const layer of layers) for (let turn = 0; turn < 50; turn += 1) expect(await ask(layer)).toBe("mock");
    expect(upstream.count(CHAT)).toBe(9);
    expect(clock.now()).toBe(before);
    upstream.fault(undefined);
    await clock.advance(openMs());
    await vi.waitFor(async () => expect(await ask(layers[0])).toBe("model"), WAIT);
    redis.cont();
  });
});
