import { beforeEach, describe, expect, it } from "vitest";
import type { Degradation } from "../../src/fallbacks/core/status.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { JobHandler } from "../../src/jobs/jobs.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { gate } from "../server/test-server.ts";
import { testContext } from "../support/context.ts";
import { type ManualClock, settle } from "../support/manual-clock.ts";
import { createTown, createWorker, found, type Town, type Worker } from "./jobs-rig.ts";

const DAY = 86_400_000;
const job = { kind: "work", payload: { a: 1 }, jobId: "one" };

describe("ending a job", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let town: Town;
  let reported: unknown[];
  let begun: string[];
  const context = () => testContext({ clock });
  const worker = (store: Pick<StoreAccess, "get" | "list" | "commit"> = access): Worker =>
    createWorker({ store, clock, town, report: (error) => void reported.push(error) });
  /** The rows of a state that are there, without what is behind their first part. */
  const rows = async () => {
    const { value } = await access.list({ collection: "jobs", limit: 20 }, context());
    return value.map(({ key }) => key.replace(/\/.*/, ""));
  };
  /** Works until it is ended, or let. */
  const working =
    (way: Promise<void> = new Promise(() => {})): JobHandler =>
    async ({ job: { jobId }, ending, context: { signal } }) => {
      begun.push(jobId);
      return Promise.race([
        way.then(() => "done"),
        ...[ending, signal].map(
          (each) => new Promise<never>((_, reject) => each.addEventListener("abort", () => reject(each.reason))),
        ),
      ]);
    };

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
    town = createTown();
    reported = [];
    begun = [];
  });

  it("that waits: it never starts, and is forgotten after a week", async () => {
    const { jobs } = worker();
    await jobs.add({ ...job, delayMs: 5_000 }, context());
    expect(await jobs.cancel("one", context())).toMatchObject({
      state: "cancelled",
      error: null,
      ending: true,
      attempts: 0,
    });
    expect(await rows()).toEqual(["end", "job", "kind", "made"]);
    jobs.handle("work", working());
    await clock.advance(60_000);
    expect(begun).toEqual([]);
    const setForward = (ms: number) => clock.setWall(new Date(clock.wall().getTime() + ms));
    setForward(7 * DAY - 180_000);
    await clock.advance(60_000);
    expect(await found(jobs, "one")).toMatchObject({ state: "cancelled", payload: { a: 1 } });
    setForward(120_000);
    await clock.advance(60_000);
    expect(await jobs.get("one", context())).toBeUndefined();
    expect(await rows()).toEqual([]);
  });

  it("that runs here or in another process: it stops at once, without a failure, and is not begun again", async () => {
    for (const canceller of [0, 1]) {
      const workers = [worker(), worker()] as const;
      workers[0].jobs.handle("work", working());
      const jobId = `one-${canceller}`;
      await workers[0].jobs.add({ ...job, jobId }, context());
      await settle();
      expect(await workers[canceller as 0 | 1].jobs.cancel(jobId, context())).toMatchObject({
        state: "running",
        ending: true,
      });
      await settle();
      expect(await found(workers[1].jobs, jobId)).toMatchObject({ state: "cancelled", error: null, attempts: 1 });
      expect(await workers[0].jobs.cancel(jobId, context())).toMatchObject({ state: "cancelled" });
      await clock.advance(120_000);
      await workers[0].jobs.close();
    }
    expect(begun).toEqual(["one-0", "one-1"]);
    expect((await rows()).filter((row) => row === "run" || row === "due")).toEqual([]);
    expect(reported).toEqual([]);
  });

  it("whose process does not hear it: it stops when the lease is renewed", async () => {
    const [first, second] = [worker(), worker()];
    first.jobs.handle("work", working());
    await first.jobs.add(job, context());
    await settle();
    town.connected = false;
    await second.jobs.cancel("one", context());
    await clock.advance(9_999);
    expect(await found(second.jobs, "one")).toMatchObject({ state: "running", ending: true });
    await clock.advance(1);
    expect(await found(second.jobs, "one")).toMatchObject({ state: "cancelled" });
  });

  it("whose process is no more: nobody goes on with it", async () => {
    const first = worker();
    first.jobs.handle("work", working());
    await first.jobs.add(job, context());
    await settle();
    first.kill();
    const second = worker();
    await second.jobs.cancel("one", context());
    second.jobs.handle("work", working());
    await clock.advance(60_000);
    expect(begun).toEqual(["one"]);
    expect(await found(second.jobs, "one")).toMatchObject({ state: "cancelled" });
  });

  it("whose process stops at that moment: it is not given back", async () => {
    const [first, second] = [worker(), worker()];
    const stopped: JobHandler = ({ context: { signal } }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    first.jobs.handle("work", stopped);
    await first.jobs.add(job, context());
    await settle();
    await second.jobs.cancel("one", context());
    await first.jobs.close();
    expect(await found(second.jobs, "one")).toMatchObject({ state: "cancelled" });
  });

  it("that takes no notice: it is done when it is done, and one that fails then is not tried again", async () => {
    const { jobs } = worker();
    const ways = { one: gate(), two: gate() };
    jobs.handle(
      "work",
      async ({ job: { jobId } }) => {
        begun.push(jobId);
        await ways[jobId as "one" | "two"].opened;
        if (jobId === "two") throw new TypeError("a defect");
        return "done";
      },
      { concurrency: 2 },
    );
    for (const jobId of ["one", "two"]) await jobs.add({ ...job, jobId }, context());
    await settle();
    for (const jobId of ["one", "two"]) await jobs.cancel(jobId, context());
    for (const way of Object.values(ways)) way.open();
    await clock.advance(3_600_000);
    expect(await found(jobs, "one")).toMatchObject({ state: "done", result: "done" });
    expect(await found(jobs, "two")).toMatchObject({ state: "cancelled", error: null });
    expect(begun).toEqual(["one", "two"]);
  });

  it("that an earlier version has saved", async () => {
    const { jobs } = worker();
    await jobs.add({ ...job, delayMs: 5_000 }, context());
    const { value } = await access.get("jobs", "job/one", context());
    const earlier = { ...(value?.value as object), ending: undefined };
    const write = { kind: "put", collection: "jobs", key: "job/one", value: earlier } as const;
    await access.commit({ id: "earlier", writes: [write] }, context());
    expect(await found(jobs, "one")).toMatchObject({ state: "waiting", ending: false });
    expect(await jobs.cancel("one", context())).toMatchObject({ state: "cancelled" });
  });

  it("that is over changes nothing, and of what is not there nothing is ended", async () => {
    const { jobs } = worker();
    jobs.handle("work", async () => "done");
    await jobs.add(job, context());
    await settle();
    expect(await jobs.cancel("one", context())).toMatchObject({ state: "done", ending: false });
    expect(await jobs.cancel("two", context())).toBeUndefined();
  });

  it("at the moment in which it begins, or is done: one of the two counts", async () => {
    for (let writes = 1; writes <= 4; writes += 1) {
      let left = writes;
      const other = worker();
      const jobId = `race-${writes}`;
      const racing = worker({
        ...access,
        async commit(operation, given) {
          if (JSON.stringify(operation.writes).includes(`job/${jobId}`)) left -= 1;
          if (left === 0) await other.jobs.cancel(jobId, context());
          return access.commit(operation, given);
        },
      });
      racing.jobs.handle("work", async ({ progress }) => {
        await progress({ at: 1 });
        return "done";
      });
      await racing.jobs.add({ ...job, jobId }, context());
      await clock.advance(120_000);
      const state = (await other.jobs.get(jobId, context()))?.state;
      // Before it is there, nothing is ended; the write that ends it finds it done or ended, never both.
      expect([writes, state]).toEqual([writes, writes === 2 ? "cancelled" : "done"]);
      await racing.jobs.close();
    }
  });

  it("is refused while another process may run it unseen", async () => {
    const { jobs } = worker();
    await jobs.add(job, context());
    const degraded: Degradation = { layer: "store", mode: "equal", by: "embedded", reason: "open", since: new Date(0) };
    const blind = worker({ ...access, get: async (...args) => ({ ...(await access.get(...args)), degraded }) });
    await expect(blind.jobs.cancel("one", context())).rejects.toMatchObject({
      code: "store_unavailable",
      retryAfterS: 5,
    });
    expect(await found(jobs, "one")).toMatchObject({ state: "waiting", ending: false });
  });

  it("of what others are named after: they are found page by page", async () => {
    const { jobs } = worker();
    const ids = ["one", "one.a", "one.b", "one.c", "one2", "one-a.d"];
    for (const jobId of ids) await jobs.add({ ...job, jobId, delayMs: 1_000 }, context());
    const first = await jobs.below("one", { limit: 2 }, context());
    expect([first.items.map(({ jobId }) => jobId), first.next]).toEqual([["one.a", "one.b"], "one.b"]);
    const second = await jobs.below("one", { limit: 2, after: first.next ?? "" }, context());
    expect([second.items.map(({ jobId }) => jobId), second.next]).toEqual([["one.c"], null]);
    await expect(jobs.below("one", { limit: 0 }, context())).rejects.toMatchObject({ code: "invalid_request" });
  });
});
