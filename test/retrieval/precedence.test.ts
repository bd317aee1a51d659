import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPrecedence, type PrecedenceOptions } from "../../src/retrieval/precedence.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A precedence, and when documents were held under it. */
function createRig(options: Pick<PrecedenceOptions, "share" | "mostSavedMs"> = {}) {
  const clock = createManualClock();
  const spans: { readonly from: number; to: number | undefined }[] = [];
  const precedence = createPrecedence({
    clock,
    hold() {
      const span: (typeof spans)[number] = { from: clock.now(), to: undefined };
      spans.push(span);
      return () => {
        expect(span.to).toBeUndefined();
        span.to = clock.now();
      };
    },
    ...options,
  });
  return {
    clock,
    precedence,
    spans,
    isHeld: () => spans.at(-1)?.to === undefined && spans.length > 0,
    heldMs: (from: number, to: number) =>
      spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to ?? to) - Math.max(from, span.from)), 0),
  };
}

describe("who goes before documents", () => {
  it("holds them while somebody works, once for all of them, until the last one is done", async () => {
    const { clock, precedence, spans, isHeld } = createRig();
    expect(isHeld()).toBe(false);
    const [one, other] = [precedence.enter(), precedence.enter()];
    await clock.advance(5);
    one();
    one();
    expect(isHeld()).toBe(true);
    other();
    expect(spans).toEqual([{ from: 0, to: 5 }]);
    expect(clock.pending).toBe(0);
  });

  it("holds them for 100 ms for one who waits for others, and again when it works here again", async () => {
    const { clock, precedence, isHeld } = createRig();
    const leave = precedence.enter();
    await clock.advance(99);
    expect(isHeld()).toBe(true);
    await clock.advance(1);
    expect([isHeld(), clock.pending]).toEqual([false, 0]);
    await clock.advance(5_000);
    const leaveAgain = precedence.enter();
    expect(isHeld()).toBe(true);
    leaveAgain();
    expect(isHeld()).toBe(false);
    leave();
    expect([isHeld(), clock.pending]).toEqual([false, 0]);
  });

  it("saves up no more than so much, however long nobody asks, and begins again with 40 ms", async () => {
    const { clock, precedence, spans } = createRig({ share: 0.2, mostSavedMs: 60 });
    const from = 3_600_000;
    await clock.advance(from);
    for (let turn = 0; turn < 7; turn += 1) {
      precedence.enter();
      await clock.advance(50);
    }
    // What is saved lasts a little longer, as it grows meanwhile.
    const since = spans.map((span) => [span.from - from, (span.to ?? Number.NaN) - from]);
    expect(since).toEqual([
      [0, 75],
      [275, 325],
    ]);
  });

  it("holds them for its share of the time at most, and for nearly all of it, while somebody always works", async () => {
    for (const share of [0.4, 0.6]) {
      const { clock, precedence, heldMs } = createRig({ share, mostSavedMs: 300 });
      for (let turn = 0; turn < 400; turn += 1) {
        precedence.enter();
        await clock.advance(50);
      }
      expect(heldMs(0, 20_000)).toBeLessThanOrEqual(share * 20_000 + 300);
      expect(heldMs(0, 20_000)).toBeGreaterThan(share * 20_000);
      expect(heldMs(10_000, 20_000)).toBeGreaterThan(0.9 * share * 10_000);
    }
  });

  it("never holds them for more than share x T + what is saved in any T, whoever comes and goes", async () => {
    const step = fc.record({
      kind: fc.constantFrom("enter", "leave", "lift", "lower"),
      ms: fc.integer({ max: 300, min: 0 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, precedence, heldMs, isHeld } = createRig({ share: 0.5, mostSavedMs: 100 });
        const leaves: (() => void)[] = [];
        const lowers: (() => void)[] = [];
        const times = [0];
        for (const { kind, ms } of steps) {
          if (kind === "enter") leaves.push(precedence.enter());
          else if (kind === "lift") lowers.push(precedence.lift());
          else (kind === "leave" ? leaves : lowers).shift()?.();
          if (lowers.length > 0) expect(isHeld()).toBe(false);
          await clock.advance(ms);
          times.push(clock.now());
        }
        for (const from of times) {
          for (const to of times) if (to > from) expect(heldMs(from, to)).toBeLessThanOrEqual(0.5 * (to - from) + 101);
        }
        await clock.advance(100);
        expect([isHeld(), clock.pending]).toEqual([false, 0]);
      }),
    );
  });

  it("holds nothing while one who is answered waits for documents", async () => {
    const { clock, precedence, isHeld } = createRig();
    const leave = precedence.enter();
    const [lower, lowerToo] = [precedence.lift(), precedence.lift()];
    expect(isHeld()).toBe(false);
    lower();
    lower();
    expect(isHeld()).toBe(false);
    lowerToo();
    expect(isHeld()).toBe(true);
    leave();
    expect([isHeld(), clock.pending]).toEqual([false, 0]);
  });
});
