import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Turn } from "../../src/conversations/conversations.ts";
import { readTurn, type TurnRecord } from "../../src/conversations/records.ts";
import { createUnite } from "../../src/conversations/unite.ts";
import type { Json, Operation } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { ann, contextOf, createTalker, problemOf, type Talker } from "./rig.ts";
import { createShared, createSide, interleaved, type Shared } from "./split-rig.ts";

const unite = createUnite();
const clock = createManualClock();

/** A session with one turn that everybody knows. */
async function commonPast() {
  const past = await createSide(clock, "past", []);
  const sessionId = await past.talker.say("t0");
  return { sessionId, past: past.operations };
}

/** How the conversations look to somebody who reads the shared store. */
function readerOf({ store }: Shared): Talker {
  return createTalker(createTestAccess({ clock, local: store }).access, clock);
}

async function turnsOf(shared: Shared, sessionId: string): Promise<readonly Turn[]> {
  const { conversations } = readerOf(shared);
  return (await conversations.turns(ann, sessionId, { limit: 500 }, contextOf(clock))).items;
}

describe("two processes that did not see one another", () => {
  it("fault 45: both have gone on with a session: both turns are kept, as a fork, and it remembers the later one", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    await clock.advance(1_000);
    await b.talker.say("of b", sessionId);
    await clock.advance(1_000);
    await a.talker.say("of a", sessionId);
    await clock.advance(1_000);
    await b.talker.say("later of b", sessionId);
    const other = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await other.replay(operation);
    expect((await readerOf(other).begin("next", sessionId)).turn).toMatchObject({ seq: 4, fork: false });
    const shared = await createShared(unite, past);
    for (const operation of [...b.operations, ...a.operations]) await shared.replay(operation);
    const reader = readerOf(shared);
    const session = await reader.conversations.turns(ann, sessionId, { limit: 10 }, contextOf(clock));
    expect(session).toMatchObject({ turns: 3, forked: true });
    expect(session.items.map(({ seq, turnId, fork, status }) => [seq, turnId, fork, status])).toEqual([
      [1, "t0", false, "done"],
      [2, "of a", true, "done"],
      [2, "of b", true, "done"],
      [3, "later of b", false, "done"],
    ]);
    const next = await reader.begin("next", sessionId);
    expect(next).toMatchObject({ turn: { seq: 4 }, memory: { last: "later of b" } });
    expect(next.history.map((turn) => turn.turnId)).toEqual(["t0", "of b", "of a", "later of b"]);
  });

  it("shows a fork on whatever page its turns are", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    await a.talker.say("of a", sessionId);
    await b.talker.say("of b", sessionId);
    const shared = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    const { conversations } = readerOf(shared);
    for (const reverse of [false, true]) {
      const forks: boolean[] = [];
      let after: string | null = null;
      do {
        const page = { limit: 1, reverse, ...(after !== null && { after }) };
        const read: { items: readonly Turn[]; next: string | null } = await conversations.turns(
          ann,
          sessionId,
          page,
          contextOf(clock),
        );
        forks.push(...read.items.map((turn) => turn.fork));
        after = read.next;
      } while (after !== null);
      expect(forks).toEqual(reverse ? [true, true, false] : [false, true, true]);
    }
    const again = { owner: ann, turnId: "of b", message: "about of b", recent: 0 };
    expect(await conversations.begin(again, contextOf(clock))).toMatchObject({ again: { fork: true, reply: "of b" } });
  });

  it.each([
    { a: "done", b: "running", expected: "done" },
    { a: "running", b: "done", expected: "done" },
    { a: "failed", b: "done", expected: "done" },
    { a: "failed", b: "running", expected: "failed" },
  ] as const)("the same turn, $a and $b, is one turn: $expected", async ({ a, b, expected }) => {
    const { sessionId, past } = await commonPast();
    const sides = await Promise.all(
      [a, b].map(async (status, index) => {
        const side = await createSide(clock, `side ${index}`, past);
        const open = await side.talker.begin("same", sessionId);
        const outcome = { reply: status === "done" ? `of ${status}` : null, memory: open.memory };
        if (status !== "running")
          await side.talker.conversations.finish(open, { status, ...outcome }, contextOf(clock));
        return side.operations;
      }),
    );
    const shared = await createShared(unite, past);
    for (const operation of sides.flat()) await shared.replay(operation);
    const [, turn, ...others] = await shared.all("turns");
    expect(others).toEqual([]);
    expect(readTurn(turn?.value ?? null)).toMatchObject({ turnId: "same", status: expected, alternatives: [] });
    expect(await turnsOf(shared, sessionId)).toMatchObject([{}, { seq: 2, fork: false }]);
  });

  it("a turn that is asked once more on one side is running, although it has failed on the other", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    for (const { talker } of [a, b]) {
      const open = await talker.begin("same", sessionId);
      await talker.conversations.finish(open, { status: "failed", reply: null, memory: null }, contextOf(clock));
    }
    const anew = await b.talker.begin("same", sessionId);
    const shared = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    const stored = async () => readTurn((await shared.all("turns"))[1]?.value ?? null);
    expect(await stored()).toMatchObject({ status: "running", attempt: 2 });
    await b.talker.finish(anew, "answer of b");
    await shared.replay(b.operations.at(-1) as Operation);
    expect(await stored()).toMatchObject({ status: "done", reply: "answer of b" });
  });

  it("the same turn answered by several keeps every answer, and shows the one that was there first", async () => {
    const { sessionId, past } = await commonPast();
    const shared = await createShared(unite, past);
    for (const name of ["a", "b", "c", "b"]) {
      const { talker, operations } = await createSide(clock, name, past);
      await talker.finish(await talker.begin("same", sessionId), `answer of ${name}`);
      for (const operation of operations) await shared.replay(operation);
    }
    const [, turn] = await shared.all("turns");
    expect(readTurn(turn?.value ?? null)).toMatchObject({
      reply: "answer of a",
      alternatives: [
        { message: "about same", reply: "answer of b" },
        { message: "about same", reply: "answer of c" },
      ],
    });
  });

  it("keeps other words that were said under the same id, also without an answer", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    await a.talker.say("same", sessionId);
    await b.talker.begin("same", sessionId, { message: "other words" });
    const shared = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    const [, turn] = await shared.all("turns");
    expect(readTurn(turn?.value ?? null)).toMatchObject({
      message: "about same",
      reply: "same",
      alternatives: [{ message: "other words", reply: null }],
    });
  });

  it("the same turn in another place of the session is one turn all the same", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    await a.talker.say("same", sessionId);
    await b.talker.say("other", sessionId);
    const open = await b.talker.begin("same", sessionId);
    await b.talker.finish(open, "answer of b");
    const shared = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    expect((await turnsOf(shared, sessionId)).map(({ seq, turnId }) => [seq, turnId])).toEqual([
      [1, "t0"],
      [2, "other"],
      [2, "same"],
    ]);
    const turns = (await shared.all("turns")).map(({ value }) => readTurn(value));
    expect(turns.find((turn) => turn.turnId === "same")).toMatchObject({
      reply: "same",
      alternatives: [{ reply: "answer of b" }],
    });
  });

  it("a turn that is still running when it becomes one with another keeps its answer", async () => {
    const { sessionId, past } = await commonPast();
    const a = await createSide(clock, "a", past);
    const b = await createSide(clock, "b", past);
    await a.talker.say("same", sessionId);
    await b.talker.say("other", sessionId);
    const shared = await createShared(unite, past);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    const open = await b.talker.begin("same", sessionId);
    await shared.replay(b.operations.at(-1) as Operation);
    await readerOf(shared).finish(open, "answer of b");
    const turns = (await shared.all("turns")).map(({ value }) => readTurn(value));
    expect(turns.find((turn) => turn.turnId === "same")).toMatchObject({
      reply: "same",
      alternatives: [{ reply: "answer of b" }],
    });
  });

  it("the same turn id in two sessions that were both given out is kept in both, and can be asked for in both", async () => {
    const a = await createSide(clock, "a", []);
    const b = await createSide(clock, "b", []);
    const ofA = await a.talker.say("same");
    const open = await b.talker.begin("same");
    await b.talker.finish(open, "answer of b");
    const shared = await createShared(unite, []);
    for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
    const { conversations } = readerOf(shared);
    const ask = (sessionId?: string) =>
      conversations.begin(
        { owner: ann, turnId: "same", message: "about same", recent: 0, ...(sessionId !== undefined && { sessionId }) },
        contextOf(clock),
      );
    expect(await ask()).toMatchObject({ sessionId: ofA, again: { reply: "same" } });
    expect(await ask(ofA)).toMatchObject({ sessionId: ofA, again: { reply: "same" } });
    expect(await ask(open.sessionId)).toMatchObject({ sessionId: open.sessionId, again: { reply: "answer of b" } });
    await conversations.remove(ann, ofA, contextOf(clock));
    expect(await ask()).toMatchObject({ sessionId: open.sessionId, again: { reply: "answer of b" } });
    await conversations.remove(ann, open.sessionId, contextOf(clock));
    expect(await shared.all("turn_index")).toEqual([]);
  });

  it("a session that was deleted on one side stays deleted", async () => {
    for (const deletedFirst of [true, false]) {
      const { sessionId, past } = await commonPast();
      const a = await createSide(clock, "a", past);
      const b = await createSide(clock, "b", past);
      await a.talker.conversations.remove(ann, sessionId, contextOf(clock));
      await b.talker.say("of b", sessionId);
      const shared = await createShared(unite, past);
      const sides = deletedFirst ? [a, b] : [b, a];
      for (const operation of sides.flatMap((side) => side.operations)) await shared.replay(operation);
      const { conversations } = readerOf(shared);
      expect(await problemOf(conversations.turns(ann, sessionId, { limit: 5 }, contextOf(clock)))).toBe(
        "session_not_found",
      );
      expect((await conversations.list(ann, { limit: 5 }, contextOf(clock))).items).toEqual([]);
      // What was added unseen goes with the next sweep.
      await conversations.removeOlder(new Date(0), { limit: 100 }, contextOf(clock));
      for (const collection of ["sessions", "turns", "turn_index"] as const) {
        expect(await shared.all(collection)).toEqual([]);
      }
    }
  });

  it("leaves alone what is not a conversation, and what it cannot read", () => {
    const nothing = () => ({ version: 1, value: undefined });
    const put = { kind: "put", collection: "documents", key: "d", value: 1 } as const;
    expect(unite({ id: "1", writes: [put] }, nothing)).toBeUndefined();
    expect(unite({ id: "2", writes: [{ ...put, collection: "turns", key: "s/1/t" }] }, nothing)).toBeUndefined();
    const session = { ...put, collection: "sessions", key: "session/s" } as const;
    expect(unite({ id: "3", writes: [session] }, nothing)).toBeUndefined();
    expect(unite({ id: "4", writes: [session, put] }, nothing)).toBeUndefined();
  });

  const action = fc.record({
    /** A turn id that the other side may use too, or one of its own. */
    turn: fc.oneof(fc.constantFrom("x", "y", "z"), fc.constant(null)),
    /** In the session that both know, or in a new one. */
    known: fc.boolean(),
    /** `never`: the process is killed meanwhile. */
    end: fc.constantFrom("done", "failed", "never"),
    waitMs: fc.nat(1_000),
  });

  /** What the actions of one side promised to somebody: turns by id, with their answers. */
  async function act(
    name: string,
    past: readonly Operation[],
    sessionId: string,
    actions: readonly (typeof example)[],
  ) {
    const side = await createSide(clock, name, past);
    let { talker } = side;
    const promised: { sessionId: string; turnId: string; reply: string | null }[] = [];
    for (const [index, { turn, known, end, waitMs }] of actions.entries()) {
      await clock.advance(waitMs);
      const turnId = turn ?? `${name} ${index}`;
      const request = { owner: ann, turnId, message: `about ${turnId}`, recent: 0 };
      const begun = await talker.conversations
        .begin({ ...request, ...(known && { sessionId }) }, contextOf(clock))
        .catch(() => undefined);
      if (!begun || !("open" in begun)) continue;
      const reply = end === "done" ? `${name} ${index} answers ${turnId}` : null;
      promised.push({ sessionId: begun.open.sessionId, turnId, reply });
      if (end === "never") {
        talker = side.restart();
        continue;
      }
      const outcome = { status: end, reply, memory: { last: turnId, of: name } };
      await talker.conversations.finish(begun.open, outcome, contextOf(clock));
    }
    return { operations: side.operations, promised };
  }
  const example = { turn: null as string | null, known: true, end: "done" as "done" | "failed" | "never", waitMs: 0 };

  const wordsOf = (turn: TurnRecord) =>
    [turn.reply, ...turn.alternatives.map((one) => one.reply)].filter((reply) => reply !== null);

  async function everyTurn(shared: Shared) {
    const turns = (await shared.all("turns")).map(({ key, value }) => {
      const turn = readTurn(value);
      const sessionId = key.slice(0, key.indexOf("/"));
      return { name: `${sessionId} ${turn.turnId}`, sessionId, turn };
    });
    return turns;
  }

  it("loses nothing that was acknowledged, has each turn once, and the same turns in whatever order it is united", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 6 }),
        fc.array(action, { maxLength: 6 }),
        fc.array(fc.boolean(), { maxLength: 8 }),
        async (actionsA, actionsB, choices) => {
          const { sessionId, past } = await commonPast();
          const a = await act("a", past, sessionId, actionsA);
          const b = await act("b", past, sessionId, actionsB);
          const orders = [
            [...a.operations, ...b.operations],
            [...b.operations, ...a.operations],
            interleaved(a.operations, b.operations, choices),
          ];
          const sets: ReadonlyMap<string, ReadonlySet<Json>>[] = [];
          for (const operations of orders) {
            const shared = await createShared(unite, past);
            for (const operation of operations) await shared.replay(operation);
            const turns = await everyTurn(shared);
            expect(new Set(turns.map(({ name }) => name)).size).toBe(turns.length);
            for (const promise of [...a.promised, ...b.promised]) {
              const found = turns.find(({ name }) => name === `${promise.sessionId} ${promise.turnId}`);
              expect(found).toBeDefined();
              if (found && promise.reply !== null) expect(wordsOf(found.turn)).toContain(promise.reply);
              expect(await turnsOf(shared, promise.sessionId)).toContainEqual(
                expect.objectContaining({ turnId: promise.turnId }),
              );
            }
            sets.push(new Map(turns.map(({ name, turn }) => [name, new Set(wordsOf(turn))])));
          }
          expect(sets[1]).toEqual(sets[0]);
          expect(sets[2]).toEqual(sets[0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("uniting what is there already changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 6 }), fc.array(action, { maxLength: 6 }), async (ofA, ofB) => {
        const { sessionId, past } = await commonPast();
        const a = await act("a", past, sessionId, ofA);
        const b = await act("b", past, sessionId, ofB);
        const shared = await createShared(unite, past);
        for (const operation of [...a.operations, ...b.operations]) await shared.replay(operation);
        for (const operation of [...a.operations, ...b.operations]) {
          expect(await shared.unite(operation)).toEqual({ id: operation.id, writes: [] });
        }
      }),
      { numRuns: 40 },
    );
  });
});
