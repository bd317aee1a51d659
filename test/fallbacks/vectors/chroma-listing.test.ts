import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { within } from "../../../src/fallbacks/core/deadline.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { IdsPage, Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { type Answer, contextOf, type FakeChroma, json, startFakeChroma } from "./fake-chroma.ts";

/** A collection that is read in three parts. */
const all = Array.from({ length: 21_000 }, (_, at) => `id-${(at * 7_919) % 21_000}`);
const sorted = [...all].sort();
const PARTS = 3;

describe("listing a large collection of Chroma", () => {
  let fake: FakeChroma;
  let clock: ManualClock;
  let port: Vectors;
  /** Milliseconds that each exchange takes. */
  let takes: number;

  const late =
    (body: () => object): Answer =>
    (request, response) =>
      void clock.advance(takes).then(() => json(body())(request, response));

  beforeEach(async () => {
    fake = await startFakeChroma();
    clock = createManualClock();
    port = createChromaVectors({ url: fake.url, clock, timeoutMs: 5_000 });
    takes = 0;
    let reads = 0;
    fake.answers["get"] = late(() => {
      const offset = (reads++ % PARTS) * 9_999;
      return { ids: all.slice(offset, offset + 10_000) };
    });
    fake.answers["query"] = late(() => ({ ids: [all], distances: [all.map(() => 0.5)] }));
  });
  afterEach(async () => {
    await port.close?.();
    await fake.close();
  });

  const exchanges = () => fake.asked.filter((asked) => /get$|query$/.test(asked)).length;
  const list = (page: IdsPage) =>
    within({ clock, signal: new AbortController().signal, ms: 60_000, idleMs: 2_000 }, (signal, idle) =>
      port.ids("s", page, { ...contextOf(signal), idle }),
    );

  it("may take longer than a call may be silent, as each exchange is a sign of life", async () => {
    takes = 1_900;
    expect(await list({ limit: 100_000 })).toEqual(sorted);
    expect(clock.now()).toBeGreaterThanOrEqual(takes * (PARTS + 1));
  });

  it("is alive also when it has to read all again", async () => {
    takes = 1_900;
    const whole = fake.answers["query"];
    fake.answers["query"] = late(() => {
      if (whole) fake.answers["query"] = whole;
      const more = [...all, ...Array.from({ length: 1_000 }, (_, at) => `new-${at}`)];
      return { ids: [more], distances: [more.map(() => 0.5)] };
    });
    expect(await list({ limit: 100_000 })).toEqual(sorted);
    expect(exchanges()).toBe(2 * (PARTS + 1));
  });

  it("ends when one exchange is silent for too long", async () => {
    takes = 2_001;
    await expect(list({ limit: 100_000 })).rejects.toMatchObject({ errorClass: "timeout" });
  });

  it("reads the collection once for all pages that follow each other", async () => {
    const first = await list({ limit: 10_000 });
    expect(first).toEqual(sorted.slice(0, 10_000));
    expect(exchanges()).toBe(PARTS + 1);
    const second = await list({ after: sorted[9_999] ?? "", limit: 10_000 });
    expect(second).toEqual(sorted.slice(10_000, 20_000));
    const third = await list({ after: sorted[19_999] ?? "", limit: 10_000 });
    expect(third).toEqual(sorted.slice(20_000));
    expect(exchanges()).toBe(PARTS + 1);
    // It has been given to its end: whoever asks again is told what is there then.
    expect(await list({ after: sorted[19_999] ?? "", limit: 10_000 })).toEqual(third);
    expect(exchanges()).toBe(2 * (PARTS + 1));
  });

  it("reads anew for a page that does not follow the last one, and for a collection that was made anew", async () => {
    await list({ limit: 10 });
    expect(await list({ after: sorted[4] ?? "", limit: 10 })).toEqual(sorted.slice(5, 15));
    expect(exchanges()).toBe(2 * (PARTS + 1));
    expect(await list({ limit: 10 })).toEqual(sorted.slice(0, 10));
    expect(exchanges()).toBe(3 * (PARTS + 1));
    expect(await list({ after: sorted.at(-1) ?? "", limit: 10 })).toEqual([]);
  });
});
