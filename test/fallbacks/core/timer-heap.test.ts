import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimerHeap, type TimerEntry } from "../../../src/fallbacks/core/timer-heap.ts";

describe("the heap of timers", () => {
  it("always knows the one that is due first, whatever is added, and taken out of its middle", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), due: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), index: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("take" as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const heap = createTimerHeap();
        let model: TimerEntry[] = [];
        const everything: TimerEntry[] = [];
        const drop = (entry: TimerEntry | undefined) => {
          if (!entry) return;
          heap.remove(entry);
          model = model.filter((other) => other !== entry);
        };
        for (const [order, each] of steps.entries()) {
          if (each.kind === "add") {
            const entry = { due: each.due, order, run: () => {}, background: false, place: -1 };
            heap.add(entry);
            everything.push(entry);
            model.push(entry);
          } else drop(each.kind === "take" ? heap.first : everything[each.index % Math.max(1, everything.length)]);
          model.sort((a, b) => a.due - b.due || a.order - b.order);
          expect(heap.first).toBe(model[0]);
          expect(everything.filter(({ place }) => place >= 0)).toHaveLength(model.length);
        }
      }),
    );
  });
});
