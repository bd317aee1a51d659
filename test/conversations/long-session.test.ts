import { expect, it } from "vitest";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { ann, contextOf, createTalker, problemOf, seedSession } from "./rig.ts";

const LONG = 100_000;

/** Counts calls of the store, and the records that they read and write. */
function counting(access: StoreAccess) {
  const counts = { calls: 0, read: 0, written: 0 };
  const counted: StoreAccess = {
    ...access,
    async commit(operation, context) {
      counts.calls += 1;
      counts.written += operation.writes.length;
      return access.commit(operation, context);
    },
    async get(...asked) {
      counts.calls += 1;
      counts.read += 1;
      return access.get(...asked);
    },
    async list(request, context) {
      counts.calls += 1;
      const served = await access.list(request, context);
      counts.read += served.value.length;
      return served;
    },
  };
  const cost = async (work: () => Promise<unknown>) => {
    Object.assign(counts, { calls: 0, read: 0, written: 0 });
    await work();
    return { ...counts };
  };
  return { counted, cost };
}

it("fault 66: a session of 100,000 turns costs a turn no more than one of ten, and is read in pages", async () => {
  const { access, clock } = createTestAccess();
  await seedSession(access, clock, { sessionId: "ses_short", turns: 10 });
  await seedSession(access, clock, { sessionId: "ses_long", turns: LONG });
  const { counted, cost } = counting(access);
  const { conversations, begin, finish } = createTalker(counted, clock);

  const costs = async (sessionId: string) => {
    const open = await begin(`next of ${sessionId}`, sessionId, { recent: 0 });
    await finish(open);
    const begun = await cost(() => begin(`last of ${sessionId}`, sessionId, { recent: 5 }));
    return { begun, finished: await cost(() => finish(open, "again")) };
  };
  const long = await costs("ses_long");
  expect(long).toEqual(await costs("ses_short"));
  expect(long.begun.read).toBeLessThan(15);

  const walk = async (reverse: boolean) => {
    const seqs: number[] = [];
    let after: string | null = null;
    do {
      const page = { limit: 500, reverse, ...(after !== null && { after }) };
      const read: { items: readonly { seq: number }[]; next: string | null } = await conversations.turns(
        ann,
        "ses_long",
        page,
        contextOf(clock),
      );
      seqs.push(...read.items.map((turn) => turn.seq));
      after = read.next;
    } while (after !== null);
    return seqs;
  };
  const all = Array.from({ length: LONG + 2 }, (_, index) => index + 1);
  expect(await walk(false)).toEqual(all);
  expect(await walk(true)).toEqual(all.reverse());

  await access.close();
});

it("fault 66: the deletion of a long session goes in steps, can be broken off, and is asked for again", async () => {
  const { access, clock } = createTestAccess();
  await seedSession(access, clock, { sessionId: "ses_short", turns: 10 });
  await seedSession(access, clock, { sessionId: "ses_long", turns: 5_000 });
  let left = 6;
  let most = 0;
  const failing: StoreAccess = {
    ...access,
    commit(operation, context) {
      left -= 1;
      most = Math.max(most, operation.writes.length);
      return left < 0 ? Promise.reject(new Error("killed")) : access.commit(operation, context);
    },
  };
  const { conversations: brokenOff } = createTalker(failing, clock);
  await expect(brokenOff.remove(ann, "ses_long", contextOf(clock))).rejects.toThrow("killed");
  expect(most).toBeLessThan(1_000);
  const { conversations } = createTalker(access, clock);
  const asked = conversations.turns(ann, "ses_long", { limit: 1 }, contextOf(clock));
  expect(await problemOf(asked)).toBe("session_not_found");
  expect((await conversations.list(ann, { limit: 5 }, contextOf(clock))).items).toHaveLength(1);
  await conversations.remove(ann, "ses_long", contextOf(clock));
  for (const collection of ["turns", "turn_index"] as const) {
    expect((await access.list({ collection, limit: 1_000 }, contextOf(clock))).value).toHaveLength(10);
  }
});

it("looks at no more than the last 500 turns for the history of a new one", async () => {
  const { access, clock } = createTestAccess();
  await seedSession(access, clock, { sessionId: "ses_1", turns: 1 });
  const { counted, cost } = counting(access);
  const { conversations, begin } = createTalker(counted, clock);
  for (let number = 0; number < 600; number += 1) {
    const open = await begin(`t${number}`, "ses_1", { recent: 0 });
    await conversations.finish(open, { status: "failed", reply: null, memory: null }, contextOf(clock));
  }
  const { read } = await cost(async () => expect((await begin("last", "ses_1")).history).toEqual([]));
  expect(read).toBeLessThan(510);
});
