import { expect, it } from "vitest";
import type { Turn } from "../../src/conversations/conversations.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { Write } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { ann, contextOf, createTalker, problemOf, seedSession } from "./rig.ts";

const bob = { keyId: "key-1", user: "bob" };

function unreadable(collection: Write["collection"], key: string): Write {
  return { kind: "put", collection, key, value: { of: "a later version" } };
}

/** Whose writes fail after the first `writes` ones. */
function dyingAfter(access: StoreAccess, writes: number): StoreAccess {
  let left = writes;
  return {
    ...access,
    commit(...asked) {
      left -= 1;
      return left < 0 ? Promise.reject(new Error("killed")) : access.commit(...asked);
    },
  };
}

async function collect<T>(from: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

it("exports every session of an owner with every turn, and nobody else's", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say, begin } = createTalker(access, clock);
  await seedSession(access, clock, { sessionId: "ses_big", turns: 250 });
  await clock.advance(1);
  for (let number = 0; number < 120; number += 1) await say(`t${number}`);
  await begin("of bob", undefined, { owner: bob });
  const exported: [string, readonly Turn[]][] = [];
  for await (const { session, turns } of conversations.export(ann, contextOf(clock))) {
    exported.push([session.title, await collect(turns)]);
  }
  expect(exported).toHaveLength(121);
  const [title, turns] = exported.at(-1) ?? ["", []];
  expect([title, turns.length, turns.map((turn) => turn.seq)]).toEqual([
    "long",
    250,
    Array.from({ length: 250 }, (_, index) => index + 1),
  ]);
  expect(new Set(exported.flatMap(([, all]) => all.map((turn) => turn.turnId))).size).toBe(370);
  expect(await collect(conversations.export({ keyId: "key-2", user: "ann" }, contextOf(clock)))).toEqual([]);
});

it("deletes every session of an owner, however often it is broken off", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say, begin } = createTalker(access, clock);
  await seedSession(access, clock, { sessionId: "ses_big", turns: 900 });
  for (let number = 0; number < 130; number += 1) await say(`t${number}`);
  const { sessionId } = await begin("of bob", undefined, { owner: bob });
  let attempts = 0;
  for (;;) {
    attempts += 1;
    const dying = createTalker(dyingAfter(access, 50), clock);
    if ((await problemOf(dying.conversations.removeAll(ann, contextOf(clock)))) === "none") break;
  }
  expect(attempts).toBeGreaterThan(3);
  expect(await conversations.removeAll(ann, contextOf(clock))).toEqual({ sessions: 0, turns: 0 });
  const left = await access.list({ collection: "sessions", limit: 100 }, contextOf(clock));
  expect(left.value.map(({ key }) => key.includes(sessionId))).toEqual([true, true]);
  expect((await access.list({ collection: "turns", limit: 100 }, contextOf(clock))).value).toHaveLength(1);
  expect((await access.list({ collection: "turn_index", limit: 100 }, contextOf(clock))).value).toHaveLength(1);
});

it("counts what it deletes", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say } = createTalker(access, clock);
  const sessionId = await say("t1");
  await say("t2", sessionId);
  await say("t3");
  expect(await conversations.removeAll(ann, contextOf(clock))).toEqual({ sessions: 2, turns: 3 });
});

it("deletes sessions that nobody has touched since, step by step, and what a broken-off deletion has left", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say } = createTalker(access, clock);
  const old = await say("old");
  const touched = await say("touched");
  const half = await say("half");
  for (let number = 0; number < 20; number += 1) await say(`o${number}`);
  await clock.advance(86_400_000);
  const before = clock.wall();
  await say("fresh", touched);
  const fresh = await say("new");
  const { conversations: dying } = createTalker(dyingAfter(access, 1), clock);
  await expect(dying.remove(ann, fresh, contextOf(clock))).rejects.toThrow("killed");
  let after: string | null = null;
  let steps = 0;
  let removed = 0;
  do {
    const page = { limit: 5, ...(after !== null && { after }) };
    const step: { sessions: number; turns: number; next: string | null } = await conversations.removeOlder(
      before,
      page,
      contextOf(clock),
    );
    steps += 1;
    removed += step.sessions;
    after = step.next;
  } while (after !== null);
  expect(steps).toBeGreaterThan(4);
  expect(removed).toBe(23);
  const { items } = await conversations.list(ann, { limit: 50 }, contextOf(clock));
  expect(items.map((session) => session.sessionId)).toEqual([touched]);
  for (const sessionId of [old, half, fresh]) {
    expect(await problemOf(conversations.turns(ann, sessionId, { limit: 1 }, contextOf(clock)))).toBe(
      "session_not_found",
    );
  }
  expect((await access.list({ collection: "turns", limit: 100 }, contextOf(clock))).value).toHaveLength(2);
});

