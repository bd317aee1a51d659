import { beforeEach, describe, expect, it } from "vitest";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { createTown, createWorker, type Town, type Worker } from "./jobs-rig.ts";

const DAY = 86_400_000;
/** A look is enough now and then. */
const settings = { pollMs: 600_000 };
const daily = { kind: "sweep", payload: null, everyMs: DAY };

describe("jobs that come back", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let town: Town;
  let runs: string[];

  function worker(): Worker {
    const made = createWorker({ store: access, clock, town, settings });
    made.jobs.handle("sweep", async ({ job }) => runs.push(job.jobId));
    made.jobs.repeat(daily);
    return made;
  }

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
    town = createTown();
    runs = [];
  });

  it("are added once for each slot, however many processes there are", async () => {
    for (let count = 0; count < 3; count += 1) worker();
    await clock.advance(900_000);
    const first = Math.floor(clock.wall().getTime() / DAY);
    await clock.advance(2 * DAY);
    expect(runs).toEqual([0, 1, 2].map((later) => `sweep.${first + later}`));
  });

  it("are not made up for, but for one, after a long stop or a clock that was set forward", async () => {
    const stopped = worker();
    await clock.advance(900_000);
    stopped.kill();
    await clock.advance(10 * DAY);
    worker();
    await clock.advance(900_000);
    expect(runs).toHaveLength(2);
    clock.setWall(new Date(clock.wall().getTime() + 100 * DAY));
    await clock.advance(900_000);
    expect(runs).toHaveLength(3);
  });

  it("are not done again when the clock is set back and goes its way once more", async () => {
    worker();
    await clock.advance(2 * DAY);
    expect(runs).toHaveLength(3);
    clock.setWall(new Date(clock.wall().getTime() - 2 * DAY));
    await clock.advance(2 * DAY + 900_000);
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs).toHaveLength(3);
  });

  it("are added once for a slot that is longer than jobs are kept", async () => {
    const { jobs } = createWorker({ store: access, clock, town, settings });
    jobs.handle("rare", async ({ job }) => runs.push(job.jobId));
    clock.setWall(new Date(Math.ceil(clock.wall().getTime() / (20 * DAY)) * 20 * DAY));
    jobs.repeat({ kind: "rare", payload: null, everyMs: 20 * DAY });
    await clock.advance(10 * DAY);
    expect(runs).toHaveLength(1);
    const again = createWorker({ store: access, clock, town, settings });
    again.jobs.repeat({ kind: "rare", payload: null, everyMs: 20 * DAY });
    await clock.advance(5 * DAY);
    expect(runs).toHaveLength(1);
    expect(await jobs.list({ limit: 5 }, testContext({ clock }))).toEqual({ items: [], next: null });
  });

  it("are begun after a clock that was set back, although they were put off", async () => {
    const { jobs } = createWorker({ store: access, clock, town, settings });
    jobs.handle("later", async () => runs.push("later"));
    await jobs.add({ kind: "later", payload: null, delayMs: 4 * 3_600_000 }, testContext({ clock }));
    clock.setWall(new Date(clock.wall().getTime() - DAY));
    await clock.advance(900_000);
    expect(runs).toEqual(["later"]);
  });
});
