import { describe, expect, it, vi } from "vitest";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
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
    expect(parseFaults("store:flap(3000)@0.5;llm:flap(1)")).toEqual([
      { layer: "store", mode: { kind: "flap", ms: 3_000 }, probability: 0.5 },
      { layer: "llm", mode: { kind: "flap", ms: 1 }, probability: 1 },
    ]);
  });

  it("reads what is wrong with the answers of a model", () => {
    const text =
      "llm:reset-after(0);llm:cut-after(3)@0.3;llm:stall-after(10000);llm:malformed;llm:empty;llm:wrong-schema";
    expect(parseFaults(text)).toEqual([
      { layer: "llm", mode: { kind: "reset-after", pieces: 0 }, probability: 1 },
      { layer: "llm", mode: { kind: "cut-after", pieces: 3 }, probability: 0.3 },
      { layer: "llm", mode: { kind: "stall-after", pieces: 10_000 }, probability: 1 },
      { layer: "llm", mode: { kind: "malformed" }, probability: 1 },
      { layer: "llm", mode: { kind: "empty" }, probability: 1 },
      { layer: "llm", mode: { kind: "wrong-schema" }, probability: 1 },
    ]);
  });

  it.each([
    ["lm:refuse", "allowed: llm, embeddings"],
    ["llm", "LAYER:MODE"],
    [
      "llm:explode",
      "the mode must be reset-after(N), cut-after(N), stall-after(N), malformed, empty, wrong-schema, " +
        "refuse, hang, slow(MS), flap(MS) or a status from 400 to 599",
    ],
    ["llm:slow", "the mode must be"],
    ["llm:refuse(3)", "the mode must be"],
    ["llm:cut-after", "the mode must be"],
    ["llm:200", "status from 400 to 599"],
    ["llm:600", "status from 400 to 599"],
    ["llm:refuse@0", "above 0 and at most 1"],
    ["llm:refuse@1.5", "above 0 and at most 1"],
    ["llm:slow(600001)", "slow(MS) takes 0 to 600000"],
    ["store:flap(0)", "flap(MS) takes 1 to 600000"],
    ["store:flap(600001)", "flap(MS) takes 1 to 600000"],
    ["llm:cut-after(10001)", "cut-after(N) takes 0 to 10000"],
  ])("refuses %s and says what is allowed", (text, message) => {
    expect(() => parseFaults(text)).toThrow(message);
  });

  it.each(["reset-after(1)", "cut-after(1)", "stall-after(1)", "malformed", "empty", "wrong-schema"])(
    "has %s for models only, and says what other layers take",
    (mode) => {
      expect(parseFaults(`llm:${mode}`)).toHaveLength(1);
      expect(() => parseFaults(`store:${mode}`)).toThrow(
        `"store:${mode}": the mode must be refuse, hang, slow(MS), flap(MS) or a status from 400 to 599`,
      );
    },
  );

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

  it("fault 26: refuses and is well in turns, from when it was set", async () => {
    const clock = createManualClock(1_234);
    const faults = createFaults({ clock, random: seededRandom(1) });
    const refused = () => faults.inject("store", signal).then(() => "well", asLayerError);
    const refusal = { errorClass: "network", message: "injected fault: store refused" };
    await clock.advance(500);
    faults.set(parseFaults("store:flap(3000)"));
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await refused()).toMatchObject(refusal);
      await clock.advance(2_999);
      expect(await refused()).toMatchObject(refusal);
      await clock.advance(1);
      expect(await refused()).toBe("well");
      await clock.advance(2_999);
      expect(await refused()).toBe("well");
      await clock.advance(1);
    }
    await clock.advance(3_000);
    faults.set(faults.plan);
    expect(await refused()).toMatchObject(refusal);
  });

  it("leaves the call to the port when it is the answer that is to be wrong, and draws each fault once for a call", async () => {
    const random = vi.fn(() => 0.4);
    const faults = createFaults({ clock: createManualClock(), random });
    faults.set(parseFaults("llm:malformed@0.5;llm:cut-after(2)@0.3;llm:empty;llm:429@0.2"));
    await faults.inject("llm", signal);
    expect(random).toHaveBeenCalledTimes(1);
    expect(faults.ofAnswer()).toEqual([{ kind: "malformed" }, { kind: "empty" }]);
    expect(random).toHaveBeenCalledTimes(3);
    faults.set([...parseFaults("llm:429;store:refuse"), { layer: "store", mode: { kind: "empty" }, probability: 1 }]);
    expect(faults.ofAnswer()).toEqual([]);
  });
});
