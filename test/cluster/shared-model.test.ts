import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Admission } from "../../src/fallbacks/core/gate.ts";
import { settle } from "../support/manual-clock.ts";
import { CALL_MS, createSharedGates, failure, type SharedGate } from "./shared-gates.ts";

const GATES = 3;
const DOUBTED_MS = 600_000;

type Op =
  | { readonly kind: "call"; readonly at: number; readonly times: number; readonly how: "good" | "failure" }
  | { readonly kind: "begin"; readonly at: number }
  | { readonly kind: "end"; readonly back: number; readonly how: "good" | "probed" | "failure" | "release" }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "link"; readonly at: number; readonly link: "up" | "cut" | "frozen" };

const at = fc.nat({ max: GATES - 1 });
const call = fc.record({
  kind: fc.constant("call" as const),
  at,
  times: fc.integer({ min: 1, max: 4 }),
  how: fc.constantFrom("good" as const, "failure" as const, "failure" as const),
});
const begin = fc.record({ kind: fc.constant("begin" as const), at });
const end = fc.record({
  kind: fc.constant("end" as const),
  back: fc.nat({ max: 3 }),
  how: fc.constantFrom("good" as const, "probed" as const, "failure" as const, "release" as const),
});
const advance = fc.record({
  kind: fc.constant("advance" as const),
  ms: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 40_000 })),
});
const link = fc.record({
  kind: fc.constant("link" as const),
  at,
  link: fc.constantFrom("up" as const, "up" as const, "cut" as const, "frozen" as const),
});

/** A call on its way: all that the model needs to know of it. */
interface Flight {
  readonly at: number;
  readonly since: number;
  readonly admission: Admission;
  /** Nobody had found since the latest outage that the port is well. */
  readonly probe: boolean;
  ended: boolean;
}

/** Three gates, and everything that ever happened to them, looked through again for each question. */
function createHistory(jitter: number) {
  const { gates, clock } = createSharedGates(GATES, { random: () => jitter });
  const flights: Flight[] = [];
  const wells = gates.map((): number[] => []);
  const said = () => gates.flatMap(({ member }) => member.said.map(({ message }) => JSON.stringify(message)));
  /** The latest words of the outage, in the order in which they were said. */
  const words: ("open" | "well")[] = [];
  let counted = 0;

  /** Notes what has been said since the last look; at most one process speaks between two looks. */
  function listen(): void {
    const all = said();
    if (all.length > counted) {
      const latest = gates.flatMap(({ member }) => member.said).length - counted;
      counted = all.length;
      const speaker = gates.find(({ member }) => member.said.length > (heardOf.get(member) ?? 0)) as SharedGate;
      for (const { message } of speaker.member.said.slice(-latest)) {
        const text = JSON.stringify(message);
        if (text.includes('"open"')) words.push("open");
        if (text.includes('"well"')) words.push("well");
      }
    }
    for (const { member } of gates) heardOf.set(member, member.said.length);
  }
  const heardOf = new Map<SharedGate["member"], number>();

  function start(index: number): void {
    const { gate } = gates[index] as SharedGate;
    const unproved = !gate.serving && words.at(-1) === "open";
    const admission = gate.acquire();
    if (admission) flights.push({ at: index, since: clock.now(), admission, probe: unproved, ended: false });
  }

  function finish(flight: Flight, how: "good" | "probed" | "failure" | "release"): void {
    if (flight.ended) return;
    const { gate } = gates[flight.at] as SharedGate;
    const before = gate.serving;
    flight.ended = true;
    if (how === "release") flight.admission.release();
    else if (how === "failure") flight.admission.fail(failure, "failure");
    else flight.admission.succeed({ probed: how === "probed" });
    if (!before && gate.serving) wells[flight.at]?.push(clock.now());
    listen();
  }

  return {
    gates,
    clock,
    /** Probes that are on their way, in all processes. */
    probing: () => flights.filter(({ probe, ended }) => probe && !ended).length,
    lastWord: () => words.at(-1),
    /** It may go by its own calls: it has found twice of late that the port was well. */
    mayDoubt: (index: number) => (wells[index] ?? []).filter((time) => clock.now() - time < DOUBTED_MS).length >= 2,
    async run(op: Op): Promise<void> {
      if (op.kind === "link") (gates[op.at] as SharedGate).member.setLink(op.link);
      if (op.kind === "begin") start(op.at);
      if (op.kind === "call") {
        for (let i = 0; i < op.times; i += 1) {
          const before = flights.length;
          start(op.at);
          const flight = flights[before];
          if (flight) finish(flight, op.how);
          await settle();
        }
      }
      if (op.kind === "end") {
        const flight = flights.filter(({ ended }) => !ended).at(-1 - op.back);
        if (flight) finish(flight, op.how);
      }
      if (op.kind === "advance") {
        // No call lasts longer than its limit.
        const until = clock.now() + op.ms;
        for (;;) {
          const ends = flights.filter(({ ended }) => !ended).map(({ since }) => since + CALL_MS);
          const next = Math.min(until, ...ends);
          await clock.advance(next - clock.now());
          for (const flight of flights) if (clock.now() - flight.since >= CALL_MS) finish(flight, "failure");
          await settle();
          if (clock.now() >= until) break;
        }
      }
      await settle();
      listen();
    },
    /** The port is well and everybody is connected: calls come until all gates are closed. Returns whether they did. */
    async heal(): Promise<boolean> {
      for (const flight of flights) finish(flight, "release");
      for (const { member } of gates) {
        member.setLink("cut");
        member.setLink("up");
      }
      for (let second = 0; second < 1_500; second += 1) {
        for (const { gate } of gates) for (let i = 0; i < 8; i += 1) gate.acquire()?.succeed();
        if (gates.every(({ gate }) => gate.breaker.state === "closed")) return true;
        await clock.advance(1_000);
      }
      return false;
    },
  };
}

const jitters = fc.constantFrom(0, 0.5, 0.999_999);

describe("three gates before one port, any order of events", () => {
  it("while they hear each other at most one probes at a time, and each knows of an outage within one message", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(call, call, begin, end, advance), { maxLength: 40, size: "max" }),
        jitters,
        async (ops, jitter) => {
          const history = createHistory(jitter);
          for (const op of ops) {
            await history.run(op);
            expect(history.probing()).toBeLessThanOrEqual(1);
            if (history.lastWord() !== "open") continue;
            for (const [index, { gate }] of history.gates.entries()) {
              if (!history.mayDoubt(index)) expect(gate.breaker.state).not.toBe("closed");
            }
          }
          expect(await history.heal()).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("whatever happens to their connections, they all come back when the port does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(call, call, begin, end, advance, link), { maxLength: 40, size: "max" }),
        jitters,
        async (ops, jitter) => {
          const history = createHistory(jitter);
          for (const op of ops) await history.run(op);
          expect(await history.heal()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
