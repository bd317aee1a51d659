import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CacheOutcome, createIntentCache, type IntentKey } from "../../src/graph/intent-cache.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { recognitionOf } from "./nodes/bench.ts";

const known = recognitionOf({ intents: ["ticket"], emotion: "anxiety", emotionScore: 3 });

function keyOf(part: Partial<IntentKey> = {}): IntentKey {
  const owner = JSON.stringify(["key-1", "ann"]);
  return { message: "where is my parcel?", history: [], slots: {}, owner, tier: null, ...part };
}

function setUp(maxEntries?: number) {
  const clock = createManualClock();
  const outcomes: CacheOutcome[] = [];
  const state = { circumstances: "revision 1" };
  const cache = createIntentCache({
    clock,
    circumstances: () => state.circumstances,
    onLookup: (outcome) => outcomes.push(outcome),
    ttlMs: 1_000,
    ...(maxEntries !== undefined && { maxEntries }),
  });
  return { clock, outcomes, state, cache };
}

describe("the cache of intents", () => {
  it("gives what was recognised to whoever says the same in the same place, and counts", () => {
    const { cache, outcomes } = setUp();
    expect(cache.find(keyOf(), true)).toBeUndefined();
    cache.keep(keyOf(), known, false);
    expect(cache.find(keyOf({ message: "  where is my\nparcel? " }), true)).toEqual(known);
    expect(cache.find(keyOf({ owner: JSON.stringify(["key-1", "bob"]) }), true)).toEqual(known);
    expect(outcomes).toEqual(["miss", "hit", "hit"]);
  });

  it("takes full-width and plain letters for the same, and capitals for another tone", () => {
    const { cache } = setUp();
    cache.keep(keyOf({ message: "我的包裹ＡＢ１２在哪里" }), known, false);
    cache.keep(keyOf({ message: "where is my parcel?" }), known, false);
    expect(cache.find(keyOf({ message: "where is my parcel?" }), true)).toEqual(known);
    expect(cache.find(keyOf({ message: "WHERE IS MY PARCEL?" }), true)).toBeUndefined();
  });

  it.each<[string, Partial<IntentKey>]>([
    ["message", { message: "where is my refund?" }],
    ["history", { history: [{ user: "hi", bot: "Hello.", intent: "chitchat" }] }],
    ["numbers named before", { slots: { orderId: "LK20260142" } }],
    ["tenant", { owner: JSON.stringify(["key-2", "ann"]) }],
    ["tier", { tier: "premium" }],
  ])("gives nothing to another %s", (_what, part) => {
    const { cache } = setUp();
    cache.keep(keyOf(), known, false);
    expect(cache.find(keyOf(part), true)).toBeUndefined();
    expect(cache.find(keyOf(), true)).toEqual(known);
  });

  it("forgets with the knowledge base, the list of models and the hour", async () => {
    const { cache, state, clock } = setUp();
    cache.keep(keyOf(), known, false);
    state.circumstances = "revision 2";
    expect(cache.find(keyOf(), true)).toBeUndefined();
    state.circumstances = "revision 1";
    await clock.advance(999);
    expect(cache.find(keyOf(), true)).toEqual(known);
    await clock.advance(1);
    expect(cache.find(keyOf(), true)).toBeUndefined();
  });

  it("neither keeps what a stand-in said nor speaks for a model that is away", () => {
    const { cache, outcomes } = setUp();
    cache.keep(keyOf(), known, true);
    expect(cache.find(keyOf(), true)).toBeUndefined();
    cache.keep(keyOf(), known, false);
    expect(cache.find(keyOf(), false)).toBeUndefined();
    expect(cache.find(keyOf(), true)).toEqual(known);
    expect(outcomes).toEqual(["refused", "miss", "refused", "hit"]);
  });

  it("holds as many as it may, those used last (against a list)", () => {
    const message = fc.integer({ min: 0, max: 6 }).map((number) => `message ${number}`);
    const step = fc.record({ message, keeps: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { cache } = setUp(3);
        let model: string[] = [];
        for (const { message: text, keeps } of steps) {
          const hit = model.includes(text);
          if (keeps) cache.keep(keyOf({ message: text }), known, false);
          else expect(cache.find(keyOf({ message: text }), true)).toEqual(hit ? known : undefined);
          if (keeps || hit) model = [...model.filter((each) => each !== text), text].slice(-3);
        }
      }),
    );
  });
});
