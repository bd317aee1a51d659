import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { settle } from "../support/manual-clock.ts";
import { admitted, createSharedGates, failure, type SharedGate, trip } from "./shared-gates.ts";

const HOUR_MS = 3_600_000;
const wait = (retryAfterMs?: number) =>
  new LayerError("rate_limited", "429", retryAfterMs === undefined ? {} : { retryAfterMs });
const obstacles = (gates: readonly SharedGate[]) => gates.map(({ gate }) => gate.obstacle);

const of = <T>(count: number, each: T) => Array.from({ length: count }, () => each);

function three() {
  const all = createSharedGates(3);
  const [a, b, c] = all.gates as [SharedGate, SharedGate, SharedGate];
  return { ...all, a, b, c };
}

/** A process on the same Redis that says what it likes. */
function liar({ gates }: { readonly gates: readonly SharedGate[] }) {
  const [{ member }] = gates as [SharedGate];
  const said = member.said[0]?.message;
  const port = typeof said === "object" && said !== null && "port" in said ? said["port"] : undefined;
  if (typeof port !== "string") throw new Error("nothing was said of the port yet");
  return (word: { readonly [field: string]: Json }) => member.publish("port", { port, word });
}

describe("waits that processes share", () => {
  it("keep all from the port until the later end, and each then lets one call find out", async () => {
    const { a, b, gates, clock } = three();
    admitted(a.gate).fail(wait(30_000), "neutral");
    await clock.advance(1_000);
    expect(obstacles(gates)).toEqual(of(3, { kind: "cooldown", inMs: 29_000 }));
    b.gate.unforce();
    await clock.advance(29_000);
    expect(gates.map(({ gate }) => [gate.acquire(), gate.acquire()].map((each) => each !== undefined))).toEqual(
      of(3, [true, false]),
    );
    expect(gates.map(({ member }) => member.said.length)).toEqual([1, 0, 0]);
  });

  it("of two ends the later one counts, whoever says it", async () => {
    const { a, b, gates } = three();
    const [first, second] = [admitted(a.gate), admitted(b.gate)];
    first.fail(wait(60_000), "neutral");
    second.fail(wait(20_000), "neutral");
    await settle();
    expect(obstacles(gates)).toEqual(of(3, { kind: "cooldown", inMs: 60_000 }));
  });

  it("end for all when a call has found that it is over", async () => {
    const { a, b, c, gates } = three();
    admitted(a.gate).fail(new LayerError("quota", "empty"), "neutral");
    await settle();
    expect(obstacles(gates)).toEqual(of(3, { kind: "parked", inMs: 900_000 }));
    b.gate.acquire({ check: true, now: true })?.succeed({ probed: true });
    await settle();
    expect(obstacles(gates)).toEqual([undefined, undefined, undefined]);
    // That one was served says little of a crowd.
    expect([a.gate.acquire(), a.gate.acquire()].filter((each) => each)).toHaveLength(1);
    expect([c.gate.acquire(), c.gate.acquire()].filter((each) => each)).toHaveLength(1);
  });

  it("are known to a process that starts in the middle, and to one that comes back", async () => {
    const { a, b, clock, gates, add } = three();
    b.member.setLink("cut");
    admitted(a.gate).fail(wait(30_000), "neutral");
    await clock.advance(10_000);
    const late = add();
    await settle();
    expect(obstacles([...gates, late]).map((each) => each?.inMs)).toEqual([20_000, undefined, 20_000, 20_000]);
    b.member.setLink("up");
    await settle();
    expect(b.gate.obstacle).toEqual({ kind: "cooldown", inMs: 20_000 });
  });

  it("that one has met alone are told when it comes back, also to a Redis that has lost all", async () => {
    const { a, b, c, clock, wipe } = three();
    b.member.setLink("cut");
    admitted(b.gate).fail(wait(30_000), "neutral");
    await clock.advance(10_000);
    expect(a.gate.obstacle).toBeUndefined();
    wipe();
    b.member.setLink("up");
    await settle();
    expect(obstacles([a, c])).toEqual(of(2, { kind: "cooldown", inMs: 20_000 }));
  });

  it("that a call has ended are known to nobody who starts then", async () => {
    const { a, add, clock } = three();
    admitted(a.gate).fail(wait(30_000), "neutral");
    await clock.advance(1_000);
    a.gate.acquire({ check: true, now: true })?.succeed({ probed: true });
    const late = add();
    await settle();
    expect(late.gate.obstacle).toBeUndefined();
  });

  it("an operator ends them for all", async () => {
    const { a, b, gates } = three();
    admitted(a.gate).fail(wait(30_000), "neutral");
    await settle();
    b.gate.tryNow();
    await settle();
    expect(obstacles(gates)).toEqual([undefined, undefined, undefined]);
  });

  it("that are said again and again are said once", async () => {
    const { a } = three();
    const calls = Array.from({ length: 50 }, () => admitted(a.gate));
    for (const call of calls) call.fail(wait(30_000), "neutral");
    expect(a.member.said).toHaveLength(1);
  });
});

