import { beforeEach, describe, expect, it } from "vitest";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Operation, Store, Write } from "../../src/fallbacks/store/port.ts";
import { uniteJobs } from "../../src/jobs/unite-jobs.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import { type ManualClock, settle } from "../support/manual-clock.ts";
import { createTown, createWorker, found, type Worker } from "./jobs-rig.ts";

/** Two processes that began with the same job, and did not see one another since. */
describe("jobs of two processes that did not see one another", () => {
  let clock: ManualClock;
  let ours: Store;
  let theirs: Store;
  let sent: Operation[];
  const context = () => testContext({ clock });

  const access = (local: Store): StoreAccess => createTestAccess({ clock, local }).access;
  const workerOn = (store: StoreAccess): Worker => createWorker({ store, clock, town: createTown() });

  beforeEach(async () => {
    ({ clock } = createTestAccess());
    [ours, theirs] = [createMemoryStore(), createMemoryStore()];
    for (const store of [ours, theirs]) {
      await workerOn(access(store)).jobs.add({ kind: "work", payload: null, jobId: "job" }, context());
    }
    sent = [];
  });

  /** Our side, with what it commits noted down. */
  function recorded(): Worker {
    const store = access(ours);
    return workerOn({
      ...store,
      commit(operation, ctx) {
        sent.push(operation);
        return store.commit(operation, ctx);
      },
    });
  }

  /** Sends what we did to the store of the others; conflicts are united, as often as it takes. */
  async function replay(): Promise<void> {
    for (const operation of sent) {
      let next: Operation | undefined = operation;
      for (let round = 0; next && round < 3; round += 1) {
        const { status } = await theirs.commit({ ...next, id: `${operation.id}/${round}` }, context());
        if (status === "applied") break;
        const places: readonly Write[] = next.writes;
        const keys = [...places, { collection: "jobs", key: "job/job" } as const];
        const seen = await theirs.look(keys, context());
        next = uniteJobs(operation, ({ collection, key }) => {
          const at = keys.findIndex((place) => place.collection === collection && place.key === key);
          return seen[at] ?? { version: 0, value: undefined };
        });
        expect(next).toBeDefined();
      }
    }
  }

  const rowsOf = async () =>
    (await theirs.list({ collection: "jobs", limit: 100 }, context())).map(({ key }) => key.replace(/\/.*/, ""));

  it("what we have done stays done, although they have begun it", async () => {
    const others = workerOn(access(theirs));
    others.jobs.handle("work", () => new Promise<never>(() => {}));
    recorded().jobs.handle("work", async () => "ours");
    await settle();
    await replay();
    expect(await found(others.jobs, "job")).toMatchObject({ state: "done", result: "ours" });
    expect((await rowsOf()).sort()).toEqual(["end", "job", "kind", "made"]);
  });

  it("what we have done stays done, although they have ended it", async () => {
    const others = workerOn(access(theirs));
    await others.jobs.cancel("job", context());
    recorded().jobs.handle("work", async () => "ours");
    await settle();
    await replay();
    expect(await found(others.jobs, "job")).toMatchObject({ state: "done", result: "ours" });
    expect((await rowsOf()).sort()).toEqual(["end", "job", "kind", "made"]);
  });

  it("what they have done, or only begun, is not ended by us", async () => {
    for (const [state, handler] of [
      ["running", () => new Promise<never>(() => {})],
      ["done", async () => "theirs"],
    ] as const) {
      [ours, theirs] = [createMemoryStore(), createMemoryStore()];
      sent = [];
      for (const store of [ours, theirs]) {
        await workerOn(access(store)).jobs.add({ kind: "work", payload: null, jobId: "job" }, context());
      }
      const others = workerOn(access(theirs));
      others.jobs.handle("work", handler);
      await recorded().jobs.cancel("job", context());
      await settle();
      await replay();
      expect(await found(others.jobs, "job")).toMatchObject({ state });
    }
  });

  it("what they have done stays as they have done it", async () => {
    const others = workerOn(access(theirs));
    others.jobs.handle("work", async () => "theirs");
    recorded().jobs.handle("work", async () => "ours");
    await settle();
    await replay();
    expect(await found(others.jobs, "job")).toMatchObject({ state: "done", result: "theirs" });
    expect((await rowsOf()).sort()).toEqual(["end", "job", "kind", "made"]);
  });

  it("what we have only begun is theirs", async () => {
    const others = workerOn(access(theirs));
    others.jobs.handle("work", ({ progress }) => progress("theirs").then(() => new Promise<never>(() => {})));
    recorded().jobs.handle("work", async ({ progress }) => {
      await progress("ours");
      throw new Error("ours");
    });
    await settle();
    await replay();
    expect(await found(others.jobs, "job")).toMatchObject({ state: "running", progress: "theirs", error: null });
    expect((await rowsOf()).sort()).toEqual(["job", "kind", "made", "run"]);
  });

  it("one that both have added is one, and another one of ours is added although the slot is theirs", async () => {
    const worker = recorded();
    await worker.jobs.add({ kind: "work", payload: "ours", jobId: "new" }, context());
    const slot: Write = { kind: "put", collection: "jobs", key: "slot/work", value: { slot: 1 }, expect: 0 };
    await theirs.commit({ id: "slot", writes: [{ ...slot, value: { slot: 2 } }] }, context());
    sent = sent.map((operation) => ({ ...operation, writes: [slot, ...operation.writes] }));
    sent.push({ id: "again", writes: [{ ...slot, key: "job/job" }] });
    await replay();
    const reader = workerOn(access(theirs));
    expect(await found(reader.jobs, "new")).toMatchObject({ state: "waiting", payload: "ours" });
    expect(await found(reader.jobs, "job")).toMatchObject({ state: "waiting", payload: null });
  });

  it("what is deleted stays deleted, and what is no job is not its business", async () => {
    await theirs.commit({ id: "gone", writes: [{ kind: "delete", collection: "jobs", key: "job/job" }] }, context());
    recorded().jobs.handle("work", async () => "ours");
    await settle();
    await replay();
    expect(await theirs.get("jobs", "job/job", context())).toBeUndefined();
    const foreign: Operation = { id: "x", writes: [{ kind: "put", collection: "turns", key: "t", value: 1 }] };
    expect(uniteJobs(foreign, () => ({ version: 0, value: undefined }))).toBeUndefined();
  });
});
