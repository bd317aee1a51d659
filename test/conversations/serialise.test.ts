import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSerialiser } from "../../src/conversations/serialise.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";

/** Work that ends when told to. */
function held() {
  let end: (value: string) => void = () => {};
  let started = false;
  const done = new Promise<string>((resolve) => {
    end = resolve;
  });
  return { end: (value: string) => end(value), started: () => started, work: () => ((started = true), done) };
}

function rig() {
  const clock = createManualClock();
  const context = (deadlineMs = 5_000, signal = new AbortController().signal) =>
    createContext({ clock, requestId: "test", deadlineMs, signal });
  return { clock, context, serialiser: createSerialiser({ clock }) };
}

describe("serialiser", () => {
  it("runs one key at a time, in order, other keys beside it, and forgets idle keys", async () => {
    const { context, serialiser } = rig();
    const [first, second, other] = [held(), held(), held()];
    const results = [
      serialiser.run("a", context(), first.work),
      serialiser.run("a", context(), second.work),
      serialiser.run("b", context(), other.work),
    ];
    await settle();
    expect([first.started(), second.started(), other.started()]).toEqual([true, false, true]);
    first.end("one");
    other.end("three");
    await settle();
    expect(second.started()).toBe(true);
    expect(serialiser.size).toBe(1);
    second.end("two");
    expect(await Promise.all(results)).toEqual(["one", "two", "three"]);
    expect(serialiser.size).toBe(0);
  });

  it("goes on after work that failed, which tells its own caller alone", async () => {
    const { context, serialiser } = rig();
    const failed = serialiser.run("a", context(), () => Promise.reject(new Error("mine")));
    const fine = serialiser.run("a", context(), async () => "fine");
    await expect(failed).rejects.toThrow("mine");
    expect(await fine).toBe("fine");
    expect(serialiser.size).toBe(0);
  });

  it("lets ten wait and refuses the next at once", async () => {
    const { context, serialiser } = rig();
    const running = held();
    const inside = [serialiser.run("a", context(), running.work)];
    for (let number = 0; number < 10; number += 1) inside.push(serialiser.run("a", context(), async () => "x"));
    const refused = serialiser.run("a", context(), async () => "never");
    await expect(refused).rejects.toMatchObject({ code: "too_many_turns", retryAfterS: 1 });
    running.end("x");
    expect(await Promise.all(inside)).toHaveLength(11);
    expect(await serialiser.run("a", context(), async () => "again")).toBe("again");
  });

  it("stops waiting at the deadline or when the caller goes, and nobody overtakes because of it", async () => {
    const { clock, context, serialiser } = rig();
    const running = held();
    const first = serialiser.run("a", context(), running.work);
    const gone = new AbortController();
    const late = held();
    const hurried = serialiser.run("a", context(100), late.work);
    const left = serialiser.run("a", context(5_000, gone.signal), late.work);
    const last = held();
    const patient = serialiser.run("a", context(), last.work);
    const outcomes = Promise.allSettled([hurried, left]);
    gone.abort();
    await clock.advance(99);
    expect(serialiser.size).toBe(1);
    await clock.advance(1);
    expect(await outcomes).toMatchObject([
      { status: "rejected", reason: { code: "deadline_exceeded" } },
      { status: "rejected", reason: { errorClass: "aborted" } },
    ]);
    expect(last.started()).toBe(false);
    running.end("one");
    await settle();
    expect([late.started(), last.started()]).toEqual([false, true]);
    last.end("two");
    expect(await Promise.all([first, patient])).toEqual(["one", "two"]);
    expect(serialiser.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("never runs two of one key, whoever comes and gives up", async () => {
    const caller = fc.record({
      key: fc.constantFrom("a", "b"),
      ms: fc.nat(30),
      patience: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(caller, { maxLength: 14 }), async (callers) => {
        const { clock, context, serialiser } = rig();
        const running = new Set<string>();
        const ended = callers.map(({ key, ms, patience }) =>
          serialiser
            .run(key, context(patience), async () => {
              expect(running.has(key)).toBe(false);
              running.add(key);
              await new Promise<void>((resolve) => clock.after(ms, resolve));
              running.delete(key);
              return "ran";
            })
            .catch((error: { code?: string }) => error.code),
        );
        await clock.advance(1_000);
        for (const outcome of await Promise.all(ended)) {
          expect(["ran", "deadline_exceeded", "too_many_turns"]).toContain(outcome);
        }
        expect(serialiser.size).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
