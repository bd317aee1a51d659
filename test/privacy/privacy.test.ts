import { beforeEach, describe, expect, it } from "vitest";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { collections, ownCollections, type Store } from "../../src/fallbacks/store/port.ts";
import type { DataItem, DataScope } from "../../src/privacy/privacy.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createTown, found } from "../jobs/jobs-rig.ts";
import { type ManualClock, settle } from "../support/manual-clock.ts";
import { createPrivacyRig, type PrivacyRig } from "./privacy-rig.ts";

const ann = { keyId: "key-1", user: "ann/😀" };
const annOfTwo = { keyId: "key-2", user: ann.user };
const bob = { keyId: "key-1", user: "bob" };
const everyKey: DataScope = { keyId: null, user: ann.user };

describe("one user's data", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let local: Store;
  let rig: PrivacyRig;

  beforeEach(() => {
    local = createMemoryStore();
    ({ clock, access } = createTestAccess({ local }));
    rig = createPrivacyRig(access, clock);
  });

  async function all(scope: DataScope): Promise<readonly DataItem[]> {
    const items: DataItem[] = [];
    for await (const item of rig.privacy.export(scope, rig.context())) items.push(item);
    return items;
  }

  const briefly = (items: readonly DataItem[]) =>
    items.map((item) => {
      switch (item.type) {
        case "session":
          return `session ${item.session.title}`;
        case "turn":
          return `turn ${item.turn.message}`;
        case "ticket":
          return `ticket ${item.ticket.problem}`;
        case "handoff":
          return `handoff ${(item.handoff.card as { summary: string }).summary}`;
      }
    });

  /** Everything that any collection still has and that contains the text. */
  async function holds(text: string): Promise<readonly string[]> {
    const kept = await Promise.all(
      collections
        .filter((collection) => !ownCollections.has(collection))
        .map(async (collection) =>
          (await local.list({ collection, limit: 1_000 }, rig.context())).map((record) => JSON.stringify(record)),
        ),
    );
    return kept.flat().filter((record) => record.includes(text));
  }

  it("is given out, each thing once, the turns behind their session", async () => {
    const first = await rig.say(ann, "first", { support: true });
    await rig.say(ann, "again", { sessionId: first });
    await clock.advance(1_000);
    await rig.say(ann, "second");
    await rig.say(annOfTwo, "elsewhere", { support: true });
    await rig.say(bob, "bob's", { support: true });
    expect(briefly(await all(ann))).toEqual([
      "session second",
      "turn second",
      "session first",
      "turn first",
      "turn again",
      "handoff first",
      "ticket first",
      "handoff first",
    ]);
    const both = await all(everyKey);
    expect(briefly(both).filter((line) => line.includes("elsewhere"))).toHaveLength(5);
    expect(both).toHaveLength(13);
    expect(both.flatMap((item) => ("keyId" in item ? [item.keyId] : []))).toContain("key-2");
    expect(await all({ keyId: "key-3", user: ann.user })).toEqual([]);
  });

  it("is read as it is asked for, page by page", async () => {
    let reads = 0;
    const counted = {
      ...access,
      list: (...args: Parameters<StoreAccess["list"]>) => {
        reads += 1;
        return access.list(...args);
      },
    };
    rig = createPrivacyRig(counted, clock);
    const sessionId = await rig.say(ann, "hello");
    for (let turn = 0; turn < 250; turn += 1) await rig.say(ann, "more", { sessionId });
    reads = 0;
    const items = rig.privacy.export(ann, rig.context())[Symbol.asyncIterator]();
    for (let count = 0; count < 3; count += 1) await items.next();
    expect(reads).toBeLessThanOrEqual(2);
    await items.return?.();
  });

  it("is deleted wherever it is, and nobody else's", async () => {
    const sessionId = await rig.say(ann, "secret-of-ann", { support: true });
    for (let turn = 0; turn < 3; turn += 1) await rig.say(ann, "secret-of-ann", { sessionId, support: true });
    await rig.say(ann, "secret-of-ann");
    await rig.say(annOfTwo, "secret-of-two", { support: true });
    await rig.say(bob, "bob's", { support: true });
    const bobs = await all(bob);
    const job = await rig.privacy.erase(ann, rig.context());
    await settle();
    await settle();
    expect(await found(rig.worker.jobs, job.jobId)).toMatchObject({
      state: "done",
      result: { sessions: 2, turns: 5, tickets: 4, handoffs: 8 },
      payload: null,
    });
    expect(await all(ann)).toEqual([]);
    expect(await holds("secret-of-ann")).toEqual([]);
    expect(await all(bob)).toEqual(bobs);
    expect(await all(annOfTwo)).toHaveLength(5);
    await rig.privacy.erase(everyKey, rig.context());
    await settle();
    await settle();
    // Neither what was said nor who it was, in the job least of all.
    expect(await holds("ann")).toEqual([]);
    expect(await all(bob)).toEqual(bobs);
  });

  it("is deleted although the session of a hand-off is gone, when the hand-off says whose it is", async () => {
    const sessionId = await rig.say(ann, "secret-of-ann", { support: true });
    await rig.conversations.remove(ann, sessionId, rig.context());
    await rig.privacy.erase(ann, rig.context());
    await settle();
    const left = await holds("secret-of-ann");
    expect(left.map((record) => /ho2?_/.exec(record)?.[0])).toEqual(["ho_"]);
  });

  it("finds hand-offs of before they had rows, once for a store", async () => {
    const sessionId = await rig.say(ann, "hello");
    const createdAt = "2025-01-01T00:00:00.000Z";
    const old = Array.from({ length: 450 }, (_, number) => {
      const card = { handoffId: `ho_${number}`, sessionId: number % 2 ? sessionId : "ses_other" };
      const value = { handoffId: card.handoffId, card, createdAt, status: "waiting" };
      return { kind: "put", collection: "handoffs", key: `waiting/${createdAt}/${number}`, value } as const;
    });
    await access.commit({ id: "old", writes: old }, rig.context());
    expect((await all(ann)).filter(({ type }) => type === "handoff")).toHaveLength(225);
    await rig.privacy.erase(ann, rig.context());
    await settle();
    expect((await all(ann)).filter(({ type }) => type === "handoff")).toEqual([]);
    expect(await rig.handoffs.list(1_000, rig.context())).toHaveLength(225);
    const again = createPrivacyRig(access, clock);
    const before = await local.list({ collection: "handoffs", limit: 1_000 }, rig.context());
    for await (const item of again.privacy.export(ann, rig.context())) expect(item.type).not.toBe("handoff");
    expect(await local.list({ collection: "handoffs", limit: 1_000 }, rig.context())).toEqual(before);
  });

  it("finds hand-offs of before they had rows also when they were asked for first while the shared store was away", async () => {
    const remote = createScriptedStore();
    const createdAt = "2025-01-01T00:00:00.000Z";
    const value = { handoffId: "ho_1", card: { sessionId: "ses_1" }, createdAt, status: "waiting" };
    const put = { kind: "put", collection: "handoffs", key: `waiting/${createdAt}/1`, value } as const;
    await remote.inside.commit({ id: "old", writes: [put] }, rig.context());
    ({ clock, access } = createTestAccess({ local, remote }));
    rig = createPrivacyRig(access, clock);
    const count = async () => {
      let found = 0;
      for await (const { handoffId } of rig.handoffs.of({ sessionId: "ses_1" }, rig.context())) {
        expect(handoffId).toBe("ho_1");
        found += 1;
      }
      return found;
    };
    remote.script = "refuse";
    expect(await count()).toBe(0);
    remote.script = "up";
    await clock.advance(60_000);
    expect(access.status().state).toBe("ok");
    expect(await count()).toBe(1);
    await access.close();
  });

  it("is deleted however often the process dies that deletes it", async () => {
    const town = createTown();
    await rig.say(ann, "secret-of-ann", { support: true });
    const { jobId } = await rig.privacy.erase(ann, rig.context());
    rig.worker.kill();
    const hanging: StoreAccess = {
      ...access,
      list: (request, context) =>
        request.collection === "sessions" ? new Promise<never>(() => {}) : access.list(request, context),
    };
    for (let death = 0; death < 7; death += 1) {
      const dying = createPrivacyRig(hanging, clock, { town });
      await clock.advance(3_600_000);
      dying.worker.kill();
    }
    rig = createPrivacyRig(access, clock, { town });
    expect(await found(rig.worker.jobs, jobId)).toMatchObject({ state: "running" });
    // The process is lost first, then the job waits, an hour and a half at most.
    await clock.advance(2 * 3_600_000);
    expect(await found(rig.worker.jobs, jobId)).toMatchObject({
      state: "done",
      result: { sessions: 1 },
      payload: null,
    });
    expect(await holds("ann")).toEqual([]);
  });

  it("is deleted together with what cannot be read", async () => {
    const first = await rig.say(ann, "secret-of-ann", { support: true });
    const second = await rig.say(ann, "secret-of-ann", { support: true });
    const [turn] = await local.list({ collection: "turns", prefix: first, limit: 1 }, rig.context());
    const [ticket] = await local.list({ collection: "tickets", prefix: "ticket/", limit: 1 }, rig.context());
    const other = { of: "a later version", text: "secret-of-ann" };
    const put = { kind: "put", value: other } as const;
    const writes = [
      { ...put, collection: "turns", key: turn?.key ?? "" },
      { ...put, collection: "tickets", key: ticket?.key ?? "" },
      { ...put, collection: "sessions", key: `session/${second}` },
    ] as const;
    await access.commit({ id: "other", writes }, rig.context());
    const { jobId } = await rig.privacy.erase(ann, rig.context());
    await settle();
    await settle();
    expect(await found(rig.worker.jobs, jobId)).toMatchObject({
      state: "done",
      result: { sessions: 2, turns: 2, tickets: 2, handoffs: 4 },
    });
    expect(await holds("ann")).toEqual([]);
  });

  it("goes on being deleted by another process when one dies in the middle of it, and again does no harm", async () => {
    const town = createTown();
    for (const owner of [ann, annOfTwo]) {
      for (let session = 0; session < 5; session += 1) await rig.say(owner, "secret-of-ann", { support: true });
    }
    let calls = 0;
    const dying: StoreAccess = {
      ...access,
      commit(operation, context) {
        calls += 1;
        if (calls === 12) one.worker.kill();
        return one.worker.killed.aborted ? new Promise<never>(() => {}) : access.commit(operation, context);
      },
    };
    const one: PrivacyRig = createPrivacyRig(dying, clock, { town });
    const { jobId } = await one.privacy.erase(everyKey, rig.context());
    await settle();
    expect(one.worker.killed.aborted).toBe(true);
    rig = createPrivacyRig(access, clock, { town });
    expect((await all(everyKey)).length).toBeGreaterThan(0);
    await clock.advance(5_000);
    expect(await found(rig.worker.jobs, jobId)).toMatchObject({ state: "done", attempts: 2 });
    expect(await all(everyKey)).toEqual([]);
    expect(await holds("secret-of-ann")).toEqual([]);
    const again = await rig.privacy.erase(everyKey, rig.context());
    await clock.advance(1_000);
    expect(await found(rig.worker.jobs, again.jobId)).toMatchObject({
      result: { sessions: 0, turns: 0, tickets: 0, handoffs: 0 },
    });
  });

  it("is not deleted by an old copy: while the shared store is away the job waits, and has not failed", async () => {
    const remote = createScriptedStore();
    ({ clock, access } = createTestAccess({ local, remote }));
    rig = createPrivacyRig(access, clock);
    await rig.say(ann, "before");
    const { jobId } = await rig.worker.jobs.add({ kind: "other", payload: null }, rig.context());
    remote.script = "refuse";
    const erase = await rig.privacy.erase(ann, rig.context());
    await clock.advance(3_600_000);
    // What was there before it went away is not begun: others may have done it.
    expect(await found(rig.worker.jobs, jobId)).toMatchObject({ state: "waiting", attempts: 0 });
    expect(await found(rig.worker.jobs, erase.jobId)).toMatchObject({
      state: "waiting",
      error: "the store that all servers share is away, and the copy here may be old",
    });
    expect(await holds("before")).not.toEqual([]);
    remote.script = "up";
    await clock.advance(120_000);
    expect(await found(rig.worker.jobs, erase.jobId)).toMatchObject({ state: "done", result: { sessions: 1 } });
    expect(await holds("before")).toEqual([]);
    await access.close();
  });

  it("is not held up for long by a shared store that was away for a moment", async () => {
    const remote = createScriptedStore();
    ({ clock, access } = createTestAccess({ local, remote }));
    rig = createPrivacyRig(access, clock);
    await rig.say(ann, "before");
    remote.script = "refuse";
    const erase = await rig.privacy.erase(ann, rig.context());
    await clock.advance(1_000);
    expect(await found(rig.worker.jobs, erase.jobId)).toMatchObject({ state: "waiting", attempts: 1 });
    remote.script = "up";
    await clock.advance(15_000);
    expect(await found(rig.worker.jobs, erase.jobId)).toMatchObject({ state: "done", result: { sessions: 1 } });
    await access.close();
  });

  it("leaves turns that begin later alone", async () => {
    await rig.say(ann, "old");
    await rig.privacy.erase(ann, rig.context());
    await settle();
    await rig.say(ann, "new");
    await clock.advance(10_000);
    expect(briefly(await all(ann))).toEqual(["session new", "turn new"]);
  });

  it("tells of a deletion to whom it belongs only", async () => {
    const { jobId } = await rig.privacy.erase(ann, rig.context());
    expect(jobId).toMatch(/^erase_[0-9a-f]{32}_[0-9a-f]{32}$/);
    expect(await rig.privacy.erasure(ann, jobId, rig.context())).toMatchObject({ jobId });
    for (const scope of [bob, annOfTwo, everyKey]) {
      expect(await rig.privacy.erasure(scope, jobId, rig.context())).toBeUndefined();
    }
  });
});
