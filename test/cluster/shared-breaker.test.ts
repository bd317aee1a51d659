import { describe, expect, it } from "vitest";
import { settle } from "../support/manual-clock.ts";
import { admitted, CALL_MS, createSharedGates, failure, type SharedGate, TAKE_UP_MS, trip } from "./shared-gates.ts";

const states = (gates: readonly SharedGate[]) => gates.map(({ gate }) => gate.breaker.state);
/** How many of 200 callers at each gate get through. */
const crowd = (gates: readonly SharedGate[]) =>
  gates.map(({ gate }) => Array.from({ length: 200 }, () => gate.acquire()).filter((each) => each).length);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** Three gates of which the first has opened, 1 ms before the open time is over. */
async function openedEverywhere(options: Parameters<typeof createSharedGates>[1] = {}) {
  const all = createSharedGates(3, options);
  trip((all.gates[0] as SharedGate).gate);
  await settle();
  await all.clock.advance((all.gates[0] as SharedGate).gate.breaker.probeInMs() - 1);
  const [a, b, c] = all.gates as [SharedGate, SharedGate, SharedGate];
  return { ...all, a, b, c };
}

/** The one that has the right to probe, and the others. */
async function elect({
  gates,
  clock,
}: {
  gates: readonly SharedGate[];
  clock: { advance(ms: number): Promise<void> };
}) {
  await clock.advance(1);
  crowd(gates);
  await settle();
  const winner = gates.find(({ member }) => member.claims.at(-1)?.got === true) as SharedGate;
  return { winner, others: gates.filter((each) => each !== winner) };
}

