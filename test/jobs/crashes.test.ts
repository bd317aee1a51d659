import fc from "fast-check";
import { expect, it } from "vitest";
import type { JobState } from "../../src/jobs/jobs.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { createTown, createWorker, type Worker } from "./jobs-rig.ts";

const settings = { pollMs: 5_000, retryMs: 1_000 };

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), fails: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop" as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("start" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("connect" as const), connected: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock" as const), ms: fc.integer({ min: -9e7, max: 9e7 }) }) },
);

/** What the jobs have seen, told by the handlers themselves. */
interface Told {
  readonly fails: number;
  readonly holders: Set<Worker>;
  done: number;
  failed: number;
}

it("whatever dies, stops or loses sight of the others: each job is done once or has failed, and two never have it at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { access, clock } = createTestAccess();
      const town = createTown();
      const begun = clock.wall().getTime();
      const told = new Map<string, Told>();
      const together: string[] = [];
      let workers: Worker[] = [];

      function start(): void {
        const worker = createWorker({ store: access, clock, town, settings });
        worker.jobs.handle(
          "work",
          async ({ job: { jobId }, context, progress }) => {
            const seen = told.get(jobId);
            if (!seen) throw new Error("nobody has added it");
            // A process that was killed holds nothing any more.
            for (const other of seen.holders) if (other.killed.aborted) seen.holders.delete(other);
            // Thrown here it would only be a job that fails.
            if (seen.holders.size > 0) together.push(jobId);
            seen.holders.add(worker);
            try {
              await new Promise<void>((resolve) => {
                clock.after(7_000, resolve);
                context.signal.addEventListener("abort", () => resolve());
              });
              // A process that was killed does nothing any more.
              if (worker.killed.aborted) await new Promise<never>(() => {});
              context.signal.throwIfAborted();
              if (seen.failed < seen.fails) {
                seen.failed += 1;
                throw new Error("as asked");
              }
              await progress("worked");
              seen.done += 1;
              return seen.done;
            } finally {
              seen.holders.delete(worker);
            }
          },
          { concurrency: 2 },
        );
        workers.push(worker);
      }

      const picked = (which: number) => workers[which % Math.max(1, workers.length)];
      start();
      for (const each of steps) {
        if (each.kind === "wait") await clock.advance(each.ms);
        else if (each.kind === "start") start();
        else if (each.kind === "connect") town.connected = each.connected;
        else if (each.kind === "clock") clock.setWall(new Date(begun + clock.now() + each.ms));
        else if (each.kind === "add") {
          const jobId = `job-${told.size}`;
          told.set(jobId, { fails: each.fails, holders: new Set(), done: 0, failed: 0 });
          const adder = createWorker({ store: access, clock, town, settings });
          await adder.jobs.add({ kind: "work", payload: null, jobId }, testContext({ clock }));
          await adder.jobs.close();
        } else {
          const worker = picked(each.which);
          if (!worker) continue;
          workers = workers.filter((other) => other !== worker);
          if (each.kind === "kill") worker.kill();
          else {
            const closed = worker.jobs.close(2_000);
            await clock.advance(2_000);
            await closed;
            worker.kill();
          }
        }
      }
      town.connected = true;
      start();
      // As long as five attempts of all of them may take, with a lease that has to end first.
      const left = async () => {
        const request = { collection: "jobs", limit: 1 } as const;
        const rows = ["due/", "run/"].map((prefix) => access.list({ ...request, prefix }, testContext({ clock })));
        return (await Promise.all(rows)).flatMap(({ value }) => value);
      };
      for (let minutes = 0; minutes < 15 && (await left()).length > 0; minutes += 1) await clock.advance(60_000);
      const reader = createWorker({ store: access, clock, town, settings });
      for (const [jobId, seen] of told) {
        const job = await reader.jobs.get(jobId, testContext({ clock }));
        const state: JobState | undefined = job?.state;
        expect(["done", "failed"]).toContain(state);
        expect(seen.done).toBe(state === "done" ? 1 : 0);
      }
      expect(together).toEqual([]);
      // Nothing is left of them where it would be looked for.
      expect(await left()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
