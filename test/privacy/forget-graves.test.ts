import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { forgetGravesDaily } from "../../src/privacy/forget-graves.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

const DAY = 86_400_000;

/** A store with the graves of `count` records; stores dig them by the clock of the machine. */
async function withGraves(count: number) {
  const store = createMemoryStore();
  const keys = Array.from({ length: count }, (_, number) => `${number}`);
  const put = keys.map((key) => ({ kind: "put", collection: "turns", key, value: 1 }) as const);
  const remove = keys.map((key) => ({ kind: "delete", collection: "turns", key }) as const);
  await store.commit({ id: "put", writes: put }, testContext());
  await store.commit({ id: "delete", writes: remove }, testContext());
  const left = async () => (await store.graves({ collection: "turns", limit: 1_000 }, testContext())).length;
  return { store, left };
}

function start(stores: Parameters<typeof forgetGravesDaily>[0]["stores"]) {
  const clock = createManualClock();
  clock.setWall(new Date());
  const told: unknown[] = [];
  const stop = forgetGravesDaily({
    stores,
    clock,
    random: () => 0.5,
    info: (fields) => void told.push(fields),
    report: (error, fields) => void told.push([error, fields]),
  });
  return { clock, told, stop };
}

describe("graves", () => {
  it("are forgotten after 30 days, in steps, by every process for its own stores", async () => {
    const one = await withGraves(800);
    const other = await withGraves(1);
    const { clock, told, stop } = start([one.store, other.store]);
    await clock.advance(29 * DAY);
    expect([await one.left(), await other.left()]).toEqual([800, 1]);
    await clock.advance(2 * DAY);
    expect([await one.left(), await other.left()]).toEqual([0, 0]);
    expect(told).toEqual([
      { store: "memory", records: 800 },
      { store: "memory", records: 1 },
    ]);
    stop();
    expect(clock.pending).toBe(0);
  });

  it("fault 31: are kept when the clock was set forward, until it has gone on from there for a day", async () => {
    const one = await withGraves(1);
    const { clock, stop } = start([one.store]);
    await clock.advance(DAY / 2);
    clock.setWall(new Date(clock.wall().getTime() + 365 * DAY));
    await clock.advance(DAY);
    expect(await one.left()).toBe(1);
    await clock.advance(DAY);
    expect(await one.left()).toBe(0);
    stop();
  });

  it("of one store are forgotten although the other is away, which is reported", async () => {
    const one = await withGraves(1);
    const away = { name: "redis", forgetGraves: () => Promise.reject(new LayerError("network", "away")) };
    const { clock, told, stop } = start([away, one.store]);
    await clock.advance(31 * DAY);
    expect(await one.left()).toBe(0);
    expect(told[0]).toEqual([
      expect.objectContaining({ message: "away" }),
      expect.objectContaining({ store: "redis" }),
    ]);
    stop();
  });
});