describe("a breaker that processes share", () => {
  it("opens for all when it opens for one, which counts no failure and is said once", async () => {
    const { gates, clock } = createSharedGates(3);
    trip((gates[0] as SharedGate).gate);
    await settle();
    expect(states(gates)).toEqual(["open", "open", "open"]);
    expect(gates.map(({ gate }) => gate.breaker.status().failures)).toEqual([3, 0, 0]);
    expect(gates.map(({ gate }) => Math.round(gate.breaker.probeInMs()))).toEqual([5_000, 5_000, 5_000]);
    expect(gates.map(({ member }) => member.said.length)).toEqual([1, 0, 0]);
    await clock.advance(4_999);
    expect(sum(crowd(gates))).toBe(0);
  });

  it("fault 27: of 200 callers in each of three processes that find it half open one gets through", async () => {
    const { gates, clock } = await openedEverywhere();
    await clock.advance(1);
    expect(sum(crowd(gates))).toBe(0);
    await settle();
    expect(sum(crowd(gates))).toBe(1);
    await clock.advance(CALL_MS);
    expect(sum(crowd(gates))).toBe(0);
    expect(gates.map(({ gate }) => gate.breaker.status().notPermitted >= 400)).toEqual([true, true, true]);
  });

  it("lets each of the others find out with one call as soon as the probe has succeeded", async () => {
    const setUp = await openedEverywhere();
    const { winner, others } = await elect(setUp);
    const probe = admitted(winner.gate);
    await setUp.clock.advance(1_000);
    expect(sum(crowd(others))).toBe(0);
    probe.succeed();
    await settle();
    expect(crowd(others)).toEqual([1, 1]);
    expect(states(setUp.gates)).toEqual(["half_open", "half_open", "half_open"]);
    expect(winner.gate.serving).toBe(true);
    expect(sum(others.map(({ gate }) => Number(gate.serving)))).toBe(0);
  });

  it("stays open for all, and for longer, when the probe fails, whoever probes", async () => {
    const setUp = await openedEverywhere();
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const { winner } = await elect(setUp);
      admitted(winner.gate).fail(failure, "failure");
      await settle();
      expect(states(setUp.gates)).toEqual(["open", "open", "open"]);
      const left = setUp.gates.map(({ gate }) => Math.round(gate.breaker.probeInMs() / 1_000));
      waits.push(...new Set(left));
      await setUp.clock.advance(winner.gate.breaker.probeInMs() - 1);
    }
    expect(waits).toEqual([10, 20, 40, 80]);
  });

  it("gives the right to another one when the one that had it was killed", async () => {
    const setUp = await openedEverywhere();
    const { winner, others } = await elect(setUp);
    admitted(winner.gate);
    await winner.member.close();
    await setUp.clock.advance(CALL_MS + TAKE_UP_MS - 1);
    expect(sum(crowd(others))).toBe(0);
    await setUp.clock.advance(1);
    crowd(others);
    await settle();
    expect(sum(crowd(others))).toBe(1);
  });

  it("asks again for a probe that told nothing, and lets nobody else in meanwhile", async () => {
    const setUp = await openedEverywhere();
    const { winner, others } = await elect(setUp);
    admitted(winner.gate).release();
    await setUp.clock.advance(TAKE_UP_MS);
    const again = admitted(winner.gate);
    await setUp.clock.advance(1);
    again.release();
    expect(sum(crowd(setUp.gates))).toBe(0);
    await setUp.clock.advance(CALL_MS - 1);
    crowd([...others, winner]);
    await settle();
    expect(sum(crowd(setUp.gates))).toBe(1);
  });

  it("makes one window of two that began at once, with the later end", async () => {
    let share = 0.5;
    const setUp = createSharedGates(3, {
      random: () => {
        share += 0.2;
        return share;
      },
    });
    const [a, b] = setUp.gates as [SharedGate, SharedGate, SharedGate];
    trip(a.gate);
    trip(b.gate);
    await settle();
    expect(setUp.gates.map(({ gate }) => Math.round(gate.breaker.probeInMs()))).toEqual([4_550, 4_550, 4_550]);
    await setUp.clock.advance(4_550);
    crowd(setUp.gates);
    await settle();
    expect(new Set(setUp.gates.flatMap(({ member }) => member.claims.map(({ name }) => name))).size).toBe(1);
    expect(sum(crowd(setUp.gates))).toBe(1);
    // The one whose name it is says it once more.
    expect(setUp.gates.map(({ member }) => member.said.length)).toEqual([1, 2, 0]);
  });

  it("is known to a process that starts in the middle, for the time that is left", async () => {
    const { clock, gates, add } = createSharedGates(2);
    trip((gates[0] as SharedGate).gate);
    await clock.advance(2_000);
    const late = add();
    await settle();
    expect(late.gate.breaker.state).toBe("open");
    expect(Math.round(late.gate.breaker.probeInMs())).toBe(3_000);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])("is one window also for a process that starts after two have begun it at once, %i first", async (...order) => {
    const { clock, gates, add } = createSharedGates(2);
    for (const index of order) trip((gates[index] as SharedGate).gate);
    await settle();
    await clock.advance(1_000);
    const all = [...gates, add()];
    await settle();
    expect(states(all)).toEqual(["open", "open", "open"]);
    await clock.advance(4_000);
    const probing = new Set<number>();
    for (let look = 0; look < 20; look += 1) {
      for (const [index, count] of crowd(all).entries()) if (count > 0) probing.add(index);
      await settle();
      await clock.advance(100);
    }
    expect(probing.size).toBe(1);
  });

  it("is known to nobody who starts after it has closed", async () => {
    const { gates, clock, add } = createSharedGates(1);
    const [{ gate }] = gates as [SharedGate];
    trip(gate);
    await clock.advance(1_000);
    gate.tryNow();
    admitted(gate).succeed({ probed: true });
    await settle();
    const late = add();
    await settle();
    expect(late.gate.breaker.state).toBe("closed");
  });

  it("is tried everywhere, by one process, when an operator says so in one", async () => {
    const { gates } = createSharedGates(3);
    trip((gates[0] as SharedGate).gate);
    await settle();
    (gates[1] as SharedGate).gate.tryNow();
    await settle();
    expect(gates.map(({ gate }) => gate.breaker.probeInMs())).toEqual([0, 0, 0]);
    // The process of the operator asks nobody.
    expect(crowd([gates[1] as SharedGate])).toEqual([1]);
    crowd([gates[0] as SharedGate, gates[2] as SharedGate]);
    await settle();
    expect(sum(crowd([gates[0] as SharedGate, gates[2] as SharedGate]))).toBe(1);
  });

  it("takes no part after it was left", async () => {
    const { gates } = createSharedGates(2);
    const [a, b] = gates as [SharedGate, SharedGate];
    b.gate.leave();
    trip(a.gate);
    await settle();
    expect(states(gates)).toEqual(["open", "closed"]);
    trip(b.gate);
    expect(b.member.said).toEqual([]);
  });
});

