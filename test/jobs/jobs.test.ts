import { beforeEach, describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { pause } from "../../src/jobs/step-context.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { gate } from "../server/test-server.ts";
import { testContext } from "../support/context.ts";
import { type ManualClock, settle } from "../support/manual-clock.ts";
import { createTown, createWorker, found, type Town, type Worker } from "./jobs-rig.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The calls of a store as functions of their own. */
function bound(store: StoreAccess) {
  return {
    get: (...args: Parameters<StoreAccess["get"]>) => store.get(...args),
    list: (...args: Parameters<StoreAccess["list"]>) => store.list(...args),
    commit: (...args: Parameters<StoreAccess["commit"]>) => store.commit(...args),
  };
}

describe("jobs", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let town: Town;
  let reported: unknown[];
  const context = () => testContext({ clock });
  const setForward = (ms: number) => clock.setWall(new Date(clock.wall().getTime() + ms));
  const worker = (store: Pick<StoreAccess, "get" | "list" | "commit"> = access): Worker =>
    createWorker({ store, clock, town, report: (error) => void reported.push(error) });

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
    town = createTown();
    reported = [];
  });

  it("are done at once by whoever handles them, and keep their result", async () => {
    const { jobs } = worker();
    const seen: unknown[] = [];
    const rows = async () => {
      const { value } = await access.list({ collection: "jobs", limit: 10 }, context());
      return value.map(({ key }) => key.replace(/\/.*/, ""));
    };
    worker().jobs.handle("count", async ({ job, progress }) => {
      seen.push([job.payload, job.progress, job.attempts, job.state]);
      expect(await rows()).toEqual(["job", "kind", "made", "run"]);
      await progress({ at: 1 });
      return { counted: 2 };
    });
    const added = await jobs.add({ kind: "count", payload: { text: "退货 😀 \ud800" } }, context());
    expect(added).toMatchObject({ jobId: expect.stringMatching(/^job_[0-9a-f]{32}$/), state: "waiting", attempts: 0 });
    await settle();
    expect(seen).toEqual([[{ text: "退货 😀 \ud800" }, null, 1, "running"]]);
    expect(await found(jobs, added.jobId)).toEqual({
      ...added,
      state: "done",
      progress: { at: 1 },
      result: { counted: 2 },
      attempts: 1,
    });
    expect(await rows()).toEqual(["end", "job", "kind", "made"]);
    expect(await jobs.get("job_x", context())).toBeUndefined();
  });

  it("are one job when they have one id, also when added at once and again when done", async () => {
    const workers = [worker(), worker()];
    let runs = 0;
    for (const { jobs } of workers) jobs.handle("once", async () => (runs += 1));
    const request = { kind: "once", payload: null, jobId: "mine" };
    await Promise.all(workers.map(({ jobs }) => jobs.add(request, context())));
    await settle();
    expect(await workers[0]?.jobs.add({ ...request, payload: "another" }, context())).toMatchObject({
      state: "done",
      payload: null,
      result: 1,
    });
    await clock.advance(MINUTE);
    expect(runs).toBe(1);
    const other = workers[0]?.jobs.add({ ...request, kind: "other" }, context());
    await expect(other).rejects.toMatchObject({ errorClass: "invalid_request" });
  });

  it("begin when their time has come, at the next look", async () => {
    const { jobs } = worker();
    jobs.handle("later", async () => null);
    const { jobId } = await jobs.add({ kind: "later", payload: null, delayMs: 10_000 }, context());
    await clock.advance(9_999);
    expect(await found(jobs, jobId)).toMatchObject({ state: "waiting" });
    await clock.advance(1_001);
    expect(await found(jobs, jobId)).toMatchObject({ state: "done" });
  });

  it("are tried five times, each wait four times as long, and then kept for a person", async () => {
    const { jobs } = worker();
    const at: number[] = [];
    jobs.handle("broken", async ({ job, progress }) => {
      at.push(clock.now());
      await progress(job.attempts);
      throw new LayerError("network", `no luck\nwith ${"x".repeat(1_000)}`);
    });
    const { jobId } = await jobs.add({ kind: "broken", payload: 7 }, context());
    await clock.advance(20 * MINUTE);
    expect(at.map((time) => Math.round(time / 1_000))).toEqual([0, 10, 50, 210, 850]);
    const job = await found(jobs, jobId);
    expect(job).toMatchObject({ state: "failed", attempts: 5, progress: 5, payload: 7, result: null });
    expect(job.error).toMatch(/^no luck with x+$/);
    expect(job.error).toHaveLength(300);
    expect(reported).toHaveLength(5);
    setForward(29 * DAY);
    await clock.advance(MINUTE);
    expect(await jobs.get(jobId, context())).toBeDefined();
    setForward(DAY);
    await clock.advance(2 * MINUTE);
    expect(await jobs.get(jobId, context())).toBeUndefined();
  });

  it("of one kind run one at a time in each process, or as many as it allows", async () => {
    const { jobs } = worker();
    let running = 0;
    let most = 0;
    const hold = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => void clock.after(500, resolve));
      running -= 1;
      return null;
    };
    jobs.handle("single", hold);
    jobs.handle("triple", hold, { concurrency: 3 });
    for (const [kind, expected] of [["single", 1] as const, ["triple", 3] as const]) {
      most = 0;
      const added = await Promise.all(Array.from({ length: 7 }, () => jobs.add({ kind, payload: null }, context())));
      await clock.advance(20_000);
      expect(most).toBe(expected);
      for (const { jobId } of added) expect(await found(jobs, jobId)).toMatchObject({ state: "done", attempts: 1 });
    }
  });

  it("go on elsewhere at once when their process is known to be gone, from where they were", async () => {
    const [one, other] = [worker(), worker()];
    one.jobs.handle("long", async ({ progress }) => {
      await progress({ done: 3 });
      return new Promise<never>(() => {});
    });
    const { jobId } = await other.jobs.add({ kind: "long", payload: null }, context());
    await settle();
    other.jobs.handle("long", async ({ job }) => ["went on from", job.progress]);
    await clock.advance(10 * MINUTE);
    expect(await found(other.jobs, jobId)).toMatchObject({ state: "running", attempts: 1 });
    one.kill();
    await clock.advance(1_000);
    expect(await found(other.jobs, jobId)).toMatchObject({
      state: "done",
      attempts: 2,
      result: ["went on from", { done: 3 }],
    });
  });

  it("go on elsewhere when the lease is over, where nobody can tell who is alive, whatever the wall clocks say", async () => {
    const [one, other] = [worker(), worker()];
    one.jobs.handle("long", () => new Promise<never>(() => {}));
    const { jobId } = await one.jobs.add({ kind: "long", payload: null }, context());
    await settle();
    town.connected = false;
    other.jobs.handle("long", async () => "by the other");
    await clock.advance(MINUTE);
    setForward(DAY);
    await clock.advance(MINUTE);
    expect(await found(other.jobs, jobId)).toMatchObject({ state: "running" });
    setForward(-2 * DAY);
    one.kill();
    await clock.advance(29_000);
    expect(await found(other.jobs, jobId)).toMatchObject({ state: "running" });
    await clock.advance(12_000);
    expect(await found(other.jobs, jobId)).toMatchObject({ state: "done", result: "by the other" });
  });

  it("fail when five processes have died of them", async () => {
    const watcher = worker();
    const { jobId } = await watcher.jobs.add({ kind: "deadly", payload: null }, context());
    for (let death = 1; death <= 5; death += 1) {
      const victim = worker();
      victim.jobs.handle("deadly", () => new Promise<never>(() => {}));
      await clock.advance(1_000);
      expect(await found(watcher.jobs, jobId)).toMatchObject({ state: "running", attempts: death });
      victim.kill();
    }
    watcher.jobs.handle("deadly", async () => "never");
    await clock.advance(1_000);
    expect(await found(watcher.jobs, jobId)).toMatchObject({
      state: "failed",
      error: "its process ended in the middle of it; that was attempt 5",
    });
  });

  it("stop when their lease cannot be renewed in time, before anybody else begins them", async () => {
    let away = false;
    const flaky = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) => {
      return (...args: A) => (away ? Promise.reject(new LayerError("network", "away")) : call(...args));
    };
    const { get, list, commit } = bound(access);
    const one = worker({ get: flaky(get), list: flaky(list), commit: flaky(commit) });
    const order: string[] = [];
    let saved: unknown;
    one.jobs.handle("long", async ({ context: { signal, deadline }, progress }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      order.push("stopped");
      expect(deadline.remaining()).toBe(0);
      saved = await progress(1).catch((error: unknown) => error);
      return "too late";
    });
    const { jobId } = await one.jobs.add({ kind: "long", payload: null }, context());
    await clock.advance(MINUTE);
    away = true;
    town.connected = false;
    worker().jobs.handle("long", async () => order.push("begun by the other"));
    await clock.advance(5_000);
    away = false;
    await clock.advance(MINUTE);
    expect(order).toEqual([]);
    away = true;
    await clock.advance(MINUTE);
    expect(order).toEqual(["stopped", "begun by the other"]);
    expect(saved).toMatchObject({ errorClass: "aborted" });
    away = false;
    await clock.advance(MINUTE);
    expect(await found(one.jobs, jobId)).toMatchObject({ state: "done", result: 2 });
  });

  it("stop at once when another process says that it has taken them over", async () => {
    const one = worker();
    let reason: unknown;
    one.jobs.handle("long", async ({ context: { signal } }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reason = signal.reason;
      return "too late";
    });
    const { jobId } = await one.jobs.add({ kind: "long", payload: null }, context());
    await settle();
    // Others take it for dead, although it lives and hears them.
    const cluster = town.join("mistaken");
    const mistaken = createWorker({
      store: access,
      clock,
      town: { ...town, join: () => ({ ...cluster, alive: async () => false }) },
    });
    mistaken.jobs.handle("long", async () => "by the other");
    await settle();
    await settle();
    expect(reason).toMatchObject({ message: expect.stringContaining("another process has taken it over") });
    expect(await found(one.jobs, jobId)).toMatchObject({ state: "done", result: "by the other" });
  });

  it("are saved as done although the store was away for a moment when they ended", async () => {
    let away = false;
    const end = gate();
    const one = worker({
      ...access,
      commit: (operation, ctx) =>
        away ? Promise.reject(new LayerError("network", "away")) : access.commit(operation, ctx),
    });
    let runs = 0;
    one.jobs.handle("work", async () => {
      runs += 1;
      await end.opened;
      away = true;
      return "done";
    });
    const { jobId } = await one.jobs.add({ kind: "work", payload: null }, context());
    await settle();
    end.open();
    await clock.advance(20_000);
    expect(await found(one.jobs, jobId)).toMatchObject({ state: "running" });
    away = false;
    await clock.advance(2_000);
    expect(await found(one.jobs, jobId)).toMatchObject({ state: "done", attempts: 1 });
    expect(runs).toBe(1);
  });

  it("that others may have done are not begun by an old copy, while the shared store is away; new ones are", async () => {
    const remote = createScriptedStore();
    const [here, there] = [1, 2].map(() => createTestAccess({ clock, remote }).access);
    if (!here || !there) throw new Error("two accesses");
    const runs: string[] = [];
    const [one, other] = [worker(here), worker(there)];
    const work =
      (by: string) => async (job: { readonly job: { readonly jobId: string; readonly attempts: number } }) => {
        runs.push(`${job.job.jobId} by ${by}`);
        if (job.job.jobId === "new" && job.job.attempts < 3) throw new Error("not yet");
        return by;
      };
    other.jobs.handle("work", work("the other"));
    await one.jobs.add({ kind: "work", payload: null, jobId: "old" }, context());
    await clock.advance(5_000);
    remote.script = "refuse";
    one.jobs.handle("work", work("one"));
    await one.jobs.add({ kind: "work", payload: null, jobId: "new" }, context());
    await clock.advance(3 * MINUTE);
    const expected = ["old by the other", "new by one", "new by one", "new by one"];
    expect(runs).toEqual(expected);
    remote.script = "up";
    // As long as the breaker of a store that was away may stay open.
    await clock.advance(10 * MINUTE);
    expect(runs).toEqual(expected);
    expect(await found(other.jobs, "new")).toMatchObject({ state: "done", attempts: 3, result: "one" });
    await Promise.all([here.close(), there.close()]);
  });

  it("that were done are forgotten after seven days, and may be added anew", async () => {
    const { jobs } = worker();
    let runs = 0;
    jobs.handle("work", async () => (runs += 1));
    await jobs.add({ kind: "work", payload: null, jobId: "mine" }, context());
    await clock.advance(MINUTE);
    setForward(7 * DAY - 5 * MINUTE);
    await clock.advance(2 * MINUTE);
    expect(await found(jobs, "mine")).toMatchObject({ state: "done" });
    await clock.advance(5 * MINUTE);
    expect(await jobs.get("mine", context())).toBeUndefined();
    expect((await access.list({ collection: "jobs", limit: 10 }, context())).value).toEqual([]);
    await jobs.add({ kind: "work", payload: null, jobId: "mine" }, context());
    await settle();
    expect(await found(jobs, "mine")).toMatchObject({ state: "done", result: 2 });
  });

  it("forget their payload when they are done, where that is asked for, and not before", async () => {
    const { jobs } = worker();
    let fail = true;
    const handler = async () => {
      if (fail) throw new Error("not yet");
      return null;
    };
    jobs.handle("secret", handler, { forgetPayload: true });
    const { jobId } = await jobs.add({ kind: "secret", payload: { user: "ann" } }, context());
    await settle();
    expect(await found(jobs, jobId)).toMatchObject({ state: "waiting", payload: { user: "ann" }, error: "not yet" });
    fail = false;
    await clock.advance(MINUTE);
    expect(await found(jobs, jobId)).toMatchObject({ state: "done", payload: null });
    expect(JSON.stringify((await access.list({ collection: "jobs", limit: 10 }, context())).value)).not.toContain(
      "ann",
    );
  });

  it("are listed newest first, all or of one kind, page by page", async () => {
    const { jobs } = worker();
    for (let number = 1; number <= 6; number += 1) {
      await jobs.add({ kind: number % 2 ? "odd" : "even", payload: null, jobId: `j${number}` }, context());
      await clock.advance(1);
    }
    const pages: string[][] = [];
    for (let after: string | null = ""; after !== null; ) {
      const page = await jobs.list({ limit: 4, ...(after && { after }) }, context());
      pages.push(page.items.map(({ jobId }) => jobId));
      after = page.next;
    }
    expect(pages).toEqual([
      ["j6", "j5", "j4", "j3"],
      ["j2", "j1"],
    ]);
    const odd = await jobs.list({ kind: "odd", limit: 3 }, context());
    expect(odd).toMatchObject({ items: [{ jobId: "j5" }, { jobId: "j3" }, { jobId: "j1" }], next: null });
    await expect(jobs.list({ limit: 0 }, context())).rejects.toMatchObject({ code: "invalid_request", field: "limit" });
    await expect(jobs.list({ limit: 1, after: "x" }, context())).rejects.toMatchObject({ field: "after" });
  });

  it("refuse what is out of range, by the name of the field", async () => {
    const { jobs } = worker();
    const add = (change: object) => jobs.add({ kind: "work", payload: null, ...change }, context());
    await expect(add({ kind: "a/b" })).rejects.toThrow('kind: "a/b" is not allowed');
    await expect(add({ jobId: "a/b" })).rejects.toThrow('jobId: "a/b" is not allowed');
    await expect(add({ delayMs: -1 })).rejects.toThrow("delayMs: -1 is not allowed");
    await expect(add({ delayMs: 0.5 })).rejects.toThrow("delayMs");
    expect(() => jobs.handle("work", async () => null, { concurrency: 0 })).toThrow("concurrency: 0");
    expect(() => jobs.repeat({ kind: "work", payload: null, everyMs: 999 })).toThrow("everyMs");
    jobs.handle("work", async () => null);
    expect(() => jobs.handle("work", async () => null)).toThrow("has a handler already");
  });

  it("cost the same to look for, however many are done", async () => {
    let calls = 0;
    let records = 0;
    const counted: Pick<StoreAccess, "get" | "list" | "commit"> = {
      ...access,
      async list(request, ctx) {
        const served = await access.list(request, ctx);
        calls += 1;
        records += served.value.length;
        return served;
      },
    };
    const { jobs } = worker(counted);
    jobs.handle("work", async () => null, { concurrency: 100 });
    await clock.advance(MINUTE);
    const measure = async () => {
      [calls, records] = [0, 0];
      await clock.advance(MINUTE / 2);
      return { calls, records };
    };
    const before = await measure();
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => jobs.add({ kind: "work", payload: null }, context())));
      await settle();
    }
    await clock.advance(MINUTE);
    const { value } = await access.list({ collection: "jobs", prefix: "end/", limit: 1_000 }, context());
    expect(value).toHaveLength(1_000);
    const after = await measure();
    // The half minute may begin just before a look or just behind one.
    expect(after.calls).toBeLessThanOrEqual(before.calls + 2);
    // Of what is done at most one page is looked at, once a minute, whether its time is over.
    expect(after.records).toBeLessThanOrEqual(100);
  });

  it("close: nothing new begins, and what runs has its time, and is then given back for others at once", async () => {
    const [one, other] = [worker(), worker()];
    const ended: string[] = [];
    one.jobs.handle(
      "work",
      async ({ job: { jobId }, context: { signal } }) => {
        const ms = jobId === "short" ? 1_000 : MINUTE;
        await pause(clock, ms, signal);
        if (signal.aborted) throw signal.reason;
        ended.push(jobId);
        return jobId;
      },
      { concurrency: 2 },
    );
    await one.jobs.add({ kind: "work", payload: null, jobId: "short" }, context());
    await one.jobs.add({ kind: "work", payload: null, jobId: "long" }, context());
    await settle();
    const closed = one.jobs.close(5_000);
    await one.jobs.add({ kind: "work", payload: null, jobId: "new" }, context());
    await clock.advance(4_999);
    expect(ended).toEqual(["short"]);
    expect(await found(other.jobs, "long")).toMatchObject({ state: "running" });
    await clock.advance(1);
    await closed;
    expect(await found(other.jobs, "long")).toMatchObject({ state: "waiting", attempts: 1, error: null });
    expect(await found(other.jobs, "new")).toMatchObject({ state: "waiting", attempts: 0 });
    expect(reported).toEqual([]);
    other.jobs.handle("work", async () => "by the other");
    await clock.advance(1_000);
    expect(await found(other.jobs, "long")).toMatchObject({ state: "done", attempts: 2 });
    await other.jobs.close();
    expect(clock.pending).toBe(0);
  });

  it("close although a handler is deaf; its lease is kept, for it still works", async () => {
    const one = worker();
    one.jobs.handle("deaf", () => new Promise<never>(() => {}));
    const { jobId } = await one.jobs.add({ kind: "deaf", payload: null }, context());
    await settle();
    const closed = one.jobs.close(1_000);
    await clock.advance(3_000);
    await closed;
    expect(await found(one.jobs, jobId)).toMatchObject({ state: "running" });
  });
});