it("does not delete a session for its age that somebody writes to at that moment", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say } = createTalker(access, clock);
  const sessionId = await say("old");
  await clock.advance(86_400_000);
  const racing = createTalker(
    {
      ...access,
      async commit(operation, context) {
        if (operation.writes.some((write) => write.kind === "put")) await say("in time", sessionId);
        return access.commit(operation, context);
      },
    },
    clock,
  );
  expect(await racing.conversations.removeOlder(clock.wall(), { limit: 5 }, contextOf(clock))).toMatchObject({
    sessions: 0,
  });
  expect((await conversations.turns(ann, sessionId, { limit: 5 }, contextOf(clock))).items).toHaveLength(2);
});

it("nobody goes on with a session that is being deleted, nor with a turn of it", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say, begin, finish } = createTalker(access, clock);
  const sessionId = await say("t1");
  const open = await begin("t2", sessionId);
  const { conversations: dying } = createTalker(dyingAfter(access, 1), clock);
  await expect(dying.remove(ann, sessionId, contextOf(clock))).rejects.toThrow("killed");
  await finish(open);
  expect(await problemOf(begin("t3", sessionId))).toBe("session_not_found");
  expect(await problemOf(begin("t1"))).toBe("session_not_found");
  await conversations.remove(ann, sessionId, contextOf(clock));
  expect(await problemOf(conversations.remove(ann, sessionId, contextOf(clock)))).toBe("session_not_found");
  expect(await begin("t1")).toMatchObject({ turn: { seq: 1 } });
});

it("two deletions of one session at once both end", async () => {
  const { access, clock } = createTestAccess();
  const { conversations } = createTalker(access, clock);
  await seedSession(access, clock, { sessionId: "ses_1", turns: 900 });
  const both = Promise.all([
    problemOf(conversations.remove(ann, "ses_1", contextOf(clock))),
    problemOf(conversations.remove(ann, "ses_1", contextOf(clock))),
  ]);
  const outcomes = await whileTimePasses(clock, both);
  expect(outcomes).toContain("none");
  for (const collection of ["sessions", "turns", "turn_index"] as const) {
    expect((await access.list({ collection, limit: 10 }, contextOf(clock))).value).toEqual([]);
  }
});

it("a session that cannot be read does not keep the others from being deleted for their age, and is told of", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say } = createTalker(access, clock);
  for (const turnId of ["t1", "t2", "t3"]) await say(turnId);
  await access.commit({ id: "other", writes: [unreadable("sessions", "session/ses_0")] }, contextOf(clock));
  await clock.advance(86_400_000);
  expect(await conversations.removeOlder(clock.wall(), { limit: 100 }, contextOf(clock))).toEqual({
    sessions: 3,
    turns: 3,
    unreadable: 1,
    next: null,
  });
});

it("what cannot be read is deleted with everything else of its owner", async () => {
  const { access, clock } = createTestAccess();
  const { conversations, say } = createTalker(access, clock);
  const whole = await say("t1");
  const half = await say("t2", await say("t3"));
  const [turn] = (await access.list({ collection: "turns", prefix: whole, limit: 1 }, contextOf(clock))).value;
  const writes = [unreadable("turns", turn?.key ?? ""), unreadable("sessions", `session/${half}`)];
  await access.commit({ id: "other", writes }, contextOf(clock));
  expect(await collect(conversations.sessionIds(ann, contextOf(clock)))).toEqual([whole, half].sort());
  expect(await conversations.removeAll(ann, contextOf(clock))).toEqual({ sessions: 2, turns: 3 });
  for (const collection of ["sessions", "turns", "turn_index"] as const) {
    expect((await access.list({ collection, limit: 10 }, contextOf(clock))).value).toEqual([]);
  }
});