describe("a shared breaker, when nobody can tell", () => {
  it("each goes alone, and those who were told the same end do not go at the same instant", async () => {
    const shares = [0.2, 0.8];
    const { gates, clock } = createSharedGates(3, { random: () => shares.shift() ?? 0.999_999 });
    const [a, b, c] = gates as [SharedGate, SharedGate, SharedGate];
    shares.unshift(0.999_999);
    trip(a.gate);
    await settle();
    for (const { member } of gates) member.setLink("cut");
    await clock.advance(5_000);
    expect(crowd(gates)).toEqual([1, 0, 0]);
    expect(gates.flatMap(({ member }) => member.claims)).toEqual([]);
    await clock.advance(200);
    expect(crowd([b, c])).toEqual([1, 0]);
    await clock.advance(600);
    expect(crowd([b, c])).toEqual([0, 1]);
  });

  it("waits for no answer of a Redis that is frozen: refused at once, and alone when the limit is over", async () => {
    const { a, clock, gates } = await openedEverywhere();
    for (const { member } of gates) member.setLink("frozen");
    await clock.advance(1);
    expect(a.gate.acquire()).toBeUndefined();
    await clock.advance(99);
    expect(a.gate.acquire()).toBeUndefined();
    expect(a.gate.obstacle).toEqual({ kind: "open", inMs: null });
    await clock.advance(1);
    expect(crowd([a])).toEqual([1]);
  });

  it("while it is closed asks nobody anything", async () => {
    const { gates } = createSharedGates(1);
    const [{ gate, member }] = gates as [SharedGate];
    member.setLink("frozen");
    for (let i = 0; i < 100; i += 1) admitted(gate).succeed();
    expect([member.said, member.claims]).toEqual([[], []]);
  });

  it("tells after a time alone what is still so, and what is over", async () => {
    const { gates, clock } = createSharedGates(3);
    const [a, b, c] = gates as [SharedGate, SharedGate, SharedGate];
    b.member.setLink("cut");
    trip(a.gate);
    trip(b.gate);
    await settle();
    expect(states(gates)).toEqual(["open", "open", "open"]);
    await clock.advance(5_000);
    // Alone it finds out that all is well.
    admitted(b.gate).succeed({ probed: true });
    crowd([a, c]);
    await settle();
    b.member.setLink("up");
    await settle();
    expect(crowd([a, c])).toEqual([1, 1]);
    expect(b.gate.breaker.state).toBe("closed");
  });

  it("joins the window of the others when it comes back, and they its", async () => {
    const { gates, clock } = createSharedGates(3);
    const [a, b, c] = gates as [SharedGate, SharedGate, SharedGate];
    c.member.setLink("cut");
    trip(a.gate);
    await settle();
    await clock.advance(1_000);
    trip(c.gate);
    c.member.setLink("up");
    await settle();
    await clock.advance(5_000);
    crowd([a, b, c]);
    await settle();
    expect(sum(crowd([a, b, c]))).toBe(1);
    expect(new Set(gates.flatMap(({ member }) => member.claims.map(({ name }) => name))).size).toBe(1);
  });

  it("tells whoever comes back with an outage that is over", async () => {
    const { gates, clock, wipe } = createSharedGates(2);
    const [a, b] = gates as [SharedGate, SharedGate];
    trip(a.gate);
    await settle();
    b.member.setLink("cut");
    await clock.advance(1_000);
    a.gate.tryNow();
    admitted(a.gate).succeed({ probed: true });
    wipe();
    await settle();
    expect(crowd([b])).toEqual([0]);
    b.member.setLink("up");
    await settle();
    expect(a.gate.breaker.state).toBe("closed");
    expect(crowd([b])).toEqual([1]);
  });

  it("tells of an outage that it has met alone, also where Redis has lost all", async () => {
    const { gates, clock, wipe } = createSharedGates(2);
    const [a, b] = gates as [SharedGate, SharedGate];
    b.member.setLink("cut");
    trip(b.gate);
    await clock.advance(1_000);
    wipe();
    b.member.setLink("up");
    await settle();
    expect(Math.round(a.gate.breaker.probeInMs())).toBe(4_000);
  });

  it("of an outage that it has met alone tells the latest only, and once", async () => {
    const { gates, clock } = createSharedGates(2);
    const [a, b] = gates as [SharedGate, SharedGate];
    b.member.setLink("cut");
    trip(b.gate);
    b.gate.tryNow();
    admitted(b.gate).succeed({ probed: true });
    admitted(b.gate).fail(failure, "failure");
    const before = b.member.said.length;
    for (let turn = 0; turn < 2; turn += 1) {
      b.member.setLink("cut");
      b.member.setLink("up");
      await settle();
    }
    expect(a.gate.breaker.state).toBe("open");
    expect(b.member.said.slice(before).map(({ message }) => JSON.stringify(message).includes('"open"'))).toEqual([
      true,
      true,
    ]);
    b.member.setLink("cut");
    await clock.advance(b.gate.breaker.probeInMs());
    admitted(b.gate).succeed({ probed: true });
    const then = b.member.said.length;
    b.member.setLink("up");
    await settle();
    b.member.setLink("cut");
    b.member.setLink("up");
    await settle();
    expect(b.member.said.length).toBe(then + 1);
  });

  it("an answer that comes when it is no more needed changes nothing", async () => {
    const { b, clock } = await openedEverywhere();
    b.member.setLink("frozen");
    await clock.advance(1);
    expect(crowd([b])).toEqual([0]);
    b.gate.tryNow();
    admitted(b.gate).succeed({ probed: true });
    await clock.advance(100);
    expect(b.gate.breaker.state).toBe("closed");
  });

  it("those who waited for the probe of one do not go at the same instant either", async () => {
    const setUp = await openedEverywhere();
    const { a, b, c } = setUp;
    await setUp.clock.advance(1);
    crowd([b]);
    await settle();
    crowd([a, c]);
    await settle();
    const others = [a, c];
    for (const { member } of setUp.gates) member.setLink("cut");
    await setUp.clock.advance(CALL_MS + TAKE_UP_MS);
    expect(crowd(others)).toEqual([0, 0]);
    await setUp.clock.advance(1_000);
    expect(crowd(others)).toEqual([1, 1]);
  });
});
