import fc from "fast-check";
import { expect, it } from "vitest";
import { type ChangeMarks, createChangeMarks } from "../../src/retrieval/change-marks.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";

function createProcesses(count: number) {
  const { access, clock } = createTestAccess();
  const newId = createIds();
  const context = () => testContext({ clock });
  const start = () => createChangeMarks(access, newId);
  return {
    context,
    start,
    processes: Array.from({ length: count }, start),
    change: async (marks: ChangeMarks) => {
      const { writes, done } = marks.mark();
      await access.commit({ id: newId(), writes }, context());
      done();
    },
    look: async (marks: ChangeMarks) => {
      const now = await marks.read(context());
      const isNews = now !== undefined && !marks.isSeen(now);
      if (now) marks.see(now);
      return isNews;
    },
    count: async () => (await access.list({ collection: "meta", limit: 1_000 }, context())).value.length,
  };
}

it("nobody misses a change of another process, however many there are and were", async () => {
  const event = fc.record({ process: fc.nat(4), kind: fc.constantFrom("change", "look", "restart") });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 150 }), async (events) => {
      const { processes, start, change, look } = createProcesses(5);
      const missed = new Set<ChangeMarks>();
      for (const { process, kind } of events) {
        if (kind === "restart") {
          const marks = start();
          await look(marks);
          processes[process] = marks;
        }
        const marks = processes[process] as ChangeMarks;
        if (kind === "change") {
          await change(marks);
          for (const other of processes) if (other !== marks) missed.add(other);
        }
        if (kind === "look" && missed.delete(marks)) expect(await look(marks)).toBe(true);
      }
    }),
  );
});

it("a process hears nothing of its own changes", async () => {
  const { processes, change, look } = createProcesses(2);
  const [a, b] = processes as [ChangeMarks, ChangeMarks];
  await change(a);
  expect([await look(a), await look(b), await look(b)]).toEqual([false, true, false]);
  await change(b);
  await change(b);
  expect([await look(b), await look(a)]).toEqual([false, true]);
});

it("marks of processes that are no more do not pile up", async () => {
  const { start, change, look, count } = createProcesses(0);
  const old = start();
  await look(old);
  for (let at = 0; at < 200; at += 1) {
    const marks = start();
    await look(marks);
    await change(marks);
    expect(await look(old)).toBe(true);
  }
  expect(await count()).toBeLessThanOrEqual(50);
});
