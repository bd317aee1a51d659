import { afterEach, describe, expect, it, vi } from "vitest";
import type { Log } from "../../src/log.ts";
import { CALLS_OF_A_TURN, type ModelRig, patience, startModelRig } from "./model-rig.ts";

let rig: ModelRig;
afterEach(() => rig.close());

const CYCLES = 15;
const MOST_LINES = 12;

/** A log that is kept. */
function recorder() {
  const lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  return { lines, log: log as unknown as Log };
}

/** Everything that the first model hears, checks included. */
const hits = () => rig.fake("primary").requests.length;

describe("a first model that says wait", () => {
  it.each([
    ["fault 13", "429-retry-after-30"],
    ["fault 13", "503-retry-after-30"],
    ["fault 14", "429-retry-after-date-30"],
    ["fault 14", "429-retry-after-skewed-date-30"],
    ["fault 14", "429-retry-after-ms-30000"],
    ["fault 14", "429-reset-30"],
    ["fault 14", "429-ratelimit-reset-30"],
    ["fault 14", "429-hint-30"],
  ])("%s: %s: is not asked once before, and is asked then", async (_, fault) => {
    rig = await startModelRig();
    rig.fake("primary").fault(fault);
    const before = hits();
    const answer = await rig.ask();
    expect(answer.servedBy).toBe("secondary");
    expect(answer.body.degradation).toMatchObject([{ by: "secondary", reason: "cooldown" }]);
    expect((await rig.health()).llm.cooldown_until).toBe("2026-01-15T10:00:30.000Z");
    rig.fake("primary").fault(undefined);
    await rig.clock.advance(29_999);
    expect((await rig.ask()).servedBy).toBe("secondary");
    expect(hits() - before).toBe(1);
    expect((await rig.candidate()).state).toBe("cooldown");
    await rig.recovers(1);
  });

  it.each([3_600_000, -86_400_000])("fault 31: a jump of the wall clock (%d ms) moves no wait", async (jumpMs) => {
    rig = await startModelRig();
    rig.fake("primary").fault("429-retry-after-30");
    expect((await rig.ask()).servedBy).toBe("secondary");
    rig.fake("primary").fault(undefined);
    rig.clock.setWall(new Date(rig.clock.wall().getTime() + jumpMs));
    await rig.clock.advance(29_999);
    expect((await rig.ask()).servedBy).toBe("secondary");
    expect(rig.asked("primary")).toBe(1);
    expect(await rig.restMs()).toBe(1);
    await rig.recovers(1);
  });

  it("fault 14: three days are cut to an hour, and nobody waits for it", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("429-retry-after-date-259200");
    expect((await rig.ask()).servedBy).toBe("secondary");
    expect(await rig.restMs()).toBe(3_600_000);
    expect(rig.clock.now()).toBe(0);
    await rig.recovers(3_600_000);
  });

  it.each(["429-retry-after--5", "429-retry-after-date--60", "429-retry-after-0"])(
    "fault 14: a time that is over means now, once: %s",
    async (fault) => {
      rig = await startModelRig();
      rig.fake("primary").fault(fault);
      expect((await rig.ask()).servedBy).toBe("secondary");
      expect(await rig.restMs()).toBe(0);
      // Taken at its word, it says the same again: from then on it is left alone like one that says nothing.
      expect((await rig.ask()).servedBy).toBe("secondary");
      expect(rig.asked("primary")).toBe(2);
      expect(await rig.restMs()).toBeGreaterThan(30_000);
      expect((await rig.ask()).servedBy).toBe("secondary");
      expect(rig.asked("primary")).toBe(2);
      await rig.recovers(3_600_000);
    },
  );

  it.each([
    [0, 30_000, 60_000],
    [0.5, 45_000, 90_000],
  ])("fault 15: without a time the wait grows, with jitter (%d)", async (random, first, second) => {
    rig = await startModelRig({ random: () => random });
    rig.fake("primary").fault("429");
    await rig.ask();
    expect(await rig.restMs()).toBe(first);
    await rig.clock.advance(first);
    // Whoever asks first, a check or a caller, is refused again.
    await vi.waitFor(async () => {
      await rig.ask();
      expect(await rig.restMs()).toBe(second);
    });
    await rig.recovers(second);
  });

  it.each(["script-429-retry-after-60,429-retry-after-2,ok", "script-429-retry-after-2,429-retry-after-60,ok"])(
    "fault 16: of two that come at once the later end wins: %s",
    async (fault) => {
      rig = await startModelRig({ latencyMs: 100, warm: false });
      rig.fake("primary").fault(fault);
      const answers = [rig.ask(), rig.ask()];
      await vi.waitFor(() => expect(rig.asked("primary")).toBe(2), patience);
      await rig.clock.advance(100);
      for (const { servedBy } of await Promise.all(answers)) expect(servedBy).toBe("secondary");
      expect(await rig.restMs()).toBe(60_000);
      await rig.clock.advance(59_999);
      expect((await rig.ask()).servedBy).toBe("secondary");
      expect(rig.asked("primary")).toBe(2);
    },
  );
});

describe("what operators hear", () => {
  it.each([
    ["401", "auth"],
    ["quota", "quota"],
    ["404", "model_missing"],
  ])("fault 11, 12, 17: of %s an alert, once, that says what to do", async (fault, errorClass) => {
    const { log, lines } = recorder();
    rig = await startModelRig({ log });
    rig.fake("primary").fault(fault);
    for (let turn = 1; turn <= 3; turn += 1) expect((await rig.ask()).servedBy).toBe("secondary");
    const alerts = lines.filter(({ fields }) => "alert" in fields);
    expect(alerts).toMatchObject([{ level: "error", fields: { alert: "parked", by: "primary", errorClass } }]);
    expect(alerts[0]?.fields).toHaveProperty("action", expect.stringContaining("primary"));
  });
});

describe("a first model that flaps", () => {
  it("fault 26: every 3 s: the open time grows, callers hardly notice, and the log does not fill", async () => {
    const { log, lines } = recorder();
    rig = await startModelRig({ log });
    rig.fake("primary").fault("flap-3000");
    lines.length = 0;
    const openMs: number[] = [];
    let turns = 0;
    const turn = async () => {
      turns += 1;
      expect((await rig.ask()).status).toBe(200);
      if ((await rig.candidate()).state === "open") openMs.push(await rig.restMs());
    };
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      await turn();
      await rig.clock.advance(3_000);
      for (let inBad = 0; inBad < 3; inBad += 1) await turn();
      await rig.clock.advance(3_000);
    }
    // It began with 2 750 ms, and doubles.
    expect(Math.max(...openMs)).toBeGreaterThan(10_000);
    expect(rig.asked("primary")).toBeLessThan(turns * CALLS_OF_A_TURN);
    const perKind = new Map<string, number>();
    for (const { fields, message } of lines) {
      if ("layer" in fields) perKind.set(message, (perKind.get(message) ?? 0) + 1);
    }
    // In a minute and a half: five of a kind in each minute, and a sum.
    for (const [message, count] of perKind) expect([message, count <= MOST_LINES]).toEqual([message, true]);
    expect(perKind.get("another port served")).toBeGreaterThanOrEqual(5);
    await rig.recovers(300_000);
  }, 60_000);
});
