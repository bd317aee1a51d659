import { expect, it } from "vitest";
import { numberKey, ownerKey, sessionIndexKey, sessionKey, turnIndexKey } from "../../src/conversations/records.ts";
import type { Write } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { ann, contextOf, createTalker, newId, seedSession } from "./rig.ts";

/** A session as versions before this one wrote it, with a turn that was running when they stopped. */
function oldSession(at: string): readonly Write[] {
  const owner = ownerKey(ann);
  const session = { owner, title: "about t1", turns: 2, createdAt: at, updatedAt: at, memory: { last: "t1" } };
  const turn = (turnId: string, status: string, reply: string | null) => ({
    turnId,
    message: `about ${turnId}`,
    status,
    at,
    reply,
  });
  return [
    { kind: "put", collection: "sessions", key: sessionKey("ses_old"), value: session },
    {
      kind: "put",
      collection: "sessions",
      key: sessionIndexKey(owner, at, "ses_old"),
      value: { sessionId: "ses_old" },
    },
    { kind: "put", collection: "turns", key: numberKey("ses_old", 1), value: turn("t1", "done", "t1") },
    { kind: "put", collection: "turns", key: numberKey("ses_old", 2), value: turn("t2", "running", null) },
    { kind: "put", collection: "turn_index", key: turnIndexKey(owner, "t1"), value: { sessionId: "ses_old", seq: 1 } },
    { kind: "put", collection: "turn_index", key: turnIndexKey(owner, "t2"), value: { sessionId: "ses_old", seq: 2 } },
  ];
}

it("sessions and turns of older versions are read, gone on with and finished", async () => {
  const { access, clock } = createTestAccess();
  await access.commit({ id: newId(), writes: oldSession(clock.wall().toISOString()) }, contextOf(clock));
  const { conversations, begin, finish, say } = createTalker(access, clock);
  const turnsOf = async () =>
    (await conversations.turns(ann, "ses_old", { limit: 10 }, contextOf(clock))).items.map((turn) => [
      turn.seq,
      turn.turnId,
      turn.status,
      turn.reply,
    ]);
  expect(await turnsOf()).toEqual([
    [1, "t1", "done", "t1"],
    [2, "t2", "interrupted", null],
  ]);
  const request = { owner: ann, turnId: "t1", message: "about t1", recent: 5 };
  expect(await conversations.begin(request, contextOf(clock))).toMatchObject({ again: { seq: 1, reply: "t1" } });
  const anew = await begin("t2", "ses_old");
  expect(anew).toMatchObject({ turn: { seq: 2 }, memory: { last: "t1" }, history: [{ turnId: "t1" }] });
  await finish(anew);
  await say("t3", "ses_old");
  expect(await turnsOf()).toEqual([
    [1, "t1", "done", "t1"],
    [2, "t2", "done", "t2"],
    [3, "t3", "done", "t3"],
  ]);
  expect((await begin("t4", "ses_old")).history.map((turn) => turn.turnId)).toEqual(["t1", "t2", "t3"]);
});

it("sessions of older versions are deleted with everything of them", async () => {
  const { access, clock } = createTestAccess();
  await seedSession(access, clock, { sessionId: "ses_old", turns: 500, form: "old" });
  const { conversations, say } = createTalker(access, clock);
  await say("new", "ses_old");
  await conversations.remove(ann, "ses_old", contextOf(clock));
  for (const collection of ["sessions", "turns", "turn_index"] as const) {
    expect((await access.list({ collection, limit: 10 }, contextOf(clock))).value).toEqual([]);
  }
});