describe("words that are wrong", () => {
  it("keep nobody from a port for longer than words of its own could", async () => {
    const setUp = three();
    admitted(setUp.a.gate).fail(wait(1_000), "neutral");
    await setUp.clock.advance(1_000);
    admitted(setUp.b.gate).succeed();
    const say = liar(setUp);
    say({ kind: "rest", rest: "parked", ms: 1e300, error_class: "auth" });
    say({ kind: "open", ms: 1e300, window: "zzz" });
    await settle();
    expect(setUp.b.gate.obstacle).toEqual({ kind: "parked", inMs: HOUR_MS });
    expect(setUp.b.gate.breaker.probeInMs()).toBe(300_000);
  });

  it("however often they are said: once an hour at least each process looks for itself", async () => {
    const setUp = three();
    admitted(setUp.a.gate).fail(wait(1), "neutral");
    await setUp.clock.advance(1);
    const say = liar(setUp);
    const { b, c, clock } = setUp;
    const looks: number[] = [];
    for (let minute = 0; minute < 150; minute += 1) {
      say({ kind: "rest", rest: "cooldown", ms: HOUR_MS, error_class: "rate_limited" });
      say({ kind: "open", ms: 200_000, window: `z${minute}` });
      await clock.advance(60_000);
      // The first one asks for the right to probe.
      b.gate.acquire()?.release();
      await settle();
      const call = b.gate.acquire();
      if (!call) continue;
      looks.push(minute);
      call.fail(failure, "failure");
    }
    expect(looks.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...looks.map((at, index) => at - (looks[index - 1] ?? 0)))).toBeLessThanOrEqual(61);
    expect(c.gate.breaker.state).not.toBe("closed");
  });

  it("also not by taking every right to probe", async () => {
    const setUp = three();
    trip(setUp.a.gate);
    await settle();
    const { a, b, clock } = setUp;
    const { port, word } = (a.member.said[0] as { readonly message: Json }).message as {
      readonly port: string;
      readonly word: { window: string };
    };
    await a.member.claim(`probe/${port}/${word.window}`, 86_400_000);
    let admissions = 0;
    for (let minute = 0; minute < 62; minute += 1) {
      if (minute < 60) expect(admissions).toBe(0);
      for (let turn = 0; turn < 2; turn += 1) {
        if (b.gate.acquire()) admissions += 1;
        await settle();
      }
      await clock.advance(60_000);
    }
    expect(admissions).toBe(1);
  });

  it("are believed twice in a row, then not until a call of its own fails", async () => {
    const setUp = three();
    const { a, b, clock } = setUp;
    admitted(a.gate).fail(wait(1), "neutral");
    await clock.advance(1);
    admitted(b.gate).succeed();
    const say = liar(setUp);
    const opens = async (window: string) => {
      say({ kind: "open", ms: 1_000, window });
      await settle();
      const { state } = b.gate.breaker;
      await clock.advance(1_000);
      b.gate.acquire()?.release();
      await settle();
      while (b.gate.breaker.state !== "closed") admitted(b.gate).succeed();
      return state;
    };
    expect([await opens("1"), await opens("2"), await opens("3"), await opens("4")]).toEqual([
      "open",
      "open",
      "closed",
      "closed",
    ]);
    trip(b.gate);
    await clock.advance(b.gate.breaker.probeInMs());
    b.gate.acquire();
    await settle();
    while (b.gate.breaker.state !== "closed") admitted(b.gate).succeed();
    expect(await opens("5")).toBe("open");
  });

  it("are believed after an outage that it has met itself, as often as ever", async () => {
    const { a, b } = three();
    const comeBack = () => {
      b.gate.tryNow();
      while (b.gate.breaker.state !== "closed") admitted(b.gate).succeed();
    };
    trip(b.gate);
    await settle();
    comeBack();
    for (const window of ["1", "2"]) {
      // Said by somebody else than the one who is to hear it.
      const { port } = (b.member.said[0] as { readonly message: Json }).message as { readonly port: string };
      a.member.publish("port", { port, word: { kind: "open", ms: 1_000, window } });
      await settle();
      expect(b.gate.breaker.state).toBe("open");
      comeBack();
    }
  });

  it("that are no words are counted and change nothing", async () => {
    const setUp = three();
    admitted(setUp.a.gate).fail(wait(1), "neutral");
    await setUp.clock.advance(1);
    const say = liar(setUp);
    const wrong = [
      { kind: "open", ms: -1, window: "1" },
      { kind: "open", ms: "5", window: "1" },
      { kind: "open", ms: 5, window: "1".repeat(65) },
      { kind: "open", ms: null, window: "1" },
      { kind: "rest", rest: "asleep", ms: 5, error_class: "auth" },
      { kind: "rest", rest: "parked", ms: 5, error_class: "none" },
      { kind: "closed" },
      {},
    ];
    for (const word of wrong) say(word);
    setUp.a.member.publish("port", "open");
    setUp.a.member.publish("port", { port: "../x", word: { kind: "well" } });
    await settle();
    expect(setUp.b.heard).toEqual(["rest"]);
    expect(setUp.b.gate.serving).toBe(false);
  });
});
