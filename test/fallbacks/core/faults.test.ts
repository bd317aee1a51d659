import { describe, expect, it } from "vitest";
import { createFaults, parseFaults } from "../../../src/fallbacks/core/faults.ts";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";

const signal = new AbortController().signal;

describe("faults on request", () => {
  it("reads layers, modes and shares", () => {
    expect(parseFaults(" llm:500@0.3; store:hang;vectors:refuse ;graph:slow(20);")).toEqual([
      { layer: "llm", mode: { kind: "status", status: 500 }, probability: 0.3 },
      { layer: "store", mode: { kind: "hang" }, probability: 1 },
      { layer: "vectors", mode: { kind: "refuse" }, probability: 1 },
      { layer: "graph", mode: { kind: "slow", ms: 20 }, probability: 1 },
    ]);
  });

  it.each([
    ["lm:refuse", "allowed: llm, embeddings"],
    ["llm", "LAYER:MODE"],
    ["llm:explode", "must be refuse, hang, slow(MS) or a status from 400 to 599"],
    ["llm:200", "status from 400 to 599"],
    ["llm:refuse@0", "above 0 and at most 1"],
    ["llm:refuse@1.5", "above 0 and at most 1"],
    ["llm:slow(600001)", "0 to 600000 ms"],
  ])("refuses %s and says what is allowed", (text, message) => {
    expect(() => parseFaults(text)).toThrow(message);
  });

  it("hits the same calls for the same seed, in about the share asked for", async () => {
    const run = async (seed: number) => {
      const faults = createFaults({ clock: createManualClock(), random: seededRandom(seed) });
      faults.set(parseFaults("llm:429@0.3"));
      const hits: boolean[] = [];
      for (let i = 0; i < 1_000; i += 1) {
        hits.push(
          await faults.inject("llm", signal).then(
            () => false,
            () => true,
          ),
        );
      }
      return hits;
    };
    const hits = await run(7);
    expect(await run(7)).toEqual(hits);
    expect(await run(8)).not.toEqual(hits);
    expect(hits.filter(Boolean).length).toBeGreaterThan(250);
    expect(hits.filter(Boolean).length).toBeLessThan(350);
  });

  it("slows by the time asked for, leaves other layers alone, and is gone when the plan is emptied", async () => {
    const clock = createManualClock();
    const faults = createFaults({ clock, random: seededRandom(1) });
    faults.set(parseFaults("llm:slow(100)"));
    let done = false;
    void faults.inject("llm", signal).then(() => {
      done = true;
    });
    await faults.inject("store", signal);
    await clock.advance(99);
    expect(done).toBe(false);
    await clock.advance(1);
    expect(done).toBe(true);
    faults.set([]);
    await faults.inject("llm", signal);
    await settle();
    expect(clock.pending).toBe(0);
  });
});
